import { shuffleByClass } from 'stillroom/nn';
import { some, SourceProblem } from './collection.ts';
import type { Collection, Item } from './collection.ts';

/** How a test set is held out where the sources hold none. */
export interface Holdout {
  readonly share: number;
  readonly seed: number;
}

/** The two sets as they will be packed. */
export interface Sets {
  readonly train: Collection;
  readonly test: Collection;
}

/** Splits a collection: of each class the share, rounded, but at least one image and never all of them. */
export function holdOut(collection: Collection, { share, seed }: Holdout): Sets {
  const { classes, items } = collection;
  const held = new Set<Item>();
  const groups = shuffleByClass(
    items.map(({ label }) => label),
    classes.length,
    seed,
  );
  const alone = classes.filter((_, label) => groups[label]?.length === 1);
  if (alone.length > 0) {
    const [are, have] = alone.length === 1 ? ['class', 'has'] : [`${alone.length} classes`, 'have'];
    throw new SourceProblem(
      `${are} ${some(alone)} ${have} one image, so none can be held out for the test set`,
      'Add images, leave such classes out, or give a test set of your own (the input `test`).',
    );
  }
  for (const group of groups) {
    const count = Math.min(Math.max(Math.round(share * group.length), 1), group.length - 1);
    for (const index of group.slice(0, count)) held.add(items[index] as Item);
  }
  return {
    train: { ...collection, items: items.filter((item) => !held.has(item)) },
    test: { classes, items: items.filter((item) => held.has(item)), ignored: [], missing: [], notes: [] },
  };
}

/**
 * Some of a collection's items, in their order: of each class its share of `count`, rounded down or up, in total exactly `count`. The seed
 * chooses which. A count of 0 keeps all.
 * @throws SourceProblem if there are fewer, or a class would lose all its images
 */
export function keepSome(collection: Collection, count: number, seed: number): Collection {
  const { classes, items } = collection;
  if (count === 0) return collection;
  if (count > items.length) {
    throw new SourceProblem(
      `there are ${items.length} training images, fewer than \`train_images: ${count}\``,
      'Give fewer, or 0 for all.',
    );
  }
  const labels = items.map(({ label }) => label);
  const inOrder = shuffleByClass(labels, classes.length, seed).flat();
  const kept = new Set(Array.from({ length: count }, (_, place) => inOrder[Math.floor(((place + 0.5) * items.length) / count)] as number));
  const lost = classes.filter((_, label) => labels.includes(label) && !labels.some((own, index) => own === label && kept.has(index)));
  if (lost.length > 0)
    throw new SourceProblem(`\`train_images: ${count}\` leaves no image of class ${lost.join(', ')}`, 'Give more, or 0 for all.');
  return { ...collection, items: items.filter((_, index) => kept.has(index)) };
}

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { shuffleByClass } from 'stillroom/nn';
import { SourceProblem } from './collection.ts';
import type { Collection, Item } from './collection.ts';
import { readCsv } from './csv.ts';
import { readFolders } from './folders.ts';
import { choosePair, findPairs, readIdxPair } from './idx.ts';

/** Where the images are: the paths of the stage's inputs. */
export interface SourcePaths {
  readonly images: string;
  readonly labels: string | undefined;
  readonly test: string | undefined;
  readonly test_labels: string | undefined;
}

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

/** Reads one source as what it is: idx files, a CSV beside or in the folder, or class folders. Undefined: idx files, but not of this set. */
async function readSource(
  folder: string,
  labels: string | undefined,
  set: 'train' | 'test',
  classes: readonly string[],
): Promise<Collection | undefined> {
  if (labels !== undefined) return readCsv(folder, labels, classes);
  const names = (await readdir(folder)).sort();
  const pairs = findPairs(names);
  if (pairs.length > 0) {
    const pair = choosePair(pairs, set);
    return pair === undefined ? undefined : readIdxPair(folder, names, pair, set, classes);
  }
  const tables = names.filter((name) => name.endsWith('.csv'));
  const [table] = tables;
  if (tables.length > 1) {
    throw new SourceProblem(
      `the source holds ${tables.length} CSV files: ${tables.join(', ')}`,
      'Leave one, or give it as the input `labels`.',
    );
  }
  return table === undefined ? readFolders(folder, classes) : readCsv(folder, join(folder, table), classes);
}

/** True if a source holds a training and a test set as idx files. */
async function holdsBothSets(folder: string): Promise<boolean> {
  const pairs = findPairs(await readdir(folder));
  const [train, test] = [choosePair(pairs, 'train'), choosePair(pairs, 'test')];
  return train !== undefined && test !== undefined && train !== test;
}

/** Splits a collection: of each class the share, rounded, but at least one image and never all of them. */
function holdOut({ classes, items, ignored }: Collection, { share, seed }: Holdout): Sets {
  const held = new Set<Item>();
  const groups = shuffleByClass(
    items.map(({ label }) => label),
    classes.length,
    seed,
  );
  groups.forEach((group, label) => {
    if (group.length === 1) throw new SourceProblem(`class ${classes[label]} has one image, so none can be held out for the test set`);
    const count = Math.min(Math.max(Math.round(share * group.length), 1), group.length - 1);
    for (const index of group.slice(0, count)) held.add(items[index] as Item);
  });
  return {
    train: { classes, items: items.filter((item) => !held.has(item)), ignored },
    test: { classes, items: items.filter((item) => held.has(item)), ignored: [] },
  };
}

/**
 * Some of a collection's items, in their order: of each class its share of `count`, rounded down or up, in total exactly `count`. The seed
 * chooses which. A count of 0 keeps all.
 * @throws SourceProblem if there are fewer, or a class would lose all its images
 */
export function keepSome({ classes, items, ignored }: Collection, count: number, seed: number): Collection {
  if (count === 0) return { classes, items, ignored };
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
  return { classes, items: items.filter((_, index) => kept.has(index)), ignored };
}

/**
 * The training and the test set of the sources: from separate sources, from an idx folder that holds both, or by holding out a share.
 * @throws SourceProblem naming what is wrong with a source.
 */
export async function readSets(paths: SourcePaths, given: readonly string[], holdout: Holdout): Promise<Sets> {
  const train = await readSource(paths.images, paths.labels, 'train', given);
  if (train === undefined)
    throw new SourceProblem('the source holds several pairs of idx files, but none named train-images… and train-labels…');
  const empty = train.classes.filter((_, label) => !train.items.some((item) => item.label === label));
  if (empty.length > 0) throw new SourceProblem(`no image of class ${empty.join(', ')} in the training source`);
  const apart = paths.test ?? (paths.labels === undefined && (await holdsBothSets(paths.images)) ? paths.images : undefined);
  if (apart === undefined) return holdOut(train, holdout);
  const test = await readSource(apart, paths.test_labels, 'test', train.classes);
  if (test === undefined)
    throw new SourceProblem('the test source holds several pairs of idx files, but none named t10k-images… or test-images…');
  return { train, test };
}

/** A problem with the param `group` or the names that it is applied to, which the user has to put right. */
export class GroupProblem extends Error {
  override readonly name = 'GroupProblem';
}

const namesShown = 5;

/**
 * The group of each image, as a number: images in whose names the expression's first group finds the same text belong together.
 * @throws GroupProblem if the expression is none, has no group, or finds none in a name
 */
export function groupsOf(names: readonly string[], expression: string): number[] {
  const pattern = compile(expression);
  const known = new Map<string, number>();
  const unmatched: string[] = [];
  const groups = names.map((name) => {
    const text = pattern.exec(name)?.[1];
    if (text === undefined) unmatched.push(name);
    const group = known.get(text ?? '') ?? known.size;
    known.set(text ?? '', group);
    return group;
  });
  if (unmatched.length > 0) {
    const shown = unmatched.slice(0, namesShown).join(', ');
    const more = unmatched.length > namesShown ? `, … (${unmatched.length - namesShown} more)` : '';
    throw new GroupProblem(`the expression ${expression} finds no group in ${unmatched.length} of ${names.length} names: ${shown}${more}`);
  }
  return groups;
}

function compile(expression: string): RegExp {
  try {
    const pattern = new RegExp(expression, 'u');
    const parts = new RegExp(`${expression}|`, 'u').exec('')?.length ?? 1;
    if (parts > 1) return pattern;
  } catch (problem) {
    throw new GroupProblem(`\`group\` is no regular expression: ${(problem as Error).message}`);
  }
  throw new GroupProblem(`the expression ${expression} has no group: put what names the group in (…)`);
}

/** How many images of each class each group holds. */
export function classCounts(labels: ArrayLike<number>, groups: readonly number[], classes: number): number[][] {
  const counts: number[][] = [];
  groups.forEach((group, image) => {
    counts[group] ??= new Array<number>(classes).fill(0);
    const row = counts[group];
    const label = labels[image] as number;
    row[label] = (row[label] as number) + 1;
  });
  return counts;
}

/**
 * The fold of each group, so that the folds' shares of each class differ as little as a greedy choice can make them, as scikit-learn's
 * StratifiedGroupKFold does: groups whose classes are most uneven come first, equal ones in the order given; each goes to the fold where
 * the deviation of the folds' shares, averaged over the classes, becomes least, and among equals to the fold with the fewest images.
 * With at least as many groups as folds no fold stays empty.
 * @param counts images of each class, a row a group
 */
export function spreadGroups(counts: readonly (readonly number[])[], folds: number): number[] {
  const totals = counts.reduce<number[]>((sums, row) => row.map((count, label) => count + (sums[label] ?? 0)), []);
  const present = [...totals.keys()].filter((label) => (totals[label] as number) > 0);
  const groups = counts.map((row, group) => {
    const own = present.map((label) => row[label] as number);
    const shares = present.map((label) => (row[label] as number) / (totals[label] as number));
    return { group, unevenness: deviation(own), images: own.reduce((sum, count) => sum + count, 0), shares };
  });
  const filled = Array.from({ length: folds }, (): Filled => ({ images: 0, shares: present.map(() => 0) }));
  const assignment = new Array<number>(counts.length).fill(0);
  for (const { group, images, shares } of groups.sort((a, b) => b.unevenness - a.unevenness)) {
    const chosen = leastUneven(filled, shares);
    const fold = filled[chosen] as Filled;
    filled[chosen] = { images: fold.images + images, shares: fold.shares.map((share, label) => share + (shares[label] as number)) };
    assignment[group] = chosen;
  }
  return assignment;
}

/** What a fold holds so far: images, and of each class the share of all its images. */
interface Filled {
  readonly images: number;
  readonly shares: readonly number[];
}

/** Deviations that differ by less are taken as equal, so that rounding decides nothing. */
const tolerance = 1e-8;

/** The fold that a group with these shares of the classes makes the shares least uneven in. */
function leastUneven(folds: readonly Filled[], own: readonly number[]): number {
  let [chosen, least, fewest] = [0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  folds.forEach(({ images }, fold) => {
    const deviations = own.map((share, label) =>
      deviation(folds.map(({ shares }, other) => (shares[label] as number) + (other === fold ? share : 0))),
    );
    const uneven = deviations.reduce((sum, one) => sum + one, 0) / own.length;
    if (uneven < least - tolerance || (uneven <= least + tolerance && images < fewest)) {
      [chosen, least, fewest] = [fold, uneven, images];
    }
  });
  return chosen;
}

/** The standard deviation, of all there is. */
function deviation(numbers: readonly number[]): number {
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  return Math.sqrt(numbers.reduce((sum, number) => sum + (number - mean) ** 2, 0) / numbers.length);
}

import { writeFile } from 'node:fs/promises';
import { work } from 'stillroom';
import type { WorkContext } from 'stillroom';
import { openDataset, randomFor, shuffleByClass } from 'stillroom/nn';
import { classCounts, GroupProblem, groupsOf, spreadGroups } from './groups.ts';
import type stage from './stage.ts';

/**
 * The fold of each image. Classes are shuffled one by one and laid end to end; the images then go to the folds in turn. So of each class,
 * and of all images, two folds hold at most one image more or less than one another (as scikit-learn's StratifiedKFold has it).
 */
export function assign(labels: ArrayLike<number>, classes: number, folds: number, seed: number): number[] {
  const assignment = new Array<number>(labels.length).fill(0);
  shuffleByClass(labels, classes, seed)
    .flat()
    .forEach((image, position) => {
      assignment[image] = position % folds;
    });
  return assignment;
}

/** The fold of each image where those of one group (`groups`, a number an image) stay together; the seed shuffles groups that are alike. */
export function assignGroups(labels: ArrayLike<number>, groups: readonly number[], classes: number, folds: number, seed: number): number[] {
  const counts = classCounts(labels, groups, classes);
  const order = randomFor(seed).shuffle([...counts.keys()]);
  const spread = spreadGroups(
    order.map((group) => counts[group] as number[]),
    folds,
  );
  const foldOf = new Map(order.map((group, place) => [group, spread[place] as number]));
  return groups.map((group) => foldOf.get(group) as number);
}

/** The groups that the param finds in the names; undefined without one. */
function findGroups(names: readonly string[], { params, log, fail }: WorkContext<typeof stage>): readonly number[] | undefined {
  const { group, folds } = params;
  if (group === '') return undefined;
  try {
    const groups = groupsOf(names, group);
    const found = new Set(groups).size;
    log(`${found} groups, found in the names by ${group}`);
    if (found < folds) fail(`${found} groups cannot be split into ${folds} folds`, 'Give fewer folds or another `group`.');
    return groups;
  } catch (problem) {
    if (!(problem instanceof GroupProblem)) throw problem;
    return fail(problem.message, 'Give an expression that matches every name, such as ^([^_]+)_ for person_number.jpg.');
  }
}

/** Classes that a warning names; of more it says how many. */
const listed = 12;

/** Warns of classes with fewer images, or groups, than there are folds: some folds then hold none of them. */
function warnOfFew(
  names: readonly string[],
  labels: ArrayLike<number>,
  groups: readonly number[] | undefined,
  { params: { folds }, warn }: WorkContext<typeof stage>,
): void {
  const images = Array.from({ length: names.length }, (): number[] => []);
  for (let image = 0; image < labels.length; image += 1) images[labels[image] as number]?.push(image);
  const few = names.flatMap((name, label) => {
    const own = images[label] as number[];
    const parts = groups === undefined ? own.length : new Set(own.map((image) => groups[image])).size;
    return parts < folds ? [`${name} (${parts})`] : [];
  });
  if (few.length === 0) return;
  const shown = few.length > listed ? `${few.slice(0, listed).join(', ')} and ${few.length - listed} more` : few.join(', ');
  const what = groups === undefined ? 'images' : 'groups';
  warn(
    `fewer ${what} than the ${folds} folds: ${shown}; some folds hold none of such a class and say nothing of it: take fewer folds, or add images`,
  );
}

export default work<typeof stage>(async (context) => {
  const { params, inputs, outputs, metric, fail } = context;
  const { folds, seed } = params;
  const data = openDataset(inputs.data);
  const { info, labels } = data;
  const names = data.names();
  data.close();
  if (info.count < folds) fail(`${info.count} images cannot be split into ${folds} folds`, 'Give fewer folds or more images.');
  const groups = findGroups(names, context);
  warnOfFew(info.classes, labels, groups, context);
  const classes = info.classes.length;
  const assignment = groups === undefined ? assign(labels, classes, folds, seed) : assignGroups(labels, groups, classes, folds, seed);
  const sizes = new Array<number>(folds).fill(0);
  for (const fold of assignment) sizes[fold] = (sizes[fold] ?? 0) + 1;
  await writeFile(outputs.folds, `${JSON.stringify({ format: 1, folds, seed, assignment })}\n`);
  metric('smallest', Math.min(...sizes));
  metric('largest', Math.max(...sizes));
});

import { writeFile } from 'node:fs/promises';
import { work } from 'stillroom';
import { openDataset, shuffleByClass } from 'stillroom/nn';
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

export default work<typeof stage>(async ({ params, inputs, outputs, metric, log, fail }) => {
  const { folds, seed } = params;
  const data = openDataset(inputs.data);
  const { count, classes } = data.info;
  const { labels } = data;
  data.close();
  if (count < folds) fail(`${count} images cannot be split into ${folds} folds`, 'Give fewer folds or more images.');
  classes.forEach((name, label) => {
    const size = labels.filter((own) => own === label).length;
    if (size < folds) log(`class ${name} has ${size} images: ${folds - size} of the ${folds} folds hold none of it`);
  });
  const assignment = assign(labels, classes.length, folds, seed);
  const sizes = new Array<number>(folds).fill(0);
  for (const fold of assignment) sizes[fold] = (sizes[fold] ?? 0) + 1;
  await writeFile(outputs.folds, `${JSON.stringify({ format: 1, folds, seed, assignment })}\n`);
  metric('smallest', Math.min(...sizes));
  metric('largest', Math.max(...sizes));
});

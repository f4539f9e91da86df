import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { work } from 'stillroom';
import type { WorkContext } from 'stillroom';
import { decodeOneImageAThread } from 'stillroom/nn';
import type { Preparation } from 'stillroom/nn';
import { SourceProblem } from './collection.ts';
import type { Collection } from './collection.ts';
import { pack } from './pack.ts';
import type { Packed, Watch } from './pack.ts';
import { keepSome, readSets } from './sources.ts';
import type { Sets } from './sources.ts';
import type stage from './stage.ts';

type Context = WorkContext<typeof stage>;

const namesShown = 20;

/** Reads what the sources hold; a problem with them is the user's, told with its remedy. */
async function openSources({ params, inputs, fail }: Context): Promise<Sets> {
  try {
    const { train, test } = await readSets(inputs, params.classes, { share: params.test_share, seed: params.seed });
    return { train: keepSome(train, params.train_images, params.seed), test };
  } catch (problem) {
    if (problem instanceof SourceProblem) fail(problem.message, problem.hint);
    throw problem;
  }
}

/** Names each file left out in the log; ends the work where the params say so. */
function reportUnreadable(sets: Readonly<Record<string, Packed>>, { params, log, fail }: Context): void {
  const lines = Object.entries(sets).flatMap(([set, { unreadable }]) =>
    unreadable.map(({ name, reason }) => `${name} (${set}): ${reason}`),
  );
  if (lines.length === 0) return;
  for (const line of lines) log(`cannot be read: ${line}`);
  if (params.unreadable === 'report') return;
  const more = lines.length > namesShown ? [`… and ${lines.length - namesShown} more, in the log`] : [];
  fail(
    `${lines.length} of the images cannot be read:\n${[...lines.slice(0, namesShown), ...more].map((line) => `  ${line}`).join('\n')}`,
    'Remove or repair them, or set `unreadable: report` to go on without them.',
  );
}

/** Fails for names that `names.txt` could not hold one a line. */
function checkNames(sets: Sets, fail: Context['fail']): void {
  for (const { items } of [sets.train, sets.test]) {
    const bad = items.find(({ name }) => /[\r\n]/.test(name));
    if (bad !== undefined) fail(`the name ${JSON.stringify(bad.name)} holds a line break`, 'Rename the file.');
  }
}

function countClasses(labels: readonly number[], classes: readonly string[]): number[] {
  const counts = new Array<number>(classes.length).fill(0);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

/** Writes `dataset.json`; both sets carry the training set's mean and deviation, which is what models are normalised with. */
async function describe(
  folder: string,
  count: number,
  classes: readonly string[],
  preparation: Preparation,
  { mean, std }: Packed,
): Promise<void> {
  const { size, channels, fit, background } = preparation;
  const description = { format: 1, count, height: size, width: size, channels, classes, mean, std, fit, background };
  await writeFile(join(folder, 'dataset.json'), `${JSON.stringify(description, null, 1)}\n`);
}

export default work<typeof stage>(async (context) => {
  const { params, outputs, metric, progress, log, fail, signal, cpu } = context;
  const { size, channels, fit, background } = params;
  if (channels === 2) fail('channels: 2 is neither grey (1) nor sRGB (3)');
  decodeOneImageAThread();
  const preparation: Preparation = { size, channels, fit, background };
  const sets = await openSources(context);
  checkNames(sets, fail);
  const { classes } = sets.train;
  const total = sets.train.items.length + sets.test.items.length;
  const watch = (before: number): Watch => ({ lanes: 2 * cpu, signal, progress: (done) => progress(before + done, total, 'images') });
  const packSet = (collection: Collection, folder: string, encoded: boolean, before: number): Promise<Packed> =>
    pack(collection, folder, preparation, encoded, watch(before));
  const train = await packSet(sets.train, outputs.train, false, 0);
  const test = await packSet(sets.test, outputs.test, true, sets.train.items.length);
  reportUnreadable({ train, test }, context);
  const counts = { train: countClasses(train.labels, classes), test: countClasses(test.labels, classes) };
  const lost = classes.filter((_, label) => counts.train[label] === 0);
  if (lost.length > 0) fail(`no image of class ${lost.join(', ')} could be read`);
  if (test.labels.length === 0) fail('no image of the test set could be read');
  await describe(outputs.train, train.labels.length, classes, preparation, train);
  await describe(outputs.test, test.labels.length, classes, preparation, train);

  const ignored = [...sets.train.ignored, ...sets.test.ignored];
  if (ignored.length > 0) log(`${ignored.length} files are no images of a class by their name or place; the report names them`);
  classes.forEach((name, label) => log(`${name}: ${counts.train[label]} for training, ${counts.test[label]} for the test`));
  const unreadable = Object.entries({ train, test }).flatMap(([set, packed]) => packed.unreadable.map((file) => ({ set, ...file })));
  await writeFile(outputs.report, `${JSON.stringify({ format: 1, classes, ...counts, unreadable, ignored }, null, 1)}\n`);
  metric('train_images', train.labels.length);
  metric('test_images', test.labels.length);
  metric('classes', classes.length);
  metric('imbalance', Math.max(...counts.train) / Math.min(...counts.train));
  metric('unreadable', unreadable.length);
});

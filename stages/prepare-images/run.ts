import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { work } from 'stillroom';
import type { WorkContext } from 'stillroom';
import { decodeOneImageAThread, TextProblem } from 'stillroom/nn';
import type { Preparation } from 'stillroom/nn';
import { some, SourceProblem } from './collection.ts';
import type { Collection, Unreadable } from './collection.ts';
import { holdOut, keepSome } from './holdout.ts';
import type { Sets } from './holdout.ts';
import { pack } from './pack.ts';
import type { Packed, Watch } from './pack.ts';
import { checkClasses, readGiven } from './sources.ts';
import type { Given } from './sources.ts';
import type stage from './stage.ts';

type Context = WorkContext<typeof stage>;

/** A file that was left out, and the set that it was to be in: `images` where its set had still to be drawn. */
interface LeftOut extends Unreadable {
  readonly set: string;
}

const namesShown = 20;

/** Does what finds problems of the sources: those are the user's, told with their remedy. */
async function telling<Result>(fail: Context['fail'], work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (problem) {
    if (problem instanceof SourceProblem || problem instanceof TextProblem) fail(problem.message, problem.hint);
    throw problem;
  }
}

/** Reads what the sources hold, and says how they were understood. */
async function openSources({ params, inputs, log, fail }: Context): Promise<Given> {
  const { layout, table, name_column, label_column, classes: given } = params;
  const found = await telling(fail, () => readGiven(inputs, { layout, table, name_column, label_column, given }));
  for (const note of [...found.train.notes, ...(found.test?.notes ?? [])]) log(note);
  return found;
}

/** The two sets, of images that are not known to be unreadable. */
function drawSets({ train, test }: Given, leftOut: readonly LeftOut[], { params, fail }: Context): Promise<Sets> {
  const bad = new Set(leftOut.map(({ name }) => name));
  const readable = (collection: Collection): Collection => ({
    ...collection,
    items: collection.items.filter(({ name }) => !bad.has(name)),
  });
  return telling(fail, () => {
    checkClasses(readable(train));
    const sets =
      test === undefined ? holdOut(readable(train), { share: params.test_share, seed: params.seed }) : { train: readable(train), test };
    return { ...sets, train: keepSome(sets.train, params.train_images, params.seed) };
  });
}

/** Names each file left out in the log; ends the work where the params say so. */
function tellLeftOut(leftOut: readonly LeftOut[], { params, log, fail }: Context): void {
  if (leftOut.length === 0) return;
  const lines = leftOut.map(({ name, set, reason }) => `${name}${set === 'images' ? '' : ` (${set})`}: ${reason}`);
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

/** The sets as they were packed, and what was left out of them. */
interface Prepared {
  readonly sets: Sets;
  readonly train: Packed;
  readonly test: Packed;
  readonly leftOut: readonly LeftOut[];
}

/**
 * Packs the sets. Where some of what was drawn for them turns out to be unreadable and may be left out, they are drawn anew without it, so
 * that shares and numbers are those of the readable images.
 */
async function packSets(given: Given, preparation: Preparation, context: Context): Promise<Prepared> {
  const { params, outputs, progress, fail, signal, cpu } = context;
  const isDrawn = given.test === undefined || params.train_images > 0;
  const own = (set: string): string => (given.test === undefined ? 'images' : set);
  let leftOut = Object.entries(given).flatMap(([set, collection]: [string, Collection | undefined]) =>
    (collection?.missing ?? []).map((one) => ({ set: own(set), ...one })),
  );
  if (params.unreadable === 'fail') tellLeftOut(leftOut, context);
  for (;;) {
    const sets = await drawSets(given, leftOut, context);
    checkNames(sets, fail);
    const total = sets.train.items.length + sets.test.items.length;
    const watch = (before: number): Watch => ({ lanes: 2 * cpu, signal, progress: (done) => progress(before + done, total, 'images') });
    const train = await pack(sets.train, outputs.train, preparation, false, watch(0));
    const test = await pack(sets.test, outputs.test, preparation, true, watch(sets.train.items.length));
    const found = Object.entries({ train, test }).flatMap(([set, { unreadable }]) => unreadable.map((one) => ({ set: own(set), ...one })));
    leftOut = [...leftOut, ...found];
    if (found.length > 0 && isDrawn && params.unreadable === 'report') continue;
    tellLeftOut(leftOut, context);
    return { sets, train, test, leftOut };
  }
}

/** Says where 16-bit images hold so little of their range that hardly anything is left of them in 8 bits. */
function tellOfDeep({ train, test }: Prepared, warn: Context['warn']): void {
  const count = train.deep.count + test.deep.count;
  const brightest = Math.max(train.deep.brightest, test.deep.brightest);
  if (count === 0 || brightest > 31) return;
  warn(
    `${count} images have 16 bits a channel, but their brightest value is about ${256 * brightest} of 65535: they come out nearly black; scale them to 16 bits first`,
  );
}

export default work<typeof stage>(async (context) => {
  const { params, outputs, metric, log, warn, fail } = context;
  const { size, channels, fit, background } = params;
  if (channels === 2) fail('channels: 2 is neither grey (1) nor sRGB (3)');
  decodeOneImageAThread();
  const preparation: Preparation = { size, channels, fit, background };
  const prepared = await packSets(await openSources(context), preparation, context);
  const { sets, train, test, leftOut } = prepared;
  const { classes } = sets.train;
  const counts = { train: countClasses(train.labels, classes), test: countClasses(test.labels, classes) };
  const lost = classes.filter((_, label) => counts.train[label] === 0);
  if (lost.length > 0) fail(`no image of class ${some(lost)} could be read`);
  if (test.labels.length === 0) fail('no image of the test set could be read');
  await describe(outputs.train, train.labels.length, classes, preparation, train);
  await describe(outputs.test, test.labels.length, classes, preparation, train);

  tellOfDeep(prepared, warn);
  const ignored = [...sets.train.ignored, ...sets.test.ignored];
  if (ignored.length > 0) log(`${ignored.length} files are no images of a class by their name or place; the report names them`);
  classes.forEach((name, label) => log(`${name}: ${counts.train[label]} for training, ${counts.test[label]} for the test`));
  await writeFile(outputs.report, `${JSON.stringify({ format: 1, classes, ...counts, unreadable: leftOut, ignored }, null, 1)}\n`);
  metric('train_images', train.labels.length);
  metric('test_images', test.labels.length);
  metric('classes', classes.length);
  metric('imbalance', Math.max(...counts.train) / Math.min(...counts.train));
  metric('unreadable', leftOut.length);
});

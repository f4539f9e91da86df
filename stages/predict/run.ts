import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { work } from 'stillroom';
import type { WorkContext } from 'stillroom';
import { mean, predict, PredictionProblem } from 'stillroom/nn';
import type { Prediction } from 'stillroom/nn';
import type stage from './stage.ts';

type Context = WorkContext<typeof stage>;

const namesShown = 20;

/** Labels the pictures; what the user has to put right is told with its remedy. */
async function predicted({ params, modules, inputs, cpu, signal, progress, fail }: Context): Promise<Prediction> {
  const { images, model, onnx, order } = inputs;
  const path = model ?? onnx;
  if (path === undefined || (model !== undefined && onnx !== undefined))
    fail('one of the inputs `model` and `onnx` is needed', 'model: export.model');
  const temporary = await mkdtemp(join(tmpdir(), 'predict-'));
  try {
    return await predict(modules.runtime, {
      ...{ model: path as string, paths: [images], temporary, threads: cpu, batch: params.batch, signal },
      runtime: params.runtime.name,
      submission: { header: params.submission, order },
      progress: (done, total) => progress(done, total, 'pictures'),
    });
  } catch (problem) {
    if (problem instanceof PredictionProblem) fail(problem.message, problem.hint);
    throw problem;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Some of many lines, below a message. */
function listed(lines: readonly string[]): string {
  const more = lines.length > namesShown ? [`… and ${lines.length - namesShown} more, in the log`] : [];
  return [...lines.slice(0, namesShown), ...more].map((line) => `\n  ${line}`).join('');
}

export default work<typeof stage>(async (context) => {
  const { params, outputs, metric, log, fail } = context;
  const { pictures, passedOver, csv, submission } = await predicted(context);
  const unreadable = pictures.flatMap(({ name, reason }) => (reason === undefined ? [] : [`${name}: ${reason}`]));
  for (const line of unreadable) log(`cannot be read: ${line}`);
  if (unreadable.length > 0 && params.unreadable === 'fail')
    fail(
      `${unreadable.length} of the pictures cannot be read:${listed(unreadable)}`,
      'Remove or repair them, or set `unreadable: report` to go on without them.',
    );
  const { text = '', missing = [], extra = [] } = submission ?? {};
  for (const id of missing) log(`is not there: ${id}`);
  if (missing.length > 0) fail(`${missing.length} of the pictures that \`order\` names are not there:${listed(missing)}`);
  for (const id of extra) log(`is not named by \`order\` and left out: ${id}`);
  if (passedOver.length > 0) log(`${passedOver.length} files are no pictures by their name`);
  await writeFile(outputs.submission, text);
  await writeFile(outputs.predictions, csv);
  const sure = pictures.flatMap(({ probabilities, label }) => probabilities?.[label] ?? []);
  if (sure.length === 0) fail('none of the pictures can be read');
  metric('pictures', sure.length);
  metric('unreadable', unreadable.length);
  metric('probability', mean(sure));
});

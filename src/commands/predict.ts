import { isAbsolute, relative, resolve } from 'node:path';
import type { Problem } from '../model/problem.ts';
import { writeOutput } from '../project/output-file.ts';
import type { Prediction } from '../project/project.ts';
import { counted } from '../text/amounts.ts';
import { textTable } from '../text/table.ts';
import { cutToWidth, widthOf } from '../text/width.ts';
import { type Answer, answer, EXIT, exitCodeOf, problemJson, rawAnswer, refusal } from './answer.ts';
import { showCount } from './counting.ts';
import { flag, type Invocation, number, text, verb } from './verb.ts';
import { listenForStop, stoppedBy } from './watching.ts';

/** Columns that the name of a picture takes at most in the table. */
const NAME = 36;

type Labelled = Prediction['pictures'][number];

/** `stillroom predict`: labels pictures by an exported model. */
export default verb({
  name: 'predict',
  arguments: ['<model>', '<pictures...>'],
  about: 'label pictures by the exported model of a run (or a folder, or an .onnx file)',
  example: 'stillroom predict @latest photos/ --top 3',
  examples: ['stillroom predict @latest photos/ --submission image_id=stem,label --to submission.csv'],
  detail: 'Pictures are prepared as in training. What cannot be read is named, and the exit code is 1.',
  options: {
    top: number('--top <count>', 'the most probable labels that are told of each picture (default: 1)', {
      whole: true,
      hint: 'for example --top 3',
    }),
    csv: flag('--csv', 'a table for programs: label and the probability of each class'),
    submission: text(
      '--submission <columns>',
      "a contest's file: head or head=content each, such as image_id=stem,label (contents: path, name, stem, label, index, probability, a class; * for all classes)",
    ),
    order: text('--order <file>', "a CSV whose first column says which pictures the submission is of, in its order: the contest's sample"),
    to: text('--to <file>', 'where the table or submission is written (default: standard output)'),
    runtime: text('--runtime <name>', 'what runs the model (default: onnxruntime)'),
    batch: number('--batch <count>', 'pictures at once (default: 32)', { whole: true, hint: 'for example --batch 64' }),
    node: text('--node <node>', 'whose model is meant, where a run has several'),
  },
  async run({ model, pictures, top = 1, csv, submission, order, to, ...options }, invocation) {
    const misused = conflict({ csv, submission, order, to, json: invocation.json });
    if (misused !== undefined) return refusal([{ kind: 'usage', code: 'bad-option', ...misused }]);
    const project = await invocation.open();
    const stop = listenForStop(() => undefined);
    const counting = showCount(invocation, 'pictures labelled');
    try {
      const form =
        submission === undefined
          ? undefined
          : { header: submission, order: order === undefined ? order : resolve(invocation.folder, order) };
      const { batch = 32, ...others } = options;
      const asked = { ...others, batch, submission: form, signal: stop.asked, progress: counting.show };
      const found = await project.predict(model, pictures, asked);
      counting.clear();
      if (!found.ok) return refusal(found.problems);
      const told = csv ? found.value.csv : found.value.submission?.text;
      return told === undefined ? listed(found.value, top, invocation) : written(told, to, found.value, invocation);
    } catch (error) {
      if (stop.signal === undefined) throw error;
      return rawAnswer(undefined, '', stoppedBy(stop.signal));
    } finally {
      counting.clear();
      stop.dispose();
    }
  },
});

interface Asked {
  readonly csv: boolean;
  readonly submission: string | undefined;
  readonly order: string | undefined;
  readonly to: string | undefined;
  readonly json: boolean;
}

/** What cannot be asked for together. */
function conflict({ csv, submission, order, to, json }: Asked): Pick<Problem, 'message' | 'hint'> | undefined {
  if (csv && submission !== undefined) return { message: '--csv and --submission are two tables', hint: 'give one of them' };
  if (order !== undefined && submission === undefined)
    return { message: '--order is for a submission', hint: 'give its columns: --submission image_id,label' };
  if (to !== undefined && !csv && submission === undefined)
    return { message: '--to is for a table', hint: 'add --csv or --submission COLUMNS' };
  if (json && (csv || submission !== undefined) && to === undefined)
    return { message: '--json and a table would both be printed', hint: 'write the table to a file: --to FILE' };
  return undefined;
}

/** A picture as its reader finds it. */
function shownPath(path: string, folder: string): string {
  const shown = relative(folder, path);
  return shown.startsWith('..') || isAbsolute(shown) ? path : shown;
}

/** What is wrong with pictures, and with what a submission was to hold. */
function problemsOf({ pictures, submission }: Prediction, folder: string): Problem[] {
  const unreadable = pictures.flatMap(({ path, reason }): Problem[] =>
    reason === undefined
      ? []
      : [{ kind: 'stage', code: 'unreadable-picture', message: `${shownPath(path, folder)} cannot be labelled: ${reason}` }],
  );
  const missing = submission?.missing ?? [];
  if (missing.length === 0) return unreadable;
  const names = `${missing.slice(0, 8).join(', ')}${missing.length > 8 ? ', …' : ''}`;
  const message = `${counted(missing.length, 'picture')} of the order ${missing.length === 1 ? 'is' : 'are'} not there: ${names}`;
  return [...unreadable, { kind: 'stage', code: 'unreadable-picture', message, hint: 'the submission has no row for them' }];
}

function notesOf({ passedOver, submission }: Prediction, folder: string): string[] {
  const some = (names: readonly string[]): string => `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`;
  const extra = submission?.extra ?? [];
  return [
    ...(passedOver.length === 0
      ? []
      : [`no pictures by their name: ${counted(passedOver.length, 'file')} (${some(passedOver.map((path) => shownPath(path, folder)))})`]),
    ...(extra.length === 0 ? [] : [`not in the order and left out: ${counted(extra.length, 'picture')} (${some(extra)})`]),
  ];
}

/** The classes of a picture, the most probable first. */
function ranked({ probabilities, label }: Labelled, classes: readonly string[], top: number) {
  const all = classes.map((name, index) => ({ label: name, index, probability: probabilities?.[index] ?? 0 }));
  // The label is of the largest logit, which rounding may make as probable as another.
  return all.sort((a, b) => b.probability - a.probability || Number(b.index === label) - Number(a.index === label)).slice(0, top);
}

/** The answer as data. */
function dataOf(prediction: Prediction, top: number, folder: string): object {
  const { architecture, classes, version, precision, pictures, passedOver, submission } = prediction;
  const problems = problemsOf(prediction, folder);
  return {
    ...{ architecture, classes, runtime: { version, precision } },
    pictures: pictures.flatMap((picture) => {
      if (picture.probabilities === undefined) return [];
      const [first] = ranked(picture, classes, 1);
      return [
        {
          picture: shownPath(picture.path, folder),
          ...first,
          top: ranked(picture, classes, top),
          probabilities: [...picture.probabilities],
        },
      ];
    }),
    unreadable: pictures.flatMap(({ path, reason }) => (reason === undefined ? [] : [{ picture: shownPath(path, folder), reason }])),
    passed_over: passedOver.map((path) => shownPath(path, folder)),
    ...(submission === undefined ? {} : { missing: submission.missing, extra: submission.extra }),
    ...(problems.length > 0 ? { error: problemJson(problems) } : {}),
  };
}

/** The end of a name that is too long. */
function shortName(name: string): string {
  if (widthOf(name) <= NAME) return name;
  const reversed = cutToWidth([...name].reverse().join(''), NAME - 1);
  return `…${[...reversed].reverse().join('')}`;
}

/** A line for each picture. */
function listed(prediction: Prediction, top: number, { folder, stdout }: Invocation): Answer {
  const { pictures, classes } = prediction;
  const cells = pictures.flatMap((picture) => {
    if (picture.probabilities === undefined) return [];
    const best = ranked(picture, classes, top).flatMap(({ label, probability }) => [label, probability.toFixed(3)]);
    return [[stdout.isTTY === true ? shortName(shownPath(picture.path, folder)) : shownPath(picture.path, folder), ...best]];
  });
  const width = stdout.isTTY === true ? { width: stdout.columns ?? 80 } : {};
  const problems = problemsOf(prediction, folder);
  const lines = textTable(cells, width);
  return answer(dataOf(prediction, top, folder), lines, { problems, notes: notesOf(prediction, folder), exit: exitCodeOf(problems) });
}

/** A table, printed or in a file. */
function written(table: string, to: string | undefined, prediction: Prediction, { folder }: Invocation): Answer {
  const problems = problemsOf(prediction, folder);
  const notes = notesOf(prediction, folder);
  const exit = problems.length > 0 ? exitCodeOf(problems) : EXIT.done;
  const more = { problems, notes, exit };
  if (to === undefined) return { data: undefined, text: table, ...more };
  const unwritten = writeOutput(resolve(folder, to), table);
  if (unwritten !== undefined) return refusal([unwritten]);
  const rows = table.trimEnd().split('\n').length - 1;
  return answer({ ...dataOf(prediction, 1, folder), to }, [`${counted(rows, 'row')} written to ${to}`], more);
}

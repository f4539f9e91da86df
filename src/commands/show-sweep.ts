import { done, failed, type Outcome } from '../model/problem.ts';
import type { Project, ShownSweep } from '../project/project.ts';
import { sweepJson } from '../reporters/sweep/table.ts';
import { dim, type Line } from '../text/styled.ts';
import { suggestion } from '../text/suggestion.ts';
import { type Answer, answer, refusal } from './answer.ts';
import { sweepAnswer } from './sweep-answer.ts';
import type { Invocation } from './verb.ts';

/** Shows a sweep: what it was asked, its trials as they rank, the best of them, and where its tables and plots are. */
export async function showSweep(
  project: Project,
  { sweep, all }: { readonly sweep: string; readonly all: boolean },
  invocation: Invocation,
): Promise<Answer> {
  const shown = await project.sweeps.show(sweep);
  if (!shown.ok) return refusal(shown.problems);
  const { result, files, set, ...listed } = shown.value;
  const lines = [...head(shown.value), '', ...sweepAnswer({ result, files, isLive: listed.state === 'live' }, invocation, { all })];
  return answer({ ...listed, set, ...sweepJson(result, files), counts: listed.trials }, lines);
}

function head({ sweep, tags, pipeline, file, strategy, started, set, result: { spec } }: ShownSweep): readonly Line[] {
  const row = (name: string, text: string): Line => ['  ', dim(name.padEnd(9)), text];
  const goals = spec.objectives.map(({ metric, goal }) => `${goal} ${metric}`);
  const repeats = Object.entries(spec.repeats).map(([name, values]) => `${name}=${values.map((value) => JSON.stringify(value)).join(',')}`);
  return [
    `a sweep of ${pipeline} (${file}) by ${strategy}${tags.length === 0 ? '' : ` [${tags.join(', ')}]`}`,
    row('sweep', sweep),
    ...(started === null ? [] : [row('started', started)]),
    ...(goals.length === 0 ? [] : [row('for', goals.join(', '))]),
    ...(repeats.length === 0 ? [] : [row('repeats', repeats.join(' '))]),
    ...(spec.only === undefined ? [] : [row('only', spec.only.join(' '))]),
    ...(set.length === 0 ? [] : [row('set', set.join(' '))]),
  ];
}

/** The run that a word means after that of a sweep: `best`, or a trial's number. */
export async function runOfTrial(project: Project, sweep: string, word: string): Promise<Outcome<string>> {
  const shown = await project.sweeps.show(sweep);
  if (!shown.ok) return shown;
  const { trials, best } = shown.value.result;
  const trial = word === 'best' ? best : trials.find((one) => String(one.trial) === word);
  const run = trial?.runs[0]?.run;
  if (run !== undefined) return done(run);
  const known = [...(best === undefined ? [] : ['best']), ...trials.map((one) => String(one.trial))];
  const message = trial === undefined ? `the sweep ${sweep} has no trial "${word}"` : `no run of trial ${word} has ended`;
  return failed({ kind: 'usage', code: 'unknown-run', message, hint: suggestion(word, known) });
}

import { nodeOf } from '../model/folded-names.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import type { RunRecord } from '../model/run.ts';
import { suggestion } from '../text/suggestion.ts';
import { answer, refusal } from './answer.ts';
import { every } from './folded.ts';
import { nextLines } from './next-lines.ts';
import { nodeLines } from './shown-node.ts';
import { seenLines } from './seen.ts';
import { runOfTrial, showSweep } from './show-sweep.ts';
import { runLines } from './shown-run.ts';
import { columnsOf } from './terminal.ts';
import { type Invocation, verb } from './verb.ts';

/** `stillroom show`: how a run ended and why, what it was asked, what came out, what it cost, and where each output comes from. */
export default verb({
  name: 'show',
  arguments: ['<run>', '[node]'],
  about: 'show how a run or a sweep ended, what it was asked, what came out and what it cost',
  example: 'stillroom show @latest student',
  examples: ['stillroom show @best:accuracy'],
  detail: 'Of a failed run the error and the last lines of its log; of a node all, down to the sources that it goes back to.',
  options: { all: every },
  async run({ run: word, node: part, all }, invocation) {
    const project = await invocation.open();
    const { records } = project;
    const sweep = await project.sweeps.meant(word);
    if (!sweep.ok) return refusal(sweep.problems);
    if (sweep.value !== undefined && part === undefined) return showSweep(project, { sweep: sweep.value, all }, invocation);
    const trial = sweep.value === undefined ? undefined : await runOfTrial(project, sweep.value, part ?? '');
    if (trial?.ok === false) return refusal(trial.problems);
    const [run, node] = trial === undefined ? [word, part] : [trial.value, undefined];
    const shown = await records.show(run);
    if (!shown.ok) return refusal(shown.problems);
    const { record } = shown.value;
    const width = columnsOf(invocation.stdout);
    if (node === undefined && !all) return answer(shown.value, [...runLines(shown.value, width), '', ...next(record, invocation)]);
    const names = nodesNamed(record, node);
    if (!names.ok) return refusal(names.problems);
    const [first = '', ...others] = names.value;
    const isFolded = others.length > 0 && !all;
    const seen = isFolded ? undefined : await records.seen(record, names.value);
    if (seen?.ok === false) return refusal(seen.problems);
    const drawn = seen === undefined ? [] : seenLines(seen.value, record.id, { all, width });
    const lines = [...nodeLines(names.value, shown.value, records, { all, width }), ...drawn];
    if (node === undefined) return answer(shown.value, [...runLines(shown.value, width), '', ...lines]);
    return answer(shown.value, isFolded ? [...lines, '', ...nextLines(invocation, [['show', record.id, first]])] : lines);
  },
});

/** What to ask of a run next: of the node that failed, or else of the last. */
function next({ id, nodes }: RunRecord, invocation: Invocation): readonly string[] {
  const names = Object.keys(nodes);
  const failed = names.find((name) => nodes[name]?.state === 'failed');
  const node = failed ?? names.at(-1);
  return nextLines(invocation, [
    ...(failed === undefined ? [] : [['logs', id, failed]]),
    ...(node === undefined ? [] : [['show', id, node]]),
    ['why', id],
  ]);
}

/** The instances of a node, or one of them; without a word all. */
function nodesNamed(record: RunRecord, word: string | undefined): Outcome<readonly string[]> {
  const names = Object.keys(record.nodes);
  const found = names.filter((name) => word === undefined || name === word || (record.nodes[name]?.recipe?.node ?? nodeOf(name)) === word);
  if (word === undefined || found.length > 0) return done(found);
  const message = `the run ${record.id} has no node "${word}"`;
  return failed({ kind: 'usage', code: 'unknown-node', message, hint: suggestion(word, [...names, ...new Set(names.map(nodeOf))]) });
}

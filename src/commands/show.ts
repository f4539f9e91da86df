import { counted } from '../text/amounts.ts';
import { dottedParams } from '../model/dotted.ts';
import { failed, type Outcome, done } from '../model/problem.ts';
import { disturbedText } from '../model/waiting.ts';
import type { RunRecord } from '../model/run.ts';
import type { LineageStep, LineageOrigin, ShownRun } from '../project/records.ts';
import { duration, figure } from '../text/figures.ts';
import { suggestion } from '../text/suggestion.ts';
import { answer, refusal } from './answer.ts';
import { verb } from './verb.ts';

/** `stillroom show`: what a run was asked, what came out of it, what it cost, and where each output comes from. */
export default verb({
  name: 'show',
  arguments: ['<run>', '[node]'],
  about: 'show what a run was asked, what came out and what it cost',
  example: 'stillroom show @latest student',
  options: {},
  async run({ run, node }, { open }) {
    const { records } = await open();
    const shown = await records.show(run);
    if (!shown.ok) return refusal(shown.problems);
    const { record } = shown.value;
    const names = nodesNamed(record, node);
    if (!names.ok) return refusal(names.problems);
    const told = names.value.map((name) => ({ name, lines: describeNode(name, shown.value, records.originsOf(record, name)) }));
    const lines =
      node === undefined
        ? [...describe(shown.value), ...told.flatMap((one) => one.lines)]
        : told.flatMap((one) => [...one.lines, '  comes from', ...lineageLines(records.lineageOf(record, one.name), 2)]).slice(1);
    return answer(shown.value, lines);
  },
});

/** The instances of a node, or one of them; without a word all. */
function nodesNamed(record: RunRecord, word: string | undefined): Outcome<readonly string[]> {
  const names = Object.keys(record.nodes);
  const found = names.filter((name) => word === undefined || name === word || record.nodes[name]?.recipe?.node === word);
  if (word === undefined || found.length > 0) return done(found);
  const message = `the run ${record.id} has no node "${word}"`;
  return failed({ kind: 'usage', code: 'unknown-node', message, hint: suggestion(word, names) });
}

function describe({ record, tags, cost }: ShownRun): string[] {
  const lines = [
    `${record.pipeline} (${record.file}): ${record.state}`,
    `  run      ${record.id}${tags.length === 0 ? '' : ` [${tags.join(', ')}]`}`,
    `  hash     ${record.hash ?? 'none: only a done run has one'}`,
    `  started  ${record.started}`,
    `  cost     ${duration(cost.executedSeconds)} of work executed, ${duration(cost.sparedSeconds)} reused; outputs of ${counted(cost.bytes, 'byte')}`,
  ];
  for (const [name, { digest, kept, path }] of Object.entries(record.sources))
    lines.push(
      `  source   ${name} ${digest.slice(0, 12)}${kept ? ', kept in the store' : ''}${path === undefined ? '' : `, from ${path}`}`,
    );
  for (const [name, value] of Object.entries(dottedParams(record.params))) lines.push(`  param    ${name} = ${JSON.stringify(value)}`);
  if (record.set.length > 0) lines.push(`  set      ${record.set.join(' ')}`);
  return lines;
}

function describeNode(name: string, { record, under }: ShownRun, origins: readonly LineageOrigin[]): string[] {
  const node = record.nodes[name];
  if (node === undefined) return [];
  const lines = [
    '',
    `${name}: ${node.state} (${node.stage})${node.seconds === undefined ? '' : `, ${duration(node.seconds)}`}: ${node.cause}`,
  ];
  if (node.disturbed !== undefined) lines.push(`  warning  ${disturbedText(node.disturbed)}`);
  if (node.error !== undefined) lines.push(`  error    ${node.error.message}`);
  for (const [param, value] of Object.entries(dottedParams(node.params))) lines.push(`  with     ${param} = ${JSON.stringify(value)}`);
  for (const origin of origins) lines.push(`  input    ${originText(origin)}`);
  for (const [metric, { value, measured }] of Object.entries(node.metrics ?? {})) {
    const how = under[`${name}.${metric}`];
    lines.push(`  metric   ${metric} = ${figure(value)}${measured ? ` (measured${how === undefined ? '' : `: ${how}`})` : ''}`);
  }
  for (const [port, { digest, size, measured }] of Object.entries(node.outputs ?? {}))
    lines.push(`  output   ${port} ${digest.slice(0, 12)}, ${counted(size, 'byte')}${measured ? ' (measured)' : ''}`);
  if (node.log !== undefined) lines.push(`  log      ${node.log}`);
  return lines;
}

function originText({ port, origin, digest }: LineageOrigin): string {
  return `${port} ← ${origin}${digest === null ? '' : ` ${digest.slice(0, 12)}`}`;
}

function lineageLines(steps: readonly LineageStep[], depth: number): string[] {
  return steps.flatMap((step) => [
    `${'  '.repeat(depth)}${originText(step)}${step.stage === null ? '' : ` (${step.stage})`}${step.from === undefined ? ', as above' : ''}`,
    ...lineageLines(step.from ?? [], depth + 1),
  ]);
}

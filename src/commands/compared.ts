import { nodeOf } from '../model/folded-names.ts';
import type { RunRecord } from '../model/run.ts';
import type { CodeChange, ComparedRun, MetricChange, Noise, RunChange } from '../project/records.ts';
import { counted } from '../text/amounts.ts';
import { figure } from '../text/figures.ts';
import { bad, dim, good, type Line, strong } from '../text/styled.ts';
import { wrapBelow } from '../text/wrapped.ts';
import { changedOutputs } from './changed-outputs.ts';
import { diffLines } from './diffs.ts';
import { section } from './sections.ts';

/** How a comparison is shown. */
interface Shown {
  /** Every instance and all of every diff. */
  readonly all: boolean;
  readonly width: number | undefined;
}

/** The kinds of changes in their order: a heading, and the noun of the summary. */
const ASKED: readonly (readonly [kind: RunChange['kind'], heading: string, noun: string])[] = [
  ['node', 'nodes', 'node'],
  ['param', 'params', 'param'],
  ['source', 'sources', 'source'],
  ['wiring', 'inputs', 'input'],
  ['setting', 'settings', 'setting'],
];

const CAME_OUT: typeof ASKED = [
  ['output', 'artifacts', 'artifact'],
  ['fact', 'machine', 'fact of the machine'],
];

/** A run beside the one that it is compared with: how much differs, then what. */
export function comparedLines(base: RunRecord, { record, difference, noise }: ComparedRun, shown: Shown): readonly Line[] {
  const { code, metrics, outputs } = difference;
  const { width } = shown;
  const changes = shown.all ? difference.changes.map((one) => ({ ...one, instances: 1 })) : foldedChanges(difference.changes);
  const of = (kind: RunChange['kind']): readonly FoldedChange[] => changes.filter((change) => change.kind === kind);
  const ofKinds = (kinds: typeof ASKED): readonly Line[] =>
    kinds.flatMap(([kind, heading]) => section(heading, of(kind).map(changeRow), width));
  const judged = shown.all ? metrics.map((one) => [one]) : byMetric(metrics);
  const counts = [...ASKED, ...CAME_OUT].map(
    ([kind, , noun]) => [difference.changes.filter((one) => one.kind === kind).length, noun] as const,
  );
  const all = [...counts, [code.length, 'piece of code'] as const, [metrics.length, 'metric'] as const];
  const told = all.filter(([count]) => count > 0).map(([count, noun]) => plural(count, noun));
  return [
    ...wrapBelow([strong(base.id), dim(` ${shortHash(base)}`), ' → ', strong(record.id), dim(` ${shortHash(record)}`)], width, 2),
    ...wrapBelow(told.length === 0 ? good('nothing differs') : `different: ${told.join(', ')}`, width, 2),
    ...ofKinds(ASKED),
    ...(code.length === 0 ? [] : ['', strong('code'), ...code.flatMap((change) => codeLines(change, shown))]),
    ...section(
      'metrics',
      judged.map((group) => metricRow(group, noise)),
      width,
    ),
    ...ofKinds(CAME_OUT),
    ...changedOutputs(outputs, shown),
  ];
}

function plural(count: number, noun: string): string {
  const [first = '', ...rest] = noun.split(' of ');
  return [counted(count, first), ...rest].join(' of ');
}

function shortHash({ hash, state }: RunRecord): string {
  return hash?.slice(0, 12) ?? state;
}

/** A change, and of how many instances it is the same. */
interface FoldedChange extends RunChange {
  readonly instances: number;
}

/** Changes that instances of one node share, once; of what came out only how many differ. */
function foldedChanges(changes: readonly RunChange[]): readonly FoldedChange[] {
  const groups = new Map<string, FoldedChange>();
  for (const change of changes) {
    const { node, kind, name, from, to } = change;
    const values = kind === 'output' ? [from === null, to === null] : [from, to];
    const key = JSON.stringify([nodeOf(node), kind, kind === 'node' ? nodeOf(name) : name, values]);
    groups.set(key, { ...(groups.get(key) ?? change), instances: (groups.get(key)?.instances ?? 0) + 1 });
  }
  return [...groups.values()];
}

function changeRow({ node, kind, name, from, to, instances }: FoldedChange): readonly Line[] {
  const many = instances === 1 ? '' : ` × ${instances}`;
  const isFolded = instances > 1;
  const owner = isFolded ? nodeOf(node) : node;
  const where = kind === 'node' ? `${isFolded ? nodeOf(name) : name}${many}` : `${node === '' ? name : `${owner}.${name}`}${many}`;
  if (kind === 'node') return [where, from === null ? good(`only there now (${to})`) : bad(`gone (${from})`)];
  if (kind === 'output') return [where, outputText({ from, to }, isFolded)];
  const value = (text: string | null): Line => (text === null ? dim('none') : text);
  return [where, [value(from), ' → ', value(to)]];
}

/** What became of an output: digests of a single one, which several do not share. */
function outputText({ from, to }: Pick<RunChange, 'from' | 'to'>, isFolded: boolean): Line {
  if (from === null) return good('only there now');
  if (to === null) return bad('did not come out');
  return isFolded ? 'each came out otherwise' : ['came out otherwise: ', dim(`${from} → ${to}`)];
}

function codeLines({ nodes, name, before, after }: CodeChange, { all, width }: Shown): readonly Line[] {
  const names = [...new Set(nodes.map(nodeOf))].map((node) => {
    const instances = nodes.filter((one) => nodeOf(one) === node).length;
    return instances === 1 ? (nodes.find((one) => nodeOf(one) === node) ?? node) : `${node} × ${instances}`;
  });
  // A command is told by its text alone.
  const shown = name === 'run' ? `${nodeOf(nodes[0] ?? '')}.run` : name;
  const whose = names.length === 0 ? 'read by no node' : `of ${names.join(', ')}`;
  return [`  ${whose}`, ...diffLines({ name: shown, before, after }, { all, width }, '  '), ''];
}

/** Metrics of one node's instances together. */
function byMetric(metrics: readonly MetricChange[]): readonly (readonly MetricChange[])[] {
  const groups = new Map<string, MetricChange[]>();
  for (const one of metrics) {
    const key = `${nodeOf(one.node)} ${one.metric}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()];
}

function metricRow(group: readonly MetricChange[], noise: ReadonlyMap<string, Noise>): readonly Line[] {
  const [first] = group as [MetricChange];
  const { node, metric, measured, better } = first;
  if (group.length > 1) return manyMetrics(group);
  const { from, to } = first;
  const value = (number: number | null): string => (number === null ? 'none' : figure(number));
  const known = noise.get(`${node}.${metric}`);
  const notes: Line[] = [];
  if (from !== null && to !== null) notes.push(step(to - from));
  if (better !== null) notes.push(better ? good('better') : bad('worse'));
  if (measured) notes.push(dim('measured'));
  if (known !== undefined) notes.push(`other seeds differ by ±${figure(known.deviation)}, of ${counted(known.runs, 'run')}`);
  return [`${node}.${metric}`, `${value(from)} → ${value(to)}`, joined(notes)];
}

/** The same metric of several instances: its means, and how many became better. */
function manyMetrics(group: readonly MetricChange[]): readonly Line[] {
  const [{ node, metric, measured }] = group as [MetricChange];
  const pairs = group.flatMap(({ from, to }) => (from === null || to === null ? [] : [[from, to] as const]));
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [from, to] = [mean(pairs.map(([a]) => a)), mean(pairs.map(([, b]) => b))];
  const judged = (wanted: boolean): number => group.filter(({ better }) => better === wanted).length;
  if (pairs.length === 0)
    return [
      `${nodeOf(node)}.${metric} × ${group.length}`,
      group.some((one) => one.to !== null) ? good('only there now') : bad('did not come out'),
    ];
  const notes: Line[] = [`mean of ${pairs.length}`, step(to - from)];
  if (judged(true) > 0) notes.push(good(`${judged(true)} better`));
  if (judged(false) > 0) notes.push(bad(`${judged(false)} worse`));
  if (measured) notes.push(dim('measured'));
  return [`${nodeOf(node)}.${metric} × ${group.length}`, `${figure(from)} → ${figure(to)}`, joined(notes)];
}

function step(difference: number): string {
  return `${difference < 0 ? '−' : '+'}${figure(Math.abs(difference))}`;
}

function joined(notes: readonly Line[]): Line {
  return notes.flatMap((note, index) => (index === 0 ? [note] : [', ', note]));
}

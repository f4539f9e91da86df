import { foldedNames, instanceCounts, nodeOf } from '../model/folded-names.ts';
import { dottedParams } from '../model/dotted.ts';
import { type NodeState, type RunNode, type RunRecord, type RunState, secondsBetween } from '../model/run.ts';
import { disturbedText } from '../model/waiting.ts';
import type { ShownRun } from '../project/records.ts';
import { bytesText, counted } from '../text/amounts.ts';
import { duration, figure } from '../text/figures.ts';
import { accent, bad, dim, good, type Line, strong, warned } from '../text/styled.ts';
import { wrapBelow } from '../text/wrapped.ts';
import { commonCause } from './folded.ts';
import { section } from './sections.ts';

/** How a run, or a node of one, that ended so stands out. */
export const STATES: Readonly<Record<RunState | NodeState, (text: string) => Line>> = {
  live: accent,
  done: good,
  failed: bad,
  cancelled: warned,
  interrupted: warned,
  executed: accent,
  reused: good,
  running: accent,
  waiting: dim,
  skipped: warned,
};

/** The order in which nodes are listed: what failed first. */
const ORDER: readonly NodeState[] = ['failed', 'running', 'cancelled', 'executed', 'reused', 'skipped', 'waiting'];

/** Failures that are told whole where there are many. */
const MOST_FAILURES = 3;

type NamedNode = readonly [name: string, node: RunNode];

/** A run as a person asks for it: how it ended and why, what was asked, which nodes it had, what came out. */
export function runLines(shown: ShownRun, width: number | undefined): readonly Line[] {
  const { record } = shown;
  return [
    ...wrapBelow(headline(record), width, 2),
    ...failureLines(shown, width),
    ...section('run', aboutRows(shown), width),
    ...section('params', paramRows(record.params), width),
    ...section('sources', sourceRows(record), width),
    ...section('nodes', nodeRows(record), width, { isRight: (column) => column === 2, most: [undefined, 32] }),
    ...section('metrics', metricRows(shown), width, { isRight: (column) => column === 1 }),
    ...section('outputs', outputRows(record), width, { isRight: (column) => column === 1 }),
  ];
}

function headline({ pipeline, state, started, ended, nodes }: RunRecord): Line {
  const counts = new Map<NodeState, number>();
  for (const one of Object.values(nodes)) counts.set(one.state, (counts.get(one.state) ?? 0) + 1);
  const all = Object.keys(nodes).length;
  const told = ORDER.filter((one) => counts.has(one)).flatMap((one, index): Line[] => {
    const count = counts.get(one) ?? 0;
    const first = count === all ? `; all ${counted(all, 'node')} ` : `; ${count} of ${counted(all, 'node')} `;
    return [index === 0 ? first : `, ${count} `, STATES[one](one)];
  });
  const took = ended === undefined ? '' : ` ${state === 'done' ? 'in' : 'after'} ${duration(secondsBetween(started, ended))}`;
  return [strong(pipeline), ': ', STATES[state](state), took, ...told];
}

/** Why a run failed: each failure once, with what its node printed last. */
function failureLines({ record, lastLines }: ShownRun, width: number | undefined): readonly Line[] {
  const failures = Object.entries(record.nodes).filter(([, { error }]) => error !== undefined);
  const groups = new Map<string, NamedNode[]>();
  for (const one of failures) {
    const key = (one[1].error?.message ?? '').replaceAll(one[0], nodeOf(one[0]));
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const totals = instanceCounts(Object.keys(record.nodes));
  const told = [...groups.values()].slice(0, MOST_FAILURES).flatMap((group) => {
    const [[, { error }]] = group as [NamedNode];
    const names = foldedNames(
      group.map(([one]) => one),
      totals,
    ).join(', ');
    const others = group.length === 1 ? '' : ` (and so for ${names})`;
    return ['', ...wrapBelow([bad('✘ '), error?.message ?? '', others], width, 4), ...hintLines(error?.hint, width)];
  });
  const left = groups.size - MOST_FAILURES;
  const cut = Object.entries(lastLines).flatMap(([name, lines]) => [
    '',
    ...wrapBelow([warned('✘ '), strong(name), ' was at work when the process of the run was gone'], width, 4),
    ...printedLines(lines, width),
  ]);
  return [...told, ...(left > 0 ? ['', dim(`  and ${left} more failures: they stand among the nodes`)] : []), ...cut];
}

/** What to do about a failure, and what was printed last, a line each. */
export function hintLines(hint: string | undefined, width: number | undefined): readonly Line[] {
  if (hint === undefined) return [];
  return hint.split('\n').flatMap((line) => {
    const text = line.trim();
    // A path is left whole, to be copied.
    if (text.startsWith('the whole log: ')) return [['    ', dim(text)]];
    return wrapBelow(['    ', text.startsWith('|') ? dim(text) : text], width, text.startsWith('|') ? 6 : 4);
  });
}

function printedLines(lines: readonly string[], width: number | undefined): readonly Line[] {
  if (lines.length === 0) return ['    it printed nothing'];
  return ['    its last lines:', ...lines.flatMap((line) => wrapBelow(['    ', dim(`| ${line}`)], width, 6))];
}

/** A time as a person reads it. */
function timeText(time: string): string {
  return `${time.slice(0, 19).replace('T', ' ')} UTC`;
}

function aboutRows({ record, tags, cost }: ShownRun): readonly (readonly Line[])[] {
  const { id, hash, file, set, started, ended, state } = record;
  const reused = cost.sparedSeconds === 0 ? '' : `, ${duration(cost.sparedSeconds)} reused`;
  return [
    ['id', [id, ...(tags.length === 0 ? [] : [accent(` [${tags.join(', ')}]`)])]],
    ['hash', hash === undefined ? dim('none: only a done run has one') : hash],
    ['file', file],
    ...(set.length === 0 ? [] : [['set', set.join(' ')]]),
    ['started', timeText(started)],
    // What became of it afterwards, nobody knows.
    ...(state === 'interrupted' && ended !== undefined ? [['last heard of', timeText(ended)]] : []),
    ['cost', `${duration(cost.executedSeconds)} of work executed${reused}; outputs of ${bytesText(cost.bytes)}`],
  ];
}

/** Params by their dotted names, as JSON. */
export function paramRows(params: RunRecord['params']): readonly (readonly Line[])[] {
  return Object.entries(dottedParams(params)).map(([name, value]) => [name, `= ${JSON.stringify(value)}`]);
}

function sourceRows({ sources }: RunRecord): readonly (readonly Line[])[] {
  return Object.entries(sources).map(([name, { digest, kept, path = '', size }]) => [
    name,
    path,
    dim(digest.slice(0, 12)),
    [size === undefined ? '' : `${bytesText(size)}, `, kept ? 'kept in the store' : 'not kept'],
  ]);
}

/** Items of one node together, in the order of its first. */
function byNode<Item>(
  items: readonly (readonly [name: string, item: Item])[],
  keyOf: (item: Item) => string,
): readonly (readonly (readonly [string, Item])[])[] {
  const groups = new Map<string, (readonly [string, Item])[]>();
  for (const one of items) {
    const key = `${nodeOf(one[0])} ${keyOf(one[1])}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups.values()];
}

function nodeRows({ nodes }: RunRecord): readonly (readonly Line[])[] {
  const totals = instanceCounts(Object.keys(nodes));
  const groups = byNode(Object.entries(nodes), ({ state, cause }) => `${state} ${commonCause(cause)}`);
  const sorted = groups.toSorted(([a], [b]) => ORDER.indexOf(a?.[1].state ?? 'waiting') - ORDER.indexOf(b?.[1].state ?? 'waiting'));
  let told = '';
  return sorted.map((group) => {
    const [[, { state, cause, disturbed }]] = group as [NamedNode];
    const names = foldedNames(
      group.map(([name]) => name),
      totals,
    );
    const times = group.flatMap(([, { seconds }]) => seconds ?? []);
    const said = `${state} ${commonCause(cause)}`;
    const why = said === told ? '' : commonCause(cause);
    told = said;
    const sum = times.reduce((total, seconds) => total + seconds, 0);
    const warning = disturbed === undefined ? '' : warned(`${why === '' ? '' : '; '}${disturbedText(disturbed)}`);
    return [STATES[state](state), names.join(', '), times.length === 0 ? '' : duration(sum), [why, warning]];
  });
}

/** Values of one metric of a node's instances: the only one, or their mean and range. */
function valuesText(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (values.length === 1 || least === most) return figure(values[0] ?? 0);
  return figure(values.reduce((sum, value) => sum + value, 0) / values.length);
}

function metricRows({ record, under }: ShownRun): readonly (readonly Line[])[] {
  const all = Object.entries(record.nodes).flatMap(([name, { metrics = {} }]) =>
    Object.entries(metrics).map(([metric, { value, measured }]) => [name, { metric, value, measured }] as const),
  );
  return byNode(all, ({ metric }) => metric).map((group) => {
    const [[name, { metric, measured }]] = group as [(typeof all)[number]];
    const values = group.map(([, { value }]) => value);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const how = under[`${name}.${metric}`];
    const notes = [
      ...(values.length === 1 ? [] : [`${least === most ? 'of' : 'mean of'} ${values.length}`]),
      ...(least === most ? [] : [`${figure(least)} to ${figure(most)}`]),
      ...(measured ? [`measured${how === undefined ? '' : `: ${how}`}`] : []),
    ];
    return [`${values.length === 1 ? name : nodeOf(name)}.${metric}`, valuesText(values), dim(notes.join('; '))];
  });
}

function outputRows({ nodes }: RunRecord): readonly (readonly Line[])[] {
  const all = Object.entries(nodes).flatMap(([name, { outputs = {} }]) =>
    Object.entries(outputs).map(([port, output]) => [name, { port, ...output }] as const),
  );
  return byNode(all, ({ port }) => port).map((group) => {
    const [[name, { port, digest, measured, kind }]] = group as [(typeof all)[number]];
    const size = group.reduce((sum, [, output]) => sum + output.size, 0);
    const noun = kind === 'dir' ? 'folder' : 'file';
    const what = group.length === 1 ? `${noun} ${digest.slice(0, 12)}` : counted(group.length, noun);
    return [`${group.length === 1 ? name : nodeOf(name)}.${port}`, bytesText(size), dim(`${what}${measured ? ', measured' : ''}`)];
  });
}

import { canonicalJson, sha256 } from './canonical.ts';
import { dottedParams } from './dotted.ts';
import { splitName } from './instance-name.ts';
import type { Json } from './json.ts';
import { type RunNode, type RunRecord, type RunState, secondsBetween } from './run.ts';

/** The shape of a row: rows of another one are made again. */
export const ROW_FORMAT = 6;

/** What lists of runs need of a record. */
export interface RunRow {
  readonly format: number;
  readonly run: string;
  readonly hash: string | null;
  readonly pipeline: string;
  readonly state: RunState;
  /** The id of the sweep whose trial it is a run of, and which. */
  readonly sweep: string | null;
  readonly trial: number | null;
  readonly started: string;
  readonly seconds: number;
  readonly executed: number;
  readonly reused: number;
  /** Of the outputs of the nodes that it executed: what was reused counts for the run that made it. */
  readonly bytes: number;
  readonly set: readonly string[];
  /** Digest of all code and sources. */
  readonly work: string;
  /** The pipeline's params by dotted name, and its nodes' as `node.param` (of instances that differ, as `node[key].param`). */
  readonly params: Readonly<Record<string, Json>>;
  /** By `node.metric`, in the order of the nodes. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Those of the metrics that should be small or large. */
  readonly goals: Readonly<Record<string, 'maximize' | 'minimize'>>;
}

/** What is summed up over the nodes of a run. */
type Summed = Pick<RunRow, 'executed' | 'reused' | 'bytes' | 'work' | 'params' | 'metrics' | 'goals'>;

/** What was summed up, with the JSON of what else of a record counts: runs that came out alike share their nodes, and nobody changes them. */
const known = new WeakMap<RunRecord['nodes'], { readonly beside: string; readonly summed: Summed }>();

/** Sums a record up. */
export function rowOf(record: RunRecord): RunRow {
  const beside = JSON.stringify([record.params, record.sources]);
  const before = known.get(record.nodes);
  const summed = before?.beside === beside ? before.summed : sumUp(record);
  known.set(record.nodes, { beside, summed });
  return { ...headOf(record), ...summed };
}

function headOf(record: Omit<RunRecord, 'nodes'>): Omit<RunRow, keyof Summed> {
  return {
    format: ROW_FORMAT,
    run: record.id,
    hash: record.hash ?? null,
    pipeline: record.pipeline,
    state: record.state,
    sweep: record.sweep?.id ?? null,
    trial: record.sweep?.trial ?? null,
    started: record.started,
    seconds: secondsBetween(record.started, record.ended ?? new Date().toISOString()),
    set: record.set,
  };
}

function sumUp(record: Pick<RunRecord, 'params' | 'sources' | 'nodes'>): Summed {
  const nodes = Object.entries(record.nodes);
  const params = dottedParams(record.params);
  const metrics: Record<string, number> = {};
  const goals: Record<string, 'maximize' | 'minimize'> = {};
  for (const [name, { params: own, metrics: values, recipe }] of nodes) {
    const node = recipe?.node ?? name;
    for (const [param, value] of Object.entries(dottedParams(own))) {
      const shared = `${node}.${param}`;
      if (!Object.hasOwn(params, shared)) params[shared] = value;
      else if (JSON.stringify(params[shared]) !== JSON.stringify(value)) params[`${name}.${param}`] = value;
    }
    for (const [metric, { value }] of Object.entries(values ?? {})) {
      metrics[`${name}.${metric}`] = value;
      const goal = recipe?.metrics[metric]?.goal;
      if (goal !== undefined) goals[`${name}.${metric}`] = goal;
    }
  }
  const count = (state: string): number => nodes.filter(([, node]) => node.state === state).length;
  return {
    executed: count('executed'),
    reused: count('reused'),
    bytes: nodes.reduce((sum, [, { state, outputs }]) => sum + (state === 'executed' ? bytesOf(outputs) : 0), 0),
    work: workOf(nodes.map(([name, node]) => codeMember(name, node)).join(','), record.sources),
    params,
    metrics,
    goals,
  };
}

/** What the digest of a run's code is made of, of one node. */
export function codeMember(name: string, { stage, code = null }: Pick<RunNode, 'stage'> & { readonly code?: string | null }): string {
  return JSON.stringify([name, stage, code]);
}

/** The digest of all code and sources: `code` is made of those members, in the order of the nodes, with commas between them. */
function workOf(code: string, sources: RunRecord['sources']): string {
  const digests = Object.entries(sources).map(([name, { digest }]) => [name, digest]);
  return sha256(`{"code":[${code}],"sources":${canonicalJson(digests)}}`);
}

/** A node that came out otherwise than in another run. */
export interface ChangedNode {
  readonly name: string;
  readonly before: RunNode;
  readonly after: RunNode;
}

/**
 * The row of a run in which few nodes came out otherwise than in one that reused all; `code`: as `workOf` takes it. Undefined where the names of
 * params or metrics differ or their order does, or those of the first instance of a node, by which the others go: then all nodes are to be summed up.
 */
export function changedRow(
  record: Omit<RunRecord, 'nodes'>,
  { row, code }: { readonly row: RunRow; readonly code: string },
  changed: readonly (ChangedNode & { readonly isFirst: boolean })[],
): RunRow | undefined {
  const params: Record<string, Json> = { ...row.params };
  const metrics: Record<string, number> = { ...row.metrics };
  for (const { name, before, after, isFirst } of changed) {
    const [former, now] = [dottedParams(before.params), dottedParams(after.params)];
    if (!areAlike(former, now) || !areAlike(before.metrics, after.metrics)) return undefined;
    for (const [metric, { value }] of Object.entries(after.metrics ?? {})) metrics[`${name}.${metric}`] = value;
    if (JSON.stringify(former) === JSON.stringify(now)) continue;
    const node = after.recipe?.node ?? name;
    if (isFirst && node !== name) return undefined;
    for (const [param, value] of Object.entries(now)) {
      const shared = params[`${node}.${param}`];
      if (shared === undefined) return undefined;
      const own = `${name}.${param}`;
      if (node !== name && JSON.stringify(shared) === JSON.stringify(value)) delete params[own];
      else if (Object.hasOwn(params, own)) params[own] = value;
      else return undefined;
    }
  }
  const count = (state: string): number => changed.filter(({ after }) => after.state === state).length;
  return {
    ...headOf(record),
    executed: count('executed'),
    reused: row.reused - changed.length + count('reused'),
    bytes: changed.reduce((sum, { after: { state, outputs } }) => sum + (state === 'executed' ? bytesOf(outputs) : 0), 0),
    work: workOf(code, record.sources),
    params,
    metrics,
    goals: row.goals,
  };
}

function areAlike(some: object = {}, others: object = {}): boolean {
  return JSON.stringify(Object.keys(some)) === JSON.stringify(Object.keys(others));
}

function bytesOf(outputs: RunNode['outputs'] = {}): number {
  return Object.values(outputs).reduce((sum, { size }) => sum + size, 0);
}

/** The fields of a row that every run has. */
export const FIELDS: readonly string[] = [
  'run',
  'hash',
  'state',
  'pipeline',
  'sweep',
  'trial',
  'executed',
  'reused',
  'seconds',
  'bytes',
  'started',
];

/** The value of a field of a row: what a list of runs shows, a param, or a metric, by as much of its name as is needed. */
export function fieldOf(row: Omit<RunRow, 'format'>, name: string): unknown {
  if (Object.hasOwn(row.params, name)) return row.params[name];
  const metric = metricNamed(row, name);
  if (metric !== undefined) return row.metrics[metric];
  const fields: Readonly<Record<string, unknown>> = { ...row };
  return FIELDS.includes(name) ? fields[name] : undefined;
}

/** A metric's own name, without its node. */
function ownName(metric: string): string {
  return splitName(metric)?.rest.slice(1) ?? metric;
}

/** The metrics whose names end with a name, by whole name. */
function endingWith(metrics: RunRow['metrics'], name: string): readonly string[] {
  const end = `.${name}`;
  return Object.keys(metrics).filter((one) => one.endsWith(end));
}

/**
 * The whole name of a metric: `accuracy` is that of the last node that reports one, and `avg_prec.test` or `test` what ends so, as long as it can
 * mean metrics of one name only.
 */
export function metricNamed({ metrics }: Pick<RunRow, 'metrics'>, name: string): string | undefined {
  if (Object.hasOwn(metrics, name)) return name;
  const found = endingWith(metrics, name);
  const exact = found.findLast((one) => ownName(one) === name);
  return exact ?? (new Set(found.map(ownName)).size === 1 ? found.at(-1) : undefined);
}

/** The metrics that a name may mean, by whole name, where they are metrics of several names and it is none itself; else none. */
export function metricsMeant(row: Pick<RunRow, 'metrics'>, name: string): readonly string[] {
  return metricNamed(row, name) === undefined ? endingWith(row.metrics, name) : [];
}

/** All names by which a run's metrics can be asked for. */
export function namesOfMetrics({ metrics }: Pick<RunRow, 'metrics'>): readonly string[] {
  return [...new Set(Object.keys(metrics).flatMap((one) => [one, ownName(one)]))];
}

import { digestOf } from './canonical.ts';
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
    ...summed,
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
    work: digestOf({
      code: nodes.map(([name, { stage, code }]) => [name, stage, code ?? null]),
      sources: Object.entries(record.sources).map(([name, { digest }]) => [name, digest]),
    }),
    params,
    metrics,
    goals,
  };
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

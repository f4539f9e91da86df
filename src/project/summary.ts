import { parseInstanceName, splitName } from '../model/instance-name.ts';
import type { Json } from '../model/json.ts';
import { type Instance, type Pipeline, producersOf } from '../model/pipeline.ts';
import type { Outcome } from '../model/problem.ts';
import type { NodeState, RunNode, RunRecord } from '../model/run.ts';
import type { Artifacts } from '../model/store.ts';
import { allMeasuredUnder } from '../records/measured-under.ts';

/** What there is to say of a run when it has ended. */
export interface RunSummary {
  /** The pipeline's name. */
  readonly pipeline: string;
  /** The names of the nodes that ended in each state. */
  readonly nodes: Readonly<Partial<Record<NodeState, readonly string[]>>>;
  /** Those that measured while other work ran. */
  readonly disturbed: readonly string[];
  /** By `node.metric`. */
  readonly metrics: Readonly<Record<string, number>>;
  /** What measured metrics were measured under, where that is known: runtime, precision, threads. By `node.metric`. */
  readonly under: Readonly<Record<string, string>>;
  /** The `node.metric` and `node.port` that the end of a run shows. */
  readonly shown: readonly string[];
  /** The last node that was wanted. */
  readonly last: string | undefined;
  /** A setting that a newcomer can try: a param with another value that the pipeline takes. */
  readonly setting: string | undefined;
}

/** Sums a run up, but for the setting. */
export function summaryOf(
  pipeline: Pick<Pipeline, 'name' | 'show' | 'instances'>,
  record: RunRecord,
  artifacts: Artifacts,
): Omit<RunSummary, 'setting'> {
  const nodes: Partial<Record<NodeState, string[]>> = {};
  const metrics: Record<string, number> = {};
  const disturbed: string[] = [];
  for (const [name, node] of Object.entries(record.nodes)) {
    const alike = nodes[node.state];
    if (alike === undefined) nodes[node.state] = [name];
    else alike.push(name);
    if (node.disturbed !== undefined) disturbed.push(name);
    for (const [metric, { value }] of Object.entries(node.metrics ?? {})) metrics[`${name}.${metric}`] = value;
  }
  const [end] = Object.keys(record.nodes).slice(-1);
  return {
    pipeline: pipeline.name,
    nodes,
    disturbed,
    metrics,
    under: allMeasuredUnder(artifacts, record),
    shown: shownNames(pipeline, record),
    last: end === undefined ? undefined : parseInstanceName(end)?.node,
  };
}

/** The same of a run in which all nodes were reused. */
export function asReused(summary: RunSummary): RunSummary {
  return { ...summary, nodes: { reused: Object.values(summary.nodes).flat() } };
}

/** What a part of a pipeline came to, for the summary of a run of all of it. */
interface Changed {
  /** Of the part. */
  readonly pipeline: Pick<Pipeline, 'show'>;
  readonly artifacts: Artifacts;
  /** Names of all nodes in their order, of those of them that came out otherwise than before, and of those that nothing depends on. */
  readonly names: readonly string[];
  readonly changed: Readonly<Record<string, RunNode>>;
  readonly ends: ReadonlySet<string>;
}

/** The summary of a run of which few nodes came out otherwise than in a former one. */
export function changedSummary(former: RunSummary, { pipeline, artifacts, names, changed, ends }: Changed): RunSummary {
  const nodes: Partial<Record<NodeState, string[]>> = {};
  for (const name of names) {
    const state = changed[name]?.state ?? 'reused';
    nodes[state] ??= [];
    nodes[state].push(name);
  }
  const entries = Object.entries(changed);
  const under = allMeasuredUnder(artifacts, { nodes: changed });
  const named = <Value>(of: (node: RunNode) => Readonly<Record<string, Value>>): Map<string, (readonly [string, Value])[]> =>
    new Map(entries.map(([name, node]) => [name, Object.entries(of(node)).map(([one, value]) => [`${name}.${one}`, value] as const)]));
  const metrics = named(({ metrics: values = {} }) => Object.fromEntries(Object.entries(values).map(([one, { value }]) => [one, value])));
  const shown = named(({ metrics: values, outputs }) => ({ ...values, ...outputs }));
  const isEnd = ([name]: readonly [string, unknown]): boolean => ends.has(name);
  return {
    ...former,
    nodes,
    disturbed: entries.flatMap(([name, { disturbed }]) => (disturbed === undefined ? [] : [name])),
    metrics: Object.fromEntries(inPlace(Object.entries(former.metrics), metrics)),
    under: { ...Object.fromEntries(inPlace(Object.entries(former.under), new Map(entries.map(([name]) => [name, []])))), ...under },
    shown:
      pipeline.show.length > 0
        ? pipeline.show
        : inPlace(
            former.shown.map((name) => [name, undefined] as const),
            new Map([...shown].filter(isEnd)),
          ).map(([name]) => name),
    setting: undefined,
  };
}

/** Entries by `node.name`, those of some nodes replaced where they stood. */
function inPlace<Value>(
  entries: readonly (readonly [name: string, Value])[],
  replaced: ReadonlyMap<string, readonly (readonly [name: string, Value])[]>,
): (readonly [name: string, Value])[] {
  const left = new Map(replaced);
  const found = entries.flatMap((entry) => {
    const node = splitName(entry[0]);
    const owner = node === undefined ? '' : entry[0].slice(0, entry[0].length - node.rest.length);
    const others = replaced.get(owner);
    if (others === undefined) return [entry];
    return left.delete(owner) ? others : [];
  });
  return [...found, ...[...left.values()].flat()];
}

/** What the end of a run shows: what the pipeline asks for, else all of the last nodes. */
function shownNames(pipeline: Pick<Pipeline, 'show' | 'instances'>, record: RunRecord): readonly string[] {
  if (pipeline.show.length > 0) return pipeline.show;
  const needed = new Set(pipeline.instances.flatMap(producersOf));
  return pipeline.instances
    .filter(({ name }) => !needed.has(name))
    .flatMap(({ name }) =>
      [...Object.keys(record.nodes[name]?.metrics ?? {}), ...Object.keys(record.nodes[name]?.outputs ?? {})].map((one) => `${name}.${one}`),
    );
}

/** Settings that are tried, and instances of a pipeline of which it is worth reading the file again. */
const MOST = { settings: 12, instances: 200 };

/** Other values of a number or of something that is on or off, the most natural first. */
function otherValues(value: Json): readonly Json[] {
  if (typeof value === 'boolean') return [!value];
  if (typeof value !== 'number') return [];
  return Number.isInteger(value) ? [value + 1, value - 1] : [value * 2, value / 2];
}

/** Whether a pipeline with other settings would do otherwise what is wanted. */
function differs(before: readonly Instance[], after: Pipeline): boolean {
  const others = new Map(after.instances.map(({ name, params }) => [name, JSON.stringify(params)]));
  return before.some(({ name, params }) => others.get(name) !== JSON.stringify(params));
}

/**
 * A setting of one of a pipeline's params, or else of a node's, with another value that the pipeline takes and that changes what was
 * wanted. `reread` reads the pipeline with a setting.
 */
export async function exampleSetting(
  { params, instances }: Pipeline,
  wanted: readonly string[],
  reread: (setting: string) => Promise<Outcome<Pipeline>>,
): Promise<string | undefined> {
  if (instances.length > MOST.instances) return undefined;
  const own = instances.filter(({ name }) => wanted.includes(name));
  const named = [
    ...Object.entries(params),
    ...own.flatMap((instance) => Object.entries(instance.params).map(([param, value]) => [`${instance.node}.${param}`, value] as const)),
  ];
  const settings = new Set(named.flatMap(([name, value]) => otherValues(value).map((other) => `${name}=${String(other)}`)));
  for (const setting of [...settings].slice(0, MOST.settings)) {
    const read = await reread(setting);
    if (read.ok && differs(own, read.value)) return setting;
  }
  return undefined;
}

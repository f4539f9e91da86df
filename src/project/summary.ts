import { type Pipeline, producersOf } from '../model/pipeline.ts';
import type { NodeState, RunRecord } from '../model/run.ts';
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
  /** The pipeline's last node. */
  readonly last: string | undefined;
  /** A setting that a newcomer can try: one of the pipeline's params with another value. */
  readonly setting: string | undefined;
}

/** Sums a run up. */
export function summaryOf(pipeline: Pipeline, record: RunRecord, artifacts: Artifacts): RunSummary {
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
  const last = pipeline.instances.at(-1)?.node;
  return {
    pipeline: pipeline.name,
    nodes,
    disturbed,
    metrics,
    under: allMeasuredUnder(artifacts, record),
    shown: shownNames(pipeline, record),
    last,
    setting: exampleSetting(pipeline),
  };
}

/** The same of a run in which all nodes were reused. */
export function asReused(summary: RunSummary): RunSummary {
  return { ...summary, nodes: { reused: Object.values(summary.nodes).flat() } };
}

/** What the end of a run shows: what the pipeline asks for, else all of the last nodes. */
function shownNames(pipeline: Pipeline, record: RunRecord): readonly string[] {
  if (pipeline.show.length > 0) return pipeline.show;
  const needed = new Set(pipeline.instances.flatMap(producersOf));
  return pipeline.instances
    .filter(({ name }) => !needed.has(name))
    .flatMap(({ name }) =>
      [...Object.keys(record.nodes[name]?.metrics ?? {}), ...Object.keys(record.nodes[name]?.outputs ?? {})].map((one) => `${name}.${one}`),
    );
}

function exampleSetting(pipeline: Pipeline): string | undefined {
  const [name, value] = Object.entries(pipeline.params).find(([, one]) => typeof one === 'number') ?? [];
  if (name !== undefined) return `${name}=${Number(value) + 1}`;
  const instance = pipeline.instances.find(({ params }) => Object.values(params).some((one) => typeof one === 'number'));
  const [param, number] = Object.entries(instance?.params ?? {}).find(([, one]) => typeof one === 'number') ?? [];
  return instance === undefined || param === undefined ? undefined : `${instance.node}.${param}=${Number(number) + 1}`;
}

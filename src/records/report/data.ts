import { disturbedText } from '../../model/waiting.ts';
import { isObject, parseJson } from '../../files/json.ts';
import type { RunNode, RunRecord } from '../../model/run.ts';
import type { Curve, ReportMetric, ReportRun } from '../../model/report.ts';
import { producersOf } from '../../model/pipeline.ts';
import { rowOf } from '../../model/run-row.ts';
import type { Artifacts, Results, Runs, Tags } from '../../model/store.ts';
import { tagsOf } from '../find.ts';
import { measuredUnder } from '../measured-under.ts';
import { confusionsOf, hasModel, historyOf } from './artifacts.ts';
import { samplesOf } from './samples.ts';

/** What a report is made of. */
export interface ReportStore {
  readonly artifacts: Artifacts;
  readonly results: Results;
  readonly runs: Runs;
  readonly tags: Tags;
}

/** A point of a metric in a run's events. */
interface MetricEvent {
  readonly type: string;
  readonly node?: string;
  readonly name?: string;
  readonly value?: number;
  readonly step?: number;
}

/** The metrics over steps that a run's events tell, by node. */
function eventCurves(
  store: ReportStore,
  run: string,
  cache: Map<string, ReadonlyMap<string, readonly Curve[]>>,
): ReadonlyMap<string, readonly Curve[]> {
  const known = cache.get(run);
  if (known !== undefined) return known;
  const points = new Map<string, Map<string, Map<number, number>>>();
  for (const line of store.runs.events(run)) {
    if (!line.includes('"node-metric"') || !line.includes('"step"')) continue;
    const { node, name, value, step } = parsed(line);
    if (node === undefined || name === undefined || typeof value !== 'number' || typeof step !== 'number') continue;
    const own = points.get(node) ?? new Map<string, Map<number, number>>();
    points.set(node, own);
    own.set(name, (own.get(name) ?? new Map()).set(step, value));
  }
  const curves = new Map(
    [...points].map(([node, metrics]) => [
      node,
      [...metrics].map(([metric, steps]): Curve => ({ node, metric, points: [...steps].sort(([a], [b]) => a - b) })),
    ]),
  );
  cache.set(run, curves);
  return curves;
}

function parsed(line: string): Partial<MetricEvent> {
  return parseJson(line, isObject) ?? {};
}

/** A node's curves: from the events of the run that executed it, else from a history among its outputs. */
function curvesOf(
  store: ReportStore,
  record: RunRecord,
  name: string,
  node: RunNode,
  cache: Map<string, ReadonlyMap<string, readonly Curve[]>>,
): readonly Curve[] {
  const attempts = node.fingerprint === undefined ? [] : (store.results.read(node.fingerprint)?.attempts ?? []);
  const attempt = attempts.find(({ outputs }) =>
    Object.entries(node.outputs ?? {}).every(([port, { digest }]) => outputs[port]?.digest === digest),
  );
  const origins = node.state === 'executed' ? [{ run: record.id, node: name }] : attempt === undefined ? [] : [attempt];
  for (const origin of origins) {
    const found = eventCurves(store, origin.run, cache).get(origin.node) ?? [];
    if (found.length > 0) return found.map((curve) => ({ ...curve, node: name }));
  }
  return historyOf(store.artifacts, name, node);
}

function metricsOf(artifacts: Artifacts, name: string, node: RunNode): ReportMetric[] {
  const under = measuredUnder(artifacts, node);
  return Object.entries(node.metrics ?? {}).map(([metric, { value, measured }]) => ({
    name: `${name}.${metric}`,
    value,
    measured,
    ...(node.disturbed === undefined ? {} : { disturbed: true as const }),
    ...(measured && under !== undefined ? { under } : {}),
    goal: node.recipe?.metrics[metric]?.goal ?? null,
  }));
}

/** What is shown of the answers of a run's models, with what is of earlier models marked as such. */
function answersOf({ artifacts }: ReportStore, record: RunRecord): Pick<ReportRun, 'confusions' | 'samples'> {
  const found = Object.entries(record.nodes).map(([name, node]) => ({
    name,
    confusions: confusionsOf(artifacts, name, node),
    samples: samplesOf(artifacts, record, name, node),
  }));
  const telling = found.filter(({ confusions, samples }) => confusions.length + samples.length > 0);
  const earlier = ofEarlierModels(artifacts, record, new Set(telling.map(({ name }) => name)));
  const marked = <Shown extends object>(name: string, all: readonly Shown[]): readonly (Shown & { readonly earlier?: true })[] =>
    earlier.has(name) ? all.map((one) => ({ ...one, earlier: true as const })) : all;
  return {
    confusions: telling.flatMap(({ name, confusions }) => marked(name, confusions)),
    samples: telling.flatMap(({ name, samples }) => marked(name, samples)),
  };
}

/** The nodes from which a model was made whose own answers are told of: what they tell is of an earlier model. */
function ofEarlierModels(artifacts: Artifacts, record: RunRecord, telling: ReadonlySet<string>): ReadonlySet<string> {
  const found = new Set<string>();
  for (const last of telling) {
    const before = upstreamOf(record, last);
    for (const name of [last, ...before]) {
      if (hasModel(artifacts, record.nodes[name])) for (const own of upstreamOf(record, name)) found.add(own);
    }
  }
  return found;
}

/** All nodes from which a node's inputs come, directly or not. */
function upstreamOf({ nodes }: RunRecord, name: string): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [name];
  for (let own = waiting.pop(); own !== undefined; own = waiting.pop()) {
    const recipe = nodes[own]?.recipe;
    for (const producer of recipe === undefined ? [] : producersOf(recipe)) {
      if (!found.has(producer)) waiting.push(producer);
      found.add(producer);
    }
  }
  return found;
}

/** All that a report shows of a run. */
export function reportRun(store: ReportStore, record: RunRecord): ReportRun {
  const row = rowOf(record);
  const cache = new Map<string, ReadonlyMap<string, readonly Curve[]>>();
  const nodes = Object.entries(record.nodes);
  return {
    run: record.id,
    hash: record.hash ?? null,
    tags: tagsOf(store, record.id),
    pipeline: record.pipeline,
    state: record.state,
    started: record.started,
    seconds: row.seconds,
    set: record.set,
    params: row.params,
    metrics: nodes.flatMap(([name, node]) => metricsOf(store.artifacts, name, node)),
    nodes: nodes.map(([name, { stage, state, cause, seconds, recipe, disturbed }]) => ({
      name,
      node: recipe?.node ?? name,
      stage,
      state,
      cause,
      seconds: seconds ?? null,
      ...(disturbed === undefined ? {} : { warning: disturbedText(disturbed) }),
      after: recipe === undefined ? [] : producersOf(recipe),
    })),
    curves: nodes.flatMap(([name, node]) => curvesOf(store, record, name, node, cache)),
    ...answersOf(store, record),
  };
}

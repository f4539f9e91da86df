import { namedFacts } from '../../model/facts.ts';
import type { RunNode, RunRecord } from '../../model/run.ts';
import type { Curve, ReportMetric, ReportRun } from '../../model/report.ts';
import { producersOf } from '../../model/pipeline.ts';
import { rowOf } from '../../model/run-row.ts';
import type { Artifacts, Results, Runs, Tags } from '../../model/store.ts';
import { tagsOf } from '../find.ts';
import { measuredUnder } from '../measured-under.ts';
import { confusionsOf, hasModel, historyOf } from './artifacts.ts';
import { Easel } from './drawn.ts';
import { reportNodes } from './nodes.ts';
import { type DrawnPlots, plotsOf } from './plots.ts';
import { samplesOf } from './samples.ts';
import { Telling } from './told.ts';

/** What a report is made of. */
export interface ReportStore {
  readonly artifacts: Artifacts;
  readonly results: Results;
  readonly runs: Runs;
  readonly tags: Tags;
}

/** A node's curves: from the events of the run that executed it, else from a history among its outputs. */
function curvesOf(store: ReportStore, record: RunRecord, name: string, node: RunNode, telling: Telling): readonly Curve[] {
  const attempts = node.fingerprint === undefined ? [] : (store.results.read(node.fingerprint)?.attempts ?? []);
  const attempt = attempts.find(({ outputs }) =>
    Object.entries(node.outputs ?? {}).every(([port, { digest }]) => outputs[port]?.digest === digest),
  );
  const origins = node.state === 'executed' ? [{ run: record.id, node: name }] : attempt === undefined ? [] : [attempt];
  for (const origin of origins) {
    const found = telling.of(origin.run).curves.get(origin.node) ?? [];
    if (found.length > 0) return found.map((curve) => ({ ...curve, node: name }));
  }
  return historyOf(store.artifacts, name, node);
}

function metricsOf(artifacts: Artifacts, name: string, node: RunNode): ReportMetric[] {
  const under = measuredUnder(artifacts, node);
  return Object.entries(node.metrics ?? {}).map(([metric, { value, measured }]) => ({
    name: `${name}.${metric}`,
    of: `${node.recipe?.node ?? name}.${metric}`,
    value,
    measured,
    ...(node.disturbed === undefined ? {} : { disturbed: true as const }),
    ...(measured && under !== undefined ? { under } : {}),
    goal: node.recipe?.metrics[metric]?.goal ?? null,
  }));
}

/** What is shown of the answers of a run's models, with what is of earlier models marked as such. */
function answersOf({ artifacts }: ReportStore, record: RunRecord, drawn: DrawnPlots): Pick<ReportRun, 'confusions' | 'samples'> {
  const found = Object.entries(record.nodes).map(([name, node]) => ({
    name,
    confusions: [
      ...confusionsOf(artifacts, name, node),
      ...drawn.confusions.filter((one) => one.node === name).map(({ confusion }) => confusion),
    ],
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

/** The variables of the matrices of a run: a metric that is called after one, such as `fold_accuracy`, has a value for each of its values. */
function variablesOf({ nodes }: RunRecord): readonly string[] {
  return [...new Set(Object.values(nodes).flatMap(({ recipe }) => Object.keys(recipe?.key ?? {})))];
}

function overVariable(curve: Curve, variables: readonly string[]): Curve {
  const over = variables.find((name) => curve.metric.startsWith(`${name}_`) || curve.metric.endsWith(`_per_${name}`));
  return over === undefined ? curve : { ...curve, over };
}

/** Whether the pipeline asks for an output, or for the folder that a file is in, by name. */
function isAskedFor({ show = [] }: RunRecord, from: string): boolean {
  const name = from.replace(/^([^[.]*)\[.*?\](?=\.[a-z])/s, '$1');
  return show.some((asked) => [from, name].some((one) => one === asked || one.startsWith(`${asked}/`)));
}

/** What comes first: what the pipeline asks for, else all of the nodes that no other needs. */
function shownOf({ nodes, show }: RunRecord): readonly string[] {
  if (show !== undefined && show.length > 0) return show;
  const needed = new Set(Object.values(nodes).flatMap(({ recipe }) => (recipe === undefined ? [] : producersOf(recipe))));
  const names = Object.entries(nodes).flatMap(([name, { recipe, metrics, outputs }]) =>
    needed.has(name) ? [] : Object.keys({ ...metrics, ...outputs }).map((one) => `${recipe?.node ?? name}.${one}`),
  );
  return [...new Set(names)];
}

/** What the reports of several runs share. */
export class ReportDesk {
  private readonly store: ReportStore;
  private readonly telling: Telling;
  private readonly easel = new Easel();

  constructor(store: ReportStore) {
    this.store = store;
    this.telling = new Telling(store.runs);
  }

  /** All that a report shows of a run. */
  report(record: RunRecord): ReportRun {
    const { store, telling } = this;
    const row = rowOf(record);
    const nodes = Object.entries(record.nodes);
    const shown = shownOf(record);
    const variables = variablesOf(record);
    const plots = plotsOf(store.artifacts, record);
    const outputs = this.easel.draw(store.artifacts, record, {
      isShown: (from) => shown.includes(from),
      isPlotted: (from) => plots.drawn.has(from) && !isAskedFor(record, from),
    });
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
      nodes: reportNodes(store.runs, record, telling.of(record.id)),
      curves: nodes.flatMap(([name, node]) => curvesOf(store, record, name, node, telling).map((curve) => overVariable(curve, variables))),
      ...answersOf(store, record, plots),
      plots: plots.plots,
      shown,
      drawn: outputs.drawn,
      undrawn: [...plots.undrawn, ...outputs.undrawn],
      ...(record.software === undefined ? {} : { software: record.software }),
      facts: namedFacts(record.facts),
    };
  }
}

import { dirname, resolve } from 'node:path';
import { Writable } from 'node:stream';
import { makePlan, type Plan } from '../engine/plan.ts';
import { runPlan } from '../engine/run.ts';
import type { Slots } from '../engine/slots.ts';
import { loadPipeline } from '../load/pipeline/pipeline.ts';
import { digestOf } from '../model/canonical.ts';
import { combinations } from '../model/combinations.ts';
import type { Event, Watcher } from '../model/event.ts';
import type { Json } from '../model/json.ts';
import type { Pipeline } from '../model/pipeline.ts';
import { instancesNamed } from '../load/pipeline/selection.ts';
import type { Stop } from '../model/executor.ts';
import type { Reporter } from '../model/reporter.ts';
import { done, type Outcome } from '../model/problem.ts';
import type { RunRecord } from '../model/run.ts';
import type { Params, SweepSpec } from '../model/sweep.ts';
import { JsonLinesReporter } from '../reporters/jsonl.ts';
import { LinesReporter } from '../reporters/lines.ts';
import { deviation, mean } from '../sweep/statistics.ts';
import type { Job, JobEnd, JobRun } from '../sweep/study.ts';
import type { Opened } from './project.ts';
import { newRunId } from './run.ts';

/** What all trials of a sweep have in common. */
export interface TrialContext {
  readonly opened: Opened;
  readonly spec: SweepSpec;
  /** As messages name the pipeline file. */
  readonly file: string;
  /** `--set` options that hold for all trials. */
  readonly set: readonly string[];
  readonly slots: Slots;
  readonly stop: Stop;
  /** Prints every line of the nodes. */
  readonly verbose: boolean;
  /** Told what happens in a trial. */
  readonly watch: (trial: number, event: Event) => void;
}

/** A `--set` option that gives a param this very value. */
function settingOf(name: string, value: Json): string {
  const isPlain = typeof value === 'string' && (/^(?!(?:true|false|null)$)[A-Za-z][\w-]*$/i.test(value) || /(^|\s)#/.test(value));
  return `${name}=${isPlain ? value : JSON.stringify(value)}`;
}

/** The `--set` options of a variant. The paths of sources are relative to the pipeline file, wherever the command is given. */
function settingsOf(params: Params, folder: string): string[] {
  return Object.entries(params).map(([name, value]) =>
    name.startsWith('sources.') ? `${name}=${resolve(folder, String(value))}` : settingOf(name, value),
  );
}

/** Reads the pipeline with a variant's settings. */
function loadVariant({ opened, file, set }: TrialContext, params: Params): Promise<Outcome<Pipeline>> {
  const { surroundings, store, pipeline } = opened;
  const shownFile = file;
  return loadPipeline({
    file: pipeline.file,
    shownFile,
    root: surroundings.root,
    cache: store.cache,
    executors: surroundings.executors.names,
    set: [...set, ...settingsOf(params, dirname(pipeline.file))],
  });
}

/** All that a job sets, its budget included. */
function settings(job: Job, repeat: Params, { budget }: SweepSpec): Params {
  return { ...job.params, ...repeat, ...(budget === undefined ? {} : { [budget.param]: budget.rungs[job.rung] ?? 0 }) };
}

/** Digest of all that a plan asks for: work, params, wiring and the sources' contents; not what has come of it. */
export function askedOf({ nodes, snapshots }: Plan): string {
  const asked = [...nodes].map(([name, { prepared }]) => ({
    name,
    own: prepared.own,
    inputs: prepared.instance.inputs.map(({ port, elements }) => ({
      port,
      elements: elements.map(({ key, origin }) => ({
        key,
        from: origin.kind === 'source' ? (snapshots.get(origin.source)?.digest ?? null) : `${origin.instance}.${origin.port}`,
      })),
    })),
  }));
  return digestOf(asked);
}

/** Plans one repeat of a job. Plans are made one at a time: those made later find the bundles of those before. */
export class TrialPlanner {
  private readonly context: TrialContext;
  private last: Promise<unknown> = Promise.resolve();

  constructor(context: TrialContext) {
    this.context = context;
  }

  plan(job: Job, repeat: Params): Promise<Outcome<Plan>> {
    const made = this.last.then(() => this.make(job, repeat));
    this.last = made.catch(() => undefined);
    return made;
  }

  private async make(job: Job, repeat: Params): Promise<Outcome<Plan>> {
    const { opened, spec } = this.context;
    const pipeline = await loadVariant(this.context, settings(job, repeat, spec));
    if (!pipeline.ok) return pipeline;
    const words = job.whole ? spec.only : spec.budget === undefined ? undefined : [spec.budget.node];
    const only = words === undefined ? undefined : new Set(instancesNamed(pipeline.value.instances, ...words));
    return makePlan({ pipeline: pipeline.value, surroundings: opened.surroundings, forced: new Set(), only });
  }

  /** Whether what a finished job was asked is still what it would be asked now. */
  async isCurrent(job: Job, { runs }: JobEnd): Promise<boolean> {
    for (const { repeat, asked } of runs) {
      const plan = await this.plan(job, repeat);
      if (plan.ok && askedOf(plan.value) !== asked) return false;
    }
    return true;
  }
}

/** All metrics of a run; a node with a matrix also has the mean over its instances. */
function metricsOf({ nodes }: RunRecord, { request }: Plan): Record<string, number> {
  const found: Record<string, number> = {};
  const ofNodes = new Map<string, number[]>();
  for (const { name, node } of request.pipeline.instances) {
    for (const [metric, { value }] of Object.entries(nodes[name]?.metrics ?? {})) {
      found[`${name}.${metric}`] = value;
      if (name !== node) ofNodes.set(`${node}.${metric}`, [...(ofNodes.get(`${node}.${metric}`) ?? []), value]);
    }
  }
  for (const [name, values] of ofNodes) found[name] = mean(values);
  return found;
}

/** The run of one repeat, or why there is none. Undefined: it was stopped. */
type RepeatEnd = { readonly run: JobRun | undefined; readonly error: string | undefined } | undefined;

async function carryOutRepeat(job: Job, repeat: Params, planner: TrialPlanner, context: TrialContext): Promise<RepeatEnd> {
  const plan = await planner.plan(job, repeat);
  if (!plan.ok) return { run: undefined, error: plan.problems[0]?.message };
  if (context.stop.asked.aborted) return undefined;
  const { opened, spec, set, slots, stop } = context;
  const id = newRunId();
  const watchers: Reporter[] = [new JsonLinesReporter(opened.store.runs.appendEvents(id))];
  if (context.verbose) watchers.push(new LinesReporter(prefixed(`trial ${job.trial} | `), true));
  const board: Watcher = { report: (event) => context.watch(job.trial, event) };
  const { record, problems } = await runPlan(plan.value, {
    id,
    shownFile: opened.shownFile,
    set: [...set, ...settingsOf(settings(job, repeat, spec), dirname(opened.pipeline.file))],
    capacity: slots,
    publish: false,
    keepGoing: false,
    watchers: [...watchers, board],
    stop,
  });
  for (const watcher of watchers) await watcher.close();
  if (record.state === 'cancelled') return undefined;
  const metrics = metricsOf(record, plan.value);
  const run = { run: id, hash: record.hash ?? null, repeat, metrics, asked: askedOf(plan.value) };
  return { run, error: problems[0]?.message ?? missingMetric(metrics, job, spec) };
}

/** Says which metric a run should have reported and did not. */
function missingMetric(
  metrics: Readonly<Record<string, number>>,
  job: Job,
  { objectives, constraints, budget }: SweepSpec,
): string | undefined {
  const wanted = job.whole ? [...objectives, ...constraints] : budget === undefined ? [] : [budget.judge];
  const missing = wanted.find(({ metric }) => metrics[metric] === undefined);
  if (missing === undefined) return undefined;
  return `no node reported the metric "${missing.metric}" (reported: ${Object.keys(metrics).join(', ') || 'none'})`;
}

/** Carries out all repeats of a job; undefined: it was stopped. */
export async function carryOutJob(job: Job, planner: TrialPlanner, context: TrialContext): Promise<JobEnd | undefined> {
  const ends = await Promise.all(combinations(context.spec.repeats).map((repeat) => carryOutRepeat(job, repeat, planner, context)));
  const runs: JobRun[] = [];
  let error: string | undefined;
  for (const end of ends) {
    if (end === undefined) return undefined;
    error ??= end.error;
    if (end.run !== undefined) runs.push(end.run);
  }
  const metrics: Record<string, number> = {};
  const deviations: Record<string, number> = {};
  for (const name of new Set(runs.flatMap((run) => Object.keys(run.metrics)))) {
    const values = runs.flatMap((run) => run.metrics[name] ?? []);
    metrics[name] = mean(values);
    const spread = deviation(values);
    if (spread !== undefined) deviations[name] = spread;
  }
  return { state: error === undefined ? 'done' : 'failed', metrics, deviations, runs, ...(error === undefined ? {} : { error }) };
}

/** Values of a param that are tried before anything is executed. */
const MOST_TRIED = 50;

/** Checks that each value of a sweep loads by itself, before anything is executed. */
export async function checkValues(context: TrialContext): Promise<Outcome<undefined>> {
  const { space, variants, repeats } = context.spec;
  const tried: Params[] = [
    ...space.flatMap(({ name, domain }) =>
      (domain.kind === 'choice' ? domain.values.slice(0, MOST_TRIED) : [domain.from, domain.to]).map((value) => ({ [name]: value })),
    ),
    ...Object.entries(repeats).flatMap(([name, values]) => values.map((value) => ({ [name]: value }))),
  ];
  for (const params of variants.length > 0 && context.spec.strategy === 'list' ? variants : tried) {
    const loaded = await loadVariant(context, params);
    if (!loaded.ok) return loaded;
  }
  return done(undefined);
}

/** The standard error output, each line with a word in front. */
function prefixed(prefix: string): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, callback) {
      process.stderr.write(chunk.toString().replaceAll(/^(?=.)/gm, prefix));
      callback();
    },
  });
}

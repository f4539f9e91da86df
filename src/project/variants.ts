import { dirname, resolve } from 'node:path';
import type { Surroundings } from '../engine/fingerprint.ts';
import { History } from '../engine/history.ts';
import { makePlan, type Plan } from '../engine/plan.ts';
import type { RecalledRun } from '../engine/recall.ts';
import { runPlan } from '../engine/run.ts';
import type { Slots } from '../engine/slots.ts';
import { endedRun } from '../engine/unchanged.ts';
import { instancesNamed } from '../load/pipeline/selection.ts';
import { digestOf, exactJson } from '../model/canonical.ts';
import { broadcast, type Event, type Happening } from '../model/event.ts';
import type { Stop } from '../model/executor.ts';
import { workDigestOf } from '../model/fingerprint.ts';
import type { Json } from '../model/json.ts';
import type { Pipeline } from '../model/pipeline.ts';
import { done, type Outcome } from '../model/problem.ts';
import type { RunSoftware } from '../model/run.ts';
import type { VariantParams } from '../model/sweep.ts';
import { JsonLinesReporter } from '../reporters/jsonl.ts';
import { metricsOf } from '../sweep/metrics.ts';
import type { PlannedVariant, VariantRun, Workbench } from '../sweep/workbench.ts';
import type { Opened } from './opened.ts';
import { onLostEvents } from './lost-events.ts';
import { provisionOf } from './provision.ts';
import { SameInstances } from './same-instances.ts';
import { newRunId } from './run-id.ts';
import { softwareOf } from './software.ts';

/** What all variants of a pipeline have in common. */
export interface VariantsOptions {
  /** The sweep's id. */
  readonly sweep: string;
  /** `--set` options that hold for all variants. */
  readonly set: readonly string[];
  /** Shared, so that what variants have in common is executed once. */
  readonly slots: Slots;
  readonly noWait: boolean;
  /** Checkpoints of trials outlive the sweep. */
  readonly keepCheckpoints: boolean;
  readonly stop: Stop;
}

/** A `--set` option that gives a param this very value. */
function settingOf(name: string, value: Json): string {
  const isPlain = typeof value === 'string' && (/^(?!(?:true|false|null)$)[A-Za-z][\w-]*$/i.test(value) || /(^|\s)#/.test(value));
  return `${name}=${isPlain ? value : JSON.stringify(value)}`;
}

/** Digest of all that a plan asks for: work, params, wiring and the sources' contents; not what has come of it. */
export function askedOf({ nodes, snapshots }: Plan): string {
  const asked = [...nodes].map(([name, { prepared }]) => ({
    name,
    work: workDigestOf(prepared.own),
    inputs: prepared.instance.inputs.map(({ port, elements }) => ({
      port,
      elements: elements.map(({ key, origin }) => ({
        key: exactJson(key),
        from: origin.kind === 'source' ? (snapshots.get(origin.source) ?? null) : `${origin.instance}.${origin.port}`,
      })),
    })),
  }));
  return digestOf(asked);
}

/** Variants of a pipeline, planned and run as any run is, but never published. */
export class Variants implements Workbench {
  private readonly opened: Opened;
  private readonly options: VariantsOptions;
  private last: Promise<unknown> = Promise.resolve();
  private readonly software: RunSoftware;
  /** Of all variants: what is read of earlier runs is read once. */
  private readonly history: History;

  private readonly surroundings: Surroundings;
  private readonly instances: SameInstances;
  /** The last variant's run in which everything came out: what others have in common with it is not looked up again. */
  private recalled: RecalledRun | undefined;
  /** The run that was begun last. */
  private newest: string | undefined;
  /** What was read and has not been planned yet, by its options: what was checked is what runs. */
  private readonly readings = new Map<string, Promise<Outcome<Pipeline>>>();

  constructor(opened: Opened, options: VariantsOptions) {
    this.opened = opened;
    // What is planned is run at once. The plan of the sweep has locked anew what was to be.
    this.surroundings = {
      ...opened.surroundings,
      provision: provisionOf(opened.surroundings.environment, { makesLocks: true, tell: opened.surroundings.provision?.tell }),
    };
    this.options = options;
    this.software = softwareOf(opened.surroundings.root);
    this.history = new History(opened.store, opened.pipeline.name);
    this.instances = new SameInstances(opened.pipeline.instances);
  }

  read(params: VariantParams): Promise<Outcome<Pipeline>> {
    const set = this.settingsOf(params);
    const asked = JSON.stringify(set);
    const reading = this.readings.get(asked) ?? this.reread(set);
    this.readings.set(asked, reading);
    return reading;
  }

  private async reread(set: readonly string[]): Promise<Outcome<Pipeline>> {
    const read = await this.opened.reread(set);
    return read.ok ? done(this.instances.of(read.value)) : read;
  }

  /** Plans are made one at a time: those made later find the bundles of those before. */
  plan(params: VariantParams, only: readonly string[] | undefined): Promise<Outcome<PlannedVariant>> {
    const made = this.last.then(() => this.make(params, only));
    this.last = made.catch(() => undefined);
    return made;
  }

  private async make(params: VariantParams, words: readonly string[] | undefined): Promise<Outcome<PlannedVariant>> {
    const pipeline = await this.read(params);
    this.readings.delete(JSON.stringify(this.settingsOf(params)));
    if (!pipeline.ok) return pipeline;
    const only = words === undefined ? undefined : new Set(instancesNamed(pipeline.value.instances, ...words));
    const { surroundings, history, recalled } = this;
    const plan = await makePlan({ pipeline: pipeline.value, surroundings, forced: new Set(), only, history, recalled });
    if (!plan.ok) return plan;
    return done({ asked: askedOf(plan.value), run: (onEvent, trial) => this.run(plan.value, { params, trial }, onEvent) });
  }

  private async run(
    plan: Plan,
    { params, trial }: { readonly params: VariantParams; readonly trial: number },
    onEvent: (event: Event) => void,
  ): Promise<VariantRun> {
    const { store, shownFile } = this.opened;
    const id = newRunId(this.newest ?? store.runs.ids()[0]);
    this.newest = id;
    const kept = new JsonLinesReporter(store.runs.appendEvents(id, onLostEvents(broadcast<Happening>([{ report: onEvent }]))));
    const end = await runPlan(plan, {
      id,
      shownFile,
      set: this.settingsOf(params),
      software: this.software,
      sweep: { id: this.options.sweep, trial },
      capacity: this.options.slots,
      publish: false,
      keepGoing: false,
      noWait: this.options.noWait,
      keepCheckpoints: this.options.keepCheckpoints,
      watchers: [kept, { report: onEvent }],
      stop: this.options.stop,
    }).finally(() => kept.close());
    const { record, problems } = end;
    this.history.add(record);
    this.recalled = endedRun(plan, end) ?? this.recalled;
    const [problem] = problems;
    const state = record.state === 'cancelled' ? 'stopped' : record.state === 'done' ? 'done' : 'failed';
    return {
      run: id,
      hash: record.hash ?? null,
      state,
      metrics: metricsOf(record, plan.request.pipeline.instances),
      ...(problem === undefined ? {} : { error: problem.message }),
    };
  }

  /** All `--set` options of a variant. The paths of sources are relative to the pipeline file, wherever the command is given. */
  private settingsOf(params: VariantParams): string[] {
    const folder = dirname(this.opened.pipeline.file);
    const own = Object.entries(params).map(([name, value]) =>
      name.startsWith('sources.') ? `${name}=${resolve(folder, String(value))}` : settingOf(name, value),
    );
    return [...this.options.set, ...own];
  }
}

import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Slots } from '../engine/slots.ts';
import { loadSweep } from '../load/sweep/sweep.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { broadcast } from '../model/event.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import type { SweepEvent, SweepHappening } from '../model/sweep-event.ts';
import type { Store } from '../model/store.ts';
import { outlineOf } from '../model/sweep-journal.ts';
import type { GrowingLines } from '../model/workplace.ts';
import type { VariantParams, SweepResult, SweepSection, SweepSpec } from '../model/sweep.ts';
import { nameOf, forHowLong, type Who } from '../model/waiting.ts';
import { JsonLinesReporter } from '../reporters/jsonl.ts';
import { Journal } from '../sweep/journal.ts';
import { strategies } from '../sweep/strategies.ts';
import type { Strategy } from '../sweep/study.ts';
import { checkValues, parallelOf, runSweep, sweepId } from '../sweep/sweep.ts';
import { bestFile } from '../sweep/variant-file.ts';
import type { Context } from './context.ts';
import { onLostEvents } from './lost-events.ts';
import { capacityOf } from './capacity.ts';
import type { Opened } from './opened.ts';
import { openPipeline, planOpened } from './pipeline.ts';
import { alsoStoppedBy } from './stop-words.ts';
import { writeSweepFiles } from './sweep-files.ts';
import { askedOf, Variants } from './variants.ts';

/** What is asked of a sweep: each key of a file's `sweep:` section, in place of the file's own, and how it runs. */
export interface SweepOptions extends SweepSection {
  /** Values that hold for all variants, in the form of `--set`. */
  readonly set?: readonly string[];
  /** Threads that may be busy at once; default: all that there are. */
  readonly jobs?: number;
  /** Try failed variants of an earlier start again. */
  readonly retry?: boolean;
  /** As for a run. */
  readonly noWait?: boolean;
  /** Checkpoints of trials are kept when the sweep has ended, so that it can go further; else they are removed then. */
  readonly keepCheckpoints?: boolean;
  /** What is locked by no file is locked anew, once for all trials. */
  readonly refreshEnvironment?: boolean;
  /** Told everything that happens, in its order. */
  readonly onEvent?: (event: SweepEvent) => void;
  /** Aborted: no variant is started any more, and what runs may save its checkpoint and end. A reason that is a text is told as a notice. */
  readonly signal?: AbortSignal;
  /** Aborted: what still runs is killed. */
  readonly killSignal?: AbortSignal;
  /** How problems name the options that keys of the section, or entries of `over` and the like, came from; by JSON pointer below the section. */
  readonly optionNames?: Readonly<Record<string, string>>;
}

/** How a sweep ended. */
export interface SweepEnd extends SweepResult {
  /** Paths of the tables, plots and the best variant's pipeline, by what they hold. */
  readonly files: Readonly<Record<string, string>>;
}

/** A sweep that may run. */
interface Ready {
  readonly opened: Opened;
  readonly strategy: Strategy;
  readonly spec: SweepSpec;
  readonly base: VariantParams;
  readonly id: string;
  readonly slots: Slots;
  readonly parallel: number;
}

/** Runs variants of a pipeline file, or goes on with a sweep that was stopped. Fails only where it cannot begin: failed trials are told in the result. */
export async function sweepFile(
  context: Context,
  file: string,
  options: SweepOptions,
  emit: (event: SweepEvent) => void,
): Promise<Outcome<SweepEnd>> {
  const prepared = await prepare(context, file, options);
  if (!prepared.ok) return prepared;
  const { opened, strategy, spec, base, id, slots, parallel } = prepared.value;
  const place = opened.store.sweeps.open(id, { pid: process.pid, since: new Date().toISOString(), project: context.root });
  if ('takenBy' in place) return failed(isLive(id, place.takenBy));
  const {
    set = [],
    retry = false,
    noWait = false,
    keepCheckpoints = false,
    onEvent,
    signal = new AbortController().signal,
    killSignal = new AbortController().signal,
  } = options;
  const broken = new AbortController();
  const { stop, end } = alsoStoppedBy(opened.store.stops, id, { asked: signal, forced: killSignal });
  const asked = AbortSignal.any([stop.asked, broken.signal]);
  try {
    const workbench = new Variants(opened, { sweep: id, set, slots, noWait, keepCheckpoints, stop: { asked, forced: stop.forced } });
    const checked = await checkValues(spec, workbench);
    if (!checked.ok) return checked;
    const about: JsonObject = { pipeline: opened.pipeline.name, file: opened.shownFile, set, spec: asJson(spec), base };
    const told = [{ report: (event: SweepEvent) => onEvent?.(event) }, { report: emit }];
    const events = new JsonLinesReporter(place.appendEvents(onLostEvents(broadcast<SweepHappening>(told))));
    const result = await runSweep({
      id,
      strategy,
      spec,
      base,
      workbench,
      journal: Journal.open(place.journal, parallel, about),
      parallel,
      retry,
      signal: asked,
      abandon: () => broken.abort(),
      watchers: [...told, events],
    }).finally(() => events.close());
    if (!keepCheckpoints) dropCheckpoints(opened.store, place.journal);
    const text = readFileSync(opened.pipeline.file, 'utf8');
    const best = bestFile(result, { text, folder: dirname(opened.pipeline.file), params: opened.pipeline.params }, place.folder);
    return done({ ...result, files: writeSweepFiles(place.folder, result, best) });
  } finally {
    end();
    opened.store.flush();
    place.release();
  }
}

/** Removes the checkpoints of a sweep that is over: no trial will go on from them. */
function dropCheckpoints({ workplaces }: Store, journal: GrowingLines): void {
  const outline = outlineOf(journal.read());
  if (outline?.isOver !== true) return;
  for (const { work, run } of workplaces.finished()) if (outline.runs.has(run)) workplaces.checkpoints(work).drop();
}

function isLive(id: string, who: Who | undefined): Problem {
  const whom = who === undefined ? 'another process' : `${nameOf(who)} (${forHowLong(who)})`;
  const hint = 'wait for it, or stop it: what it has finished is kept';
  return { kind: 'usage', code: 'sweep-is-live', message: `the sweep ${id} is being run by ${whom}`, hint };
}

/** Reads and checks everything; nothing is executed. */
async function prepare(context: Context, file: string, options: SweepOptions): Promise<Outcome<Ready>> {
  const { set = [], jobs, optionNames, ...rest } = options;
  const {
    retry: _retry,
    refreshEnvironment = false,
    noWait: _noWait,
    keepCheckpoints: _keepCheckpoints,
    onEvent: _onEvent,
    signal: _signal,
    killSignal: _killSignal,
    ...section
  } = rest;
  const opening = await openPipeline(context, file, set);
  if (!opening.ok) return opening;
  const opened = opening.value;
  if (opened.store.unwritable !== undefined) return failed(opened.store.unwritable);
  const asked = asJson(section) as JsonObject;
  const names = optionNames ?? Object.fromEntries(Object.keys(asked).map((key) => [`/${key}`, `the option "${key}"`]));
  const { pipeline, store } = opened;
  const reading = { pipeline, shownFile: opened.named, options: asked, optionNames: names, set, strategies, cache: store.cache };
  const loaded = await loadSweep(reading);
  if (!loaded.ok) return loaded;
  const { spec, base } = loaded.value;
  const planned = await planOpened(opened, {
    makesLocks: true,
    refreshEnvironment,
    signal: options.signal,
    ...(spec.only === undefined ? {} : { only: spec.only }),
  });
  if (!planned.ok) return planned;
  const capacity = capacityOf(jobs, planned.value.executor);
  if (!capacity.ok) return capacity;
  const strategy = strategies[spec.strategy] as Strategy;
  return done({
    opened,
    strategy,
    spec,
    base,
    id: sweepId(opened.pipeline.name, spec, askedOf(planned.value)),
    slots: new Slots({ name: planned.value.executor.name, capacity: capacity.value }),
    parallel: parallelOf(spec, strategy, capacity.value.cpu),
  });
}

/** A value as JSON keeps it: without what is undefined. */
function asJson(value: object): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Found, type Surroundings } from '../engine/fingerprint.ts';
import { loadEngines } from '../engines/engines.ts';
import { type FactDifference, planReproduction } from '../engine/reproduction.ts';
import type { RunEnd } from '../engine/run.ts';
import { removeTree } from '../files/remove.ts';
import type { Event } from '../model/event.ts';
import { sourcesOf } from '../model/pipeline.ts';
import { done, type Outcome, type Problem } from '../model/problem.ts';
import type { RunRecord } from '../model/run.ts';
import type { ScratchStore } from '../model/upkeep.ts';
import { type ArtifactVerdict, compareRuns, type MetricDelta, type Verdict, type Verdicts } from '../records/verdict.ts';
import type { Context } from './context.ts';
import { healedReach } from './heal.ts';
import { checkFree } from './into-folder.ts';
import { openRecorded, openRun, type Recorded, type RecordedOptions } from './recorded.ts';
import { outputsOf, type Restored, type RestoredSources, restoreOutputs, restoreSources } from './restore.ts';
import { runPlan, type WatchOptions } from './run.ts';
import { provisionOf } from './provision.ts';
import { locateSources } from './sources.ts';

export type { ArtifactVerdict, FactDifference, MetricDelta, Verdict, Verdicts };

/** How a recorded run is run again. */
export interface ReproduceOptions extends RecordedOptions, WatchOptions {
  /** Where sources are that the store does not keep, each as `name=PATH`. */
  readonly source?: readonly string[] | undefined;
  /** A folder that is to get the outputs. */
  readonly to?: string | undefined;
}

/** How outputs of a recorded run are put back. */
export interface RestoreOptions extends RecordedOptions {
  /** A folder that is to get the outputs; default: where a run puts them. */
  readonly to?: string | undefined;
  /** The folder may hold other things: they stay, and files of the same name are replaced. */
  readonly force?: boolean | undefined;
}

/** How sources of a recorded run are put back. */
export interface RestoreSourcesOptions extends Pick<RecordedOptions, 'from'> {
  /** Their names in the pipeline file. */
  readonly source: readonly string[];
  /** The folder that is to get them. */
  readonly to: string;
  /** The folder may hold other things: they stay, and files of the same name are replaced. */
  readonly force?: boolean | undefined;
}

/** What became of a recorded run that was to be run again. */
export interface Reproduction {
  /** As it was recorded. */
  readonly record: RunRecord;
  /** As it came out now; undefined where something that it needs is missing. */
  readonly reproduced: RunRecord | undefined;
  /** Artifact by artifact; undefined where something is missing, or where it was stopped. */
  readonly verdicts: Verdicts | undefined;
  /** What is otherwise here than it was recorded: machine, packages, tools. */
  readonly differences: readonly FactDifference[];
  /** What is missing, or went wrong. */
  readonly problems: readonly Problem[];
  /** Where what a failed one left lies until the next gc. */
  readonly left: string | undefined;
}

/** A scratch folder for a pack, which is gone afterwards, also where the process ends early. */
async function withScratch<Result>(from: string | undefined, use: (scratch: string) => Promise<Result>): Promise<Result> {
  if (from === undefined) return use('');
  const scratch = mkdtempSync(join(tmpdir(), 'stillroom-'));
  const remove = (): void => void removeTree(scratch);
  process.once('exit', remove);
  try {
    return await use(scratch);
  } finally {
    remove();
    process.off('exit', remove);
  }
}

/** Brings the outputs of a recorded run back; executes nothing. */
export function restoreRun(context: Context, word: string | undefined, options: RestoreOptions): Promise<Outcome<Restored>> {
  return withScratch(options.from, async (scratch) => {
    const remotes = await context.openRemotes();
    if (!remotes.ok) return remotes;
    const recorded = await openRecorded(context, word, options, { scratch, withNeeds: false });
    return recorded.ok ? restoreOutputs(context, recorded.value, options) : recorded;
  });
}

/** Brings sources back as a recorded run read them, however it ended. */
export function restoreSourcesOf(
  context: Context,
  word: string | undefined,
  options: RestoreSourcesOptions,
): Promise<Outcome<RestoredSources>> {
  return withScratch(options.from, async (scratch) => {
    const opened = await openRun(context, word, options, scratch);
    return opened.ok ? restoreSources(context, opened.value, options) : opened;
  });
}

/** Runs a recorded run again from its record alone, in an empty store, and compares what comes out. */
export function reproduceRun(
  context: Context,
  word: string | undefined,
  options: ReproduceOptions,
  emit: (event: Event) => void,
): Promise<Outcome<Reproduction>> {
  return withScratch(options.from, async (scratch) => {
    const recorded = await openRecorded(context, word, options, { scratch, withNeeds: true });
    if (!recorded.ok) return recorded;
    const free = options.to === undefined ? undefined : checkFree(resolve(context.folder, options.to));
    return free?.ok === false ? free : reproduceRecorded(context, recorded.value, options, emit);
  });
}

function unreproduced({ record }: Recorded, problems: readonly Problem[]): Outcome<Reproduction> {
  return done({ record, reproduced: undefined, verdicts: undefined, differences: [], problems, left: undefined });
}

async function reproduceRecorded(
  context: Context,
  recorded: Recorded,
  options: ReproduceOptions,
  emit: (event: Event) => void,
): Promise<Outcome<Reproduction>> {
  const { record, instances } = recorded;
  const found = locateSources(context, recorded, options.source);
  if (!found.ok) return unreproduced(recorded, found.problems);
  const executors = await context.executors();
  if (!executors.ok) return executors;
  const scratch = await openScratch(context, recorded);
  if (!scratch.ok) return unreproduced(recorded, scratch.problems);
  const { remove } = scratch.value;
  const layered = await context.lookingInRemotes(scratch.value.store);
  if (!layered.ok) return layered;
  const store = layered.value;
  const { root, environment } = context;
  const surroundings: Surroundings = {
    root,
    store,
    engines: await loadEngines(),
    executors: executors.value,
    environment,
    found: new Found(),
    provision: provisionOf(environment, { makesLocks: true }),
  };
  let isKept = false;
  try {
    const planned = await planReproduction(record, instances, found.value, surroundings);
    if (!planned.ok) return unreproduced(recorded, planned.problems);
    const asked = { shownFile: record.file, set: record.set, keepGoing: true, earlier: [record] };
    const ended = await runPlan(planned.value.plan, asked, options, emit);
    if (!ended.ok) return ended;
    isKept = ended.value.record.state === 'failed' && options.from === undefined;
    return done({
      ...judged(context, recorded, ended.value, { scratch: scratch.value, to: options.to }),
      differences: planned.value.differences,
      left: isKept ? store.location : undefined,
    });
  } finally {
    if (!isKept) remove();
  }
}

function judged(
  { folder }: Context,
  { record, origin, instances }: Recorded,
  end: RunEnd,
  { scratch: { store }, to }: { readonly scratch: ScratchStore; readonly to: string | undefined },
): Pick<Reproduction, 'record' | 'reproduced' | 'verdicts' | 'problems'> {
  const { record: reproduced, problems } = end;
  if (reproduced.state === 'cancelled') return { record, reproduced, verdicts: undefined, problems };
  const names = instances.map(({ name }) => name);
  const manifest: Parameters<typeof compareRuns>[3] = (digest) => store.artifacts.manifest(digest) ?? origin.artifacts.manifest(digest);
  const verdicts = compareRuns(record, reproduced, names, manifest);
  const { lost } = to === undefined ? { lost: [] } : store.published.placeIn(resolve(folder, to), outputsOf(reproduced, names));
  const damaged = lost.map(({ node, port }): Problem => {
    const message = `${node}.${port} was damaged on the disk before it could be put into ${to}`;
    return { kind: 'store', code: 'missing-content', message, hint: 'reproduce it again into another folder' };
  });
  return { record, reproduced, verdicts, problems: [...problems, ...damaged] };
}

/** An empty store beside the run's own where there is one, with the code and kept sources of a record; nothing else. */
async function openScratch(context: Context, recorded: Recorded): Promise<Outcome<ScratchStore>> {
  const { record, origin, instances } = recorded;
  const nodes = new Set(instances.map(({ name }) => name));
  const reach = await healedReach(context, recorded, { nodes, outputs: false, what: 'done again' });
  if (!reach.ok) return reach;
  for (const name of sourcesOf(instances)) {
    const digest = record.sources[name]?.digest;
    if (digest !== undefined) origin.contents.addSource(digest, reach.value);
  }
  return origin.contents.scratch('reproduce', reach.value, record.format);
}

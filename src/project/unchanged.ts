import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { ifPossible } from '../files/durable.ts';
import { hashFile } from '../files/hash.ts';
import { isObject } from '../files/json.ts';
import { readSealed, writeSealedNote } from '../files/sealed.ts';
import { fileStamp } from '../files/stamp.ts';
import type { Surroundings } from '../engine/fingerprint.ts';
import { areStanding, type Grounds, groundsOf } from '../engine/grounds.ts';
import type { Plan } from '../engine/plan.ts';
import type { RunEnd } from '../engine/run.ts';
import { isStillThere, type UnchangedRun, unchangedRun } from '../engine/unchanged.ts';
import { loadEngines } from '../engines/engines.ts';
import { digestOf } from '../model/canonical.ts';
import { installation } from '../model/installation.ts';
import { systemErrorIn } from '../model/system-failure.ts';
import { type Context, pipelineFile } from './context.ts';
import type { PlanOptions } from './run.ts';
import { asReused, type RunSummary } from './summary.ts';

/** Raise it when what is remembered of a run changes its form, or what a plan looks at. */
const FORMAT = 1;

/** What is remembered of a run in which everything came out, for the next one that is asked for the same. */
interface Note {
  readonly version: string;
  /** SHA-256 of the pipeline file. */
  readonly text: string;
  readonly grounds: Grounds;
  readonly unchanged: UnchangedRun;
  readonly summary: RunSummary;
}

function isNote(value: unknown): value is Note {
  return (
    isObject(value) &&
    typeof value['version'] === 'string' &&
    isObject(value['grounds']) &&
    isObject(value['unchanged']) &&
    isObject(value['summary'])
  );
}

/** Which Stillroom this is: another one may plan otherwise. */
function versionOf(): string {
  const stats = lstatSync(join(installation, 'dist/cli.js'), { bigint: true, throwIfNoEntry: false });
  return `${FORMAT} ${process.version} ${stats === undefined ? '' : fileStamp(stats)}`;
}

/** What is asked, where it is asked: a setting may name a path beside where the command is given. */
function noteFile(
  cache: string,
  asked: { readonly file: string; readonly folder: string; readonly options: PlanOptions; readonly executor: string },
): string {
  const { file, folder, options, executor } = asked;
  const set = options.set ?? [];
  const key = digestOf({ file, executor, set, folder: set.length === 0 ? '' : folder, only: options.only ?? null });
  return join(cache, 'unchanged', `${key}.json`);
}

/** What a run that reuses everything needs. */
export interface FoundUnchanged extends Pick<Note, 'unchanged' | 'summary'> {
  readonly surroundings: Surroundings;
}

/**
 * Looks whether nothing that a run of a pipeline file would look at has changed since everything came out of one that was asked for the same:
 * the file, all that its plan looked up, the results and contents in the store, and the folder of outputs. Undefined where anything is otherwise,
 * or cannot be looked at: then it is for the plan to say what.
 */
export async function findUnchanged(context: Context, file: string, options: PlanOptions): Promise<FoundUnchanged | undefined> {
  try {
    return await look(context, file, options);
  } catch (error) {
    if (systemErrorIn(error) === undefined) throw error;
    return undefined;
  }
}

async function look(context: Context, file: string, options: PlanOptions): Promise<FoundUnchanged | undefined> {
  const { folder, root, environment } = context;
  const absolute = pipelineFile(file, folder);
  if ((options.force ?? []).length > 0 || !existsSync(absolute)) return undefined;
  const store = context.store();
  if (!store.ok || store.value.unwritable !== undefined) return undefined;
  const executors = await context.executors();
  const chosen = executors.ok ? await executors.value.get() : executors;
  if (!executors.ok || !chosen.ok) return undefined;
  const note = readSealed(noteFile(store.value.cache, { file: absolute, folder, options, executor: chosen.value.name }), isNote);
  if (note === undefined || note.version !== versionOf() || hashFile(absolute) !== note.text) return undefined;
  const surroundings = { root, store: store.value, engines: await loadEngines(), executors: executors.value, environment };
  if (!isStillThere(note.unchanged, store.value) || !(await areStanding(note.grounds, surroundings))) return undefined;
  return { unchanged: note.unchanged, summary: note.summary, surroundings };
}

/** Remembers a run in which everything came out; `text`: the digest of its pipeline file when it was read. */
export function rememberUnchanged(
  { plan, summary, text }: { readonly plan: Plan; readonly summary: RunSummary; readonly text: string },
  end: RunEnd,
  { folder, options }: { readonly folder: string; readonly options: PlanOptions },
): void {
  const { pipeline, surroundings } = plan.request;
  if (summary.disturbed.length > 0) return;
  const unchanged = unchangedRun(plan, end);
  if (unchanged === undefined) return;
  const grounds = groundsOf(plan);
  const asked = { file: pipeline.file, folder, options, executor: plan.executor.name };
  const note: Note = { version: versionOf(), text, grounds, unchanged, summary: asReused(summary) };
  ifPossible(() => writeSealedNote(noteFile(surroundings.store.cache, asked), note));
}

import { existsSync } from 'node:fs';
import type { Surroundings } from '../engine/fingerprint.ts';
import { areStanding } from '../engine/grounds.ts';
import { recordUnchanged, standingOf } from '../engine/repeat.ts';
import { loadEngines } from '../engines/engines.ts';
import { ifPossible, writeWhole } from '../files/durable.ts';
import { hashFile } from '../files/hash.ts';
import { summedLine } from '../files/sealed.ts';
import type { Event } from '../model/event.ts';
import { done, type Outcome } from '../model/problem.ts';
import { systemErrorIn } from '../model/system-failure.ts';
import { capacityOf } from './capacity.ts';
import type { Context } from './context.ts';
import { openEvents } from './kept-events.ts';
import { provisionOf } from './provision.ts';
import { isRecipe, locatePipeline } from './pipeline-files.ts';
import type { PlanOptions, RunOptions, RunResult } from './run.ts';
import { softwareOf } from './software.ts';
import { noteFile, notedStanding, readNote, standingFile, type UnchangedNote } from './unchanged-note.ts';

/** What a run that reuses everything needs. */
interface Found extends Pick<UnchangedNote, 'unchanged' | 'summary'> {
  readonly surroundings: Surroundings;
}

/**
 * Looks whether nothing that a run of a pipeline file would look at has changed since everything came out of one that was asked for the same:
 * the file, all that its plan looked up, the results and contents in the store, and the folder of outputs. Undefined where anything is otherwise,
 * or cannot be looked at: then it is for the plan to say what.
 */
async function findUnchanged(context: Context, file: string, options: PlanOptions): Promise<Found | undefined> {
  try {
    return await look(context, file, options);
  } catch (error) {
    if (systemErrorIn(error) === undefined) throw error;
    return undefined;
  }
}

async function look(context: Context, file: string, options: PlanOptions): Promise<Found | undefined> {
  const { folder, root, environment } = context;
  const located = locatePipeline(file, folder);
  const absolute = located.file;
  // Where a recipe's sources lie depends on what lies in the project: that is for the plan to look at.
  if (isRecipe(located)) return undefined;
  // What earlier runs could not send is sent by one that is planned.
  if (context.hasRemotes) return undefined;
  if ((options.force ?? []).length > 0 || options.remeasure === true || options.refreshEnvironment === true || !existsSync(absolute))
    return undefined;
  const store = context.store();
  if (!store.ok || store.value.unwritable !== undefined) return undefined;
  const executors = await context.executors();
  const chosen = executors.ok ? await executors.value.get() : executors;
  if (!executors.ok || !chosen.ok) return undefined;
  const path = noteFile(store.value.cache, { file: absolute, folder, options, executor: chosen.value.name });
  const note = readNote(path);
  if (note === undefined || hashFile(absolute) !== note.text) return undefined;
  const provision = provisionOf(environment);
  const surroundings = { root, store: store.value, engines: await loadEngines(), executors: executors.value, environment, provision };
  if (!(await areStanding(note.grounds, surroundings))) return undefined;
  const noted = notedStanding(path);
  const standing = standingOf(note.unchanged, store.value, noted);
  if (standing === undefined) return undefined;
  // Nothing is said of a store that changed just now.
  if (standing !== '' && standing !== noted) ifPossible(() => writeWhole(standingFile(path), summedLine(standing)));
  return { unchanged: note.unchanged, summary: note.summary, surroundings };
}

/**
 * Runs a pipeline file in which nothing has changed: its run is recorded, and nothing is read, planned or scheduled. Undefined where anything is
 * otherwise than it was.
 */
export async function repeatFile(
  context: Context,
  file: string,
  options: RunOptions,
  emit: (event: Event) => void,
): Promise<Outcome<RunResult> | undefined> {
  const found = await findUnchanged(context, file, options);
  if (found === undefined) return undefined;
  const { unchanged, summary, surroundings } = found;
  const { store, executors } = surroundings;
  const executor = await executors.get();
  const capacity = executor.ok ? capacityOf(options.jobs, executor.value) : executor;
  if (!capacity.ok) return capacity;
  const { id, told, kept } = openEvents(store, options.onEvent, emit);
  try {
    return done({
      ...recordUnchanged(unchanged, store, {
        id,
        set: options.set ?? [],
        software: softwareOf(surroundings.root),
        watchers: [...told, kept],
      }),
      summary,
    });
  } finally {
    await kept.close();
  }
}

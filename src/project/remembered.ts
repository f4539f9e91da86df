import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Surroundings } from '../engine/fingerprint.ts';
import { loadEngines } from '../engines/engines.ts';
import { hashFile } from '../files/hash.ts';
import { openSummed, readText } from '../files/sealed.ts';
import { systemErrorIn } from '../model/system-failure.ts';
import type { Store } from '../model/store.ts';
import type { Context } from './context.ts';
import { isRecipe, locatePipeline } from './pipeline-files.ts';
import { provisionOf } from './provision.ts';
import type { PlanOptions } from './run.ts';
import { type NewestAsked, newestFile, noteFile, readNote, type UnchangedNote } from './unchanged-note.ts';

/** A note of a run, and where it lies. */
export interface FoundNote {
  readonly path: string;
  readonly note: UnchangedNote;
}

/** What is remembered of the runs of a pipeline file. */
export interface Remembered {
  /** SHA-256 of the file as it is now. */
  readonly text: string;
  /** Of the last run that was asked for the same. */
  readonly asked: FoundNote | undefined;
  /** Of the last run, whatever it was asked. */
  readonly newest: FoundNote | undefined;
  readonly surroundings: Surroundings;
}

/** Does what only spares looking things up: where the system refuses it, it is undefined. */
export async function unlessRefused<Value>(work: () => Promise<Value | undefined>): Promise<Value | undefined> {
  try {
    return await work();
  } catch (error) {
    if (systemErrorIn(error) === undefined) throw error;
    return undefined;
  }
}

/** What is remembered of a file's runs, for one that may rely on it; undefined where everything is to be looked up. */
export async function rememberedOf(context: Context, file: string, options: PlanOptions): Promise<Remembered | undefined> {
  const { folder, root, environment } = context;
  const located = locatePipeline(file, folder);
  const absolute = located.file;
  // Where a recipe's sources lie depends on what lies in the project: that is for the plan to look at.
  if (isRecipe(located)) return undefined;
  // What earlier runs could not send is sent by one that is planned.
  if (context.hasRemotes) return undefined;
  if ((options.force ?? []).length > 0 || options.remeasure === true || options.refreshEnvironment === true) return undefined;
  // A pipe would be waited for.
  if (statSync(absolute, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  const store = context.store();
  if (!store.ok || store.value.unwritable !== undefined) return undefined;
  const executors = await context.executors();
  const chosen = executors.ok ? await executors.value.get() : executors;
  if (!executors.ok || !chosen.ok) return undefined;
  const path = noteFile(store.value.cache, { file: absolute, folder, options, executor: chosen.value.name });
  const note = readNote(path);
  const asked = note === undefined ? undefined : { path, note };
  const newest = newestPath(store.value, { file: absolute, executor: chosen.value.name });
  return {
    text: hashFile(absolute),
    asked,
    get newest() {
      return newest === path ? asked : foundNote(newest);
    },
    surroundings: {
      ...{ root, store: store.value, engines: await loadEngines(), executors: executors.value, environment },
      provision: provisionOf(environment),
    },
  };
}

function newestPath(store: Store, asked: NewestAsked): string | undefined {
  const newest = newestFile(store.cache, asked);
  const name = openSummed(readText(newest) ?? '');
  return name === undefined ? undefined : join(dirname(newest), basename(name));
}

function foundNote(path: string | undefined): FoundNote | undefined {
  const note = path === undefined ? undefined : readNote(path);
  return path === undefined || note === undefined ? undefined : { path, note };
}

/** The note of a file's last run, whatever it was asked. */
export function newestNote(store: Store, asked: NewestAsked): FoundNote | undefined {
  return foundNote(newestPath(store, asked));
}

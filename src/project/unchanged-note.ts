import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { Grounds } from '../engine/grounds.ts';
import type { UnchangedRun } from '../engine/repeat.ts';
import { isObject } from '../files/json.ts';
import { fileStamp } from '../files/stamp.ts';
import { digestOf } from '../model/canonical.ts';
import { installation } from '../model/installation.ts';
import type { PlanOptions } from './run.ts';
import type { RunSummary } from './summary.ts';

/** Raise it when what is remembered of a run changes its form, or what a plan looks at. */
const FORMAT = 7;

/** What is remembered of a run in which everything came out, for the next one that is asked for the same. */
export interface UnchangedNote {
  readonly version: string;
  /** SHA-256 of the pipeline file. */
  readonly text: string;
  readonly grounds: Grounds;
  readonly unchanged: UnchangedRun;
  readonly summary: RunSummary;
}

/** Whether a value is such a note. */
export function isUnchangedNote(value: unknown): value is UnchangedNote {
  return (
    isObject(value) &&
    typeof value['version'] === 'string' &&
    isObject(value['grounds']) &&
    isObject(value['unchanged']) &&
    isObject(value['summary'])
  );
}

/** Which Stillroom this is: another one may plan otherwise. */
export function stillroomVersion(): string {
  const stats = lstatSync(join(installation, 'dist/bundle/parts.cjs'), { bigint: true, throwIfNoEntry: false });
  return `${FORMAT} ${process.version} ${stats === undefined ? '' : fileStamp(stats)}`;
}

/** What is asked, where it is asked: a setting may name a path beside where the command is given. */
export function noteFile(
  cache: string,
  asked: { readonly file: string; readonly folder: string; readonly options: PlanOptions; readonly executor: string },
): string {
  const { file, folder, options, executor } = asked;
  const set = options.set ?? [];
  const key = digestOf({ file, executor, set, folder: set.length === 0 ? '' : folder, only: options.only ?? null });
  return join(cache, 'unchanged', `${key}.json`);
}

/** Where it is noted how the store stood when all was there that a note names. */
export function standingFile(note: string): string {
  return note.replace(/\.json$/, '.standing');
}

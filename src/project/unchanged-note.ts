import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { Grounds } from '../engine/grounds.ts';
import type { UnchangedRun } from '../engine/repeat.ts';
import { isObject } from '../files/json.ts';
import { openSummed, readSealed, readText } from '../files/sealed.ts';
import { fileStamp } from '../files/stamp.ts';
import { digestOf } from '../model/canonical.ts';
import { installation } from '../model/installation.ts';
import type { Outline } from '../model/outline.ts';
import type { PlanOptions } from './run.ts';
import type { RunSummary } from './summary.ts';

/** Raise it when what is remembered of a run changes its form, or what a plan looks at. */
const FORMAT = 11;

/** What is remembered of a run in which everything came out, for the next one that is asked for the same. */
export interface UnchangedNote {
  readonly version: string;
  /** SHA-256 of the pipeline file. */
  readonly text: string;
  /** What it was asked. */
  readonly asked: { readonly folder: string; readonly set: readonly string[]; readonly only: readonly string[] | null };
  /** What its file and options say, node by node; only of many nodes. */
  readonly outline?: Outline | undefined;
  readonly grounds: Grounds;
  readonly unchanged: UnchangedRun;
  readonly summary: RunSummary;
}

/** Whether a value is such a note. */
function isUnchangedNote(value: unknown): value is UnchangedNote {
  return (
    isObject(value) &&
    typeof value['version'] === 'string' &&
    isObject(value['asked']) &&
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

/** What is asked, and where: a setting may name a path beside where the command is given. */
interface AskedNote extends NewestAsked {
  readonly folder: string;
  readonly options: PlanOptions;
}

/** A pipeline file, and where it is executed. */
export interface NewestAsked {
  /** Absolute. */
  readonly file: string;
  readonly executor: string;
}

/** The note of the last run that was asked for the same. */
export function noteFile(cache: string, asked: AskedNote): string {
  const { file, folder, options, executor } = asked;
  const set = options.set ?? [];
  const key = digestOf({ file, executor, set, folder: set.length === 0 ? '' : folder, only: options.only ?? null });
  return join(cache, 'unchanged', `${key}.json`);
}

/** Where the name stands of the note of a file's last run, whatever else it was asked. */
export function newestFile(cache: string, { file, executor }: NewestAsked): string {
  return join(cache, 'unchanged', `${digestOf({ file, executor })}.newest`);
}

/** Where it is noted how the store stood when all was there that a note names. */
export function standingFile(note: string): string {
  return note.replace(/\.json$/, '.standing');
}

/** A note that this Stillroom wrote; undefined where there is none. */
export function readNote(note: string): UnchangedNote | undefined {
  const read = readSealed(note, isUnchangedNote);
  return read?.version === stillroomVersion() ? read : undefined;
}

/** How the store stood when it was last noted that all is there; empty where that was not. */
export function notedStanding(note: string): string {
  return openSummed(readText(standingFile(note)) ?? '') ?? '';
}

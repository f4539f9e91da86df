import { chmodSync, lstatSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Artifact } from '../../src/model/artifact.ts';
import { sha256 } from '../../src/model/canonical.ts';
import type { Outcome } from '../../src/model/problem.ts';
import type { Attempt, Ingredients } from '../../src/model/result.ts';
import type { RunRecord } from '../../src/model/run.ts';
import type { Store } from '../../src/model/store.ts';
import { openLocalStore } from '../../src/stores/local/store.ts';
import { emptyFolder, write } from '../folders.ts';

/** The value of something that must have come out well. */
export function value<Value>(outcome: Outcome<Value>): Value {
  if (!outcome.ok) throw new Error(outcome.problems[0]?.message);
  return outcome.value;
}

/** An empty store, and the folder that it lies in. */
export function open(): { store: Store; folder: string } {
  const folder = emptyFolder();
  return { store: value(openLocalStore(join(folder, 'artifacts'))), folder };
}

/** Takes files into the store as the output `model` of a folder. */
export function collect(store: Store, files: Readonly<Record<string, string>>): Outcome<Artifact> {
  const folder = join(emptyFolder(), 'model');
  mkdirSync(folder);
  write(folder, files);
  return store.artifacts.collect(folder, 'dir', '');
}

/** Changes a file's bytes, keeping its size and times, as a bad disk does. */
export function damage(path: string): void {
  const { atime, mtime } = lstatSync(path);
  const bytes = readFileSync(path);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  chmodSync(path, 0o644);
  writeFileSync(path, bytes);
  utimesSync(path, atime, mtime);
}

/** The fingerprint of some work. */
export const workFingerprint = sha256('some work');

/** Keeps an artifact as the result of that work, as a run made it; durably when it has ended. */
export function keptResult(store: Store, model: Artifact, run: string): Promise<Attempt | undefined> {
  const attempt = { outputs: { model }, metrics: {}, run, node: 'student', seconds: 1, facts: {} };
  const ingredients = {} as Ingredients;
  return store.results.keep({ format: 1, fingerprint: workFingerprint, stage: 'train', ingredients, attempts: [attempt] }, sha256('work'));
}

/** The same for who does not wait. */
export function keepResult(store: Store, model: Artifact, run: string): void {
  void keptResult(store, model, run);
}

/** The record of a done run without nodes. */
export function recordOf(id: string): RunRecord {
  const rest = { file: 'demo.yaml', started: '2026-01-01T00:00:00Z', ended: '2026-01-01T00:00:01Z', params: {}, set: [], facts: {} };
  return { format: 1, id, state: 'done', pipeline: 'demo', ...rest, sources: {}, nodes: {} };
}

import { createWriteStream, lstatSync, renameSync, rmSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { syncFile, syncNamed } from '../files/durable.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import type { RunRecord } from '../model/run.ts';
import type { Store } from '../model/store.ts';
import { emptyReach, type Reach } from '../model/upkeep.ts';
import { DamagedContent } from '../stores/local/blobs.ts';
import { systemErrorIn, systemMessage } from '../model/system-failure.ts';
import { writePack } from '../stores/local/pack.ts';
import type { Context } from './context.ts';
import { healedReach } from './heal.ts';
import { outputProblem } from './output-file.ts';
import { openRecorded, type Recorded } from './recorded.ts';
import { locateSources } from './sources.ts';

const STANDARD_OUTPUT = 'the standard output';

/** What a pack holds, and what it is made from. */
export interface PackOptions {
  /** With the outputs, so that they can be restored from it. */
  readonly outputs?: boolean | undefined;
  /** Where sources are that the store does not keep, each as `name=PATH`. */
  readonly source?: readonly string[] | undefined;
}

/** A run that was written as one file. */
export interface Packed {
  readonly record: RunRecord;
  /** Absolute; undefined where it went to a stream. */
  readonly file: string | undefined;
  /** Of the file. */
  readonly bytes: number | undefined;
  readonly blobs: number;
}

/** Writes a run with its code and sources to a file or stream, from which it can be run again anywhere. */
export async function packRun(context: Context, word: string, target: string | Writable, options: PackOptions): Promise<Outcome<Packed>> {
  const recorded = await openRecorded(context, word, {}, { scratch: '', withNeeds: true });
  if (!recorded.ok) return recorded;
  const { record, origin } = recorded.value;
  const scratch = origin.contents.scratch('pack');
  if (!scratch.ok) return scratch;
  try {
    const gathered = await gather(context, recorded.value, scratch.value.store, options);
    if (!gathered.ok) return gathered;
    const file = typeof target === 'string' ? resolve(context.folder, target) : undefined;
    const entries = gathered.value.flatMap(({ from, reach }) => [...from.contents.entries(reach)]);
    const write = (to: Writable): Promise<void> => writePack(recordText(record), entries, to);
    const written = await (file === undefined ? write(target as Writable) : writeTo(file, write)).then(
      () => done(undefined),
      (error: unknown) => unwritten(record, error, file ?? STANDARD_OUTPUT),
    );
    if (!written.ok) return written;
    if (file !== undefined && lstatSync(file).isFile()) syncNamed(file);
    const blobs = new Set(gathered.value.flatMap(({ reach }) => [...reach.blobs])).size;
    return done({ record, file, bytes: file === undefined ? undefined : statSync(file).size, blobs });
  } finally {
    scratch.value.remove();
  }
}

/** Writes a file so that it is seen whole or not at all, or to what else stands there, such as a pipe. */
async function writeTo(file: string, write: (target: Writable) => Promise<void>): Promise<void> {
  if (lstatSync(file, { throwIfNoEntry: false })?.isFile() === false) return write(createWriteStream(file));
  const part = `${file}.part`;
  try {
    await write(createWriteStream(part));
    syncFile(part);
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

/** Content that rots, a disk that is full, a folder that is not there, or a reader that went away before the pack was whole; anything else is a bug. */
function unwritten({ id }: RunRecord, error: unknown, target: string): Outcome<never> {
  if (error instanceof DamagedContent)
    return failed({
      kind: 'store',
      code: 'missing-content',
      message: `the run ${id} cannot be packed: ${error.message}`,
      hint: 'it is in quarantine now: pack the run again, so that it is made again where that is possible',
    });
  const refused = systemErrorIn(error);
  if (refused === undefined) throw error;
  // What is read for it may be what the system refused.
  const isOfTarget = [undefined, target, `${target}.part`].includes(refused.path);
  const said = isOfTarget && target !== STANDARD_OUTPUT ? outputProblem(error, target) : undefined;
  const { message, hint = '' } = said ?? systemMessage(refused, target, 'or write it to another file with --output FILE');
  return failed({ kind: 'usage', code: 'pack-unwritten', message: `the pack of ${id} could not be written: ${message}`, hint });
}

/** The record as it travels: without this machine's paths. */
export function recordText(record: RunRecord): string {
  const sources = Object.fromEntries(
    Object.entries(record.sources).map(([name, { path: _path, ...source }]) => [name, { ...source, kept: true }]),
  );
  return JSON.stringify({ ...record, sources });
}

/** All that the run can be run again from. Sources that the store does not keep are read where they are now. */
export async function gather(
  context: Context,
  recorded: Recorded,
  scratch: Store,
  { outputs = false, source, what = 'packed' }: PackOptions & { readonly what?: string },
): Promise<Outcome<{ from: Store; reach: Reach }[]>> {
  const { record, origin } = recorded;
  const found = locateSources(context, recorded, source);
  if (!found.ok) return found;
  const healed = await healedReach(context, recorded, { nodes: new Set(Object.keys(record.nodes)), outputs, what });
  if (!healed.ok) return healed;
  const reach = healed.value;
  const beside = emptyReach();
  for (const one of found.value.values()) {
    if (origin.contents.addSource(one.snapshot.digest, reach)) continue;
    const kept = scratch.sources.keep({ ...one.source, keep: true }, one.snapshot);
    if (!kept.ok) return kept;
    scratch.contents.addSource(one.snapshot.digest, beside);
  }
  return done([
    { from: origin, reach },
    { from: scratch, reach: beside },
  ]);
}

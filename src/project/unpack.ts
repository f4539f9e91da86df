import { dirname, resolve } from 'node:path';
import { syncFolder, syncTree } from '../files/durable.ts';
import { contradictionIn, readForeignRecord } from '../records/foreign-record.ts';
import { done, type Outcome } from '../model/problem.ts';
import type { RunRecord } from '../model/run.ts';
import type { Store } from '../model/store.ts';
import type { Context } from './context.ts';
import { checkFree } from './into-folder.ts';
import { badPack, readPack } from '../stores/local/pack.ts';
import { openLocalStore } from '../stores/local/store.ts';

/** Opens a pack as a store of its own in an empty folder, with all that it names checked. */
export async function openPack(file: string, folder: string): Promise<Outcome<{ readonly record: RunRecord; readonly origin: Store }>> {
  const unpacked = await readPack(file, folder);
  if (!unpacked.ok) return unpacked;
  const record = readForeignRecord(unpacked.value);
  if (typeof record === 'string') return badPack(file, record);
  const origin = openLocalStore(folder);
  if (!origin.ok) return origin;
  const flaw = origin.value.contents.flawOf(record) ?? contradictionIn(record);
  return flaw === undefined ? done({ record, origin: origin.value }) : badPack(file, flaw);
}

/** Makes of a pack a store in an empty folder, in which its run is found, shown, restored and reproduced like any other. */
export async function unpackRun({ folder }: Context, file: string, to: string): Promise<Outcome<RunRecord>> {
  const target = resolve(folder, to);
  const free = checkFree(target);
  if (!free.ok) return free;
  const opened = await openPack(resolve(folder, file), target);
  if (!opened.ok) return opened;
  const { record, origin } = opened.value;
  syncTree(target);
  syncFolder(dirname(target));
  origin.runs.write(record);
  origin.flush();
  origin.maintenance.leave();
  return done(record);
}

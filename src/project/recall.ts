import { dirname, join } from 'node:path';
import type { RecalledRun } from '../engine/recall.ts';
import { recalledRun } from '../engine/repeat.ts';
import { openSummed, readText } from '../files/sealed.ts';
import type { Store } from '../model/store.ts';
import { systemErrorIn } from '../model/system-failure.ts';
import { newestFile, notedStanding, readNote } from './unchanged-note.ts';

/**
 * The last run of a pipeline file in which everything came out, whatever it was asked, where the store stands as it did after it. Undefined where
 * nothing is remembered, or it cannot be looked at: then every node is looked up.
 */
export function recallRun(store: Store, asked: { readonly file: string; readonly executor: string }): RecalledRun | undefined {
  try {
    const newest = newestFile(store.cache, asked);
    const name = openSummed(readText(newest) ?? '');
    if (name === undefined) return undefined;
    const path = join(dirname(newest), name);
    const note = readNote(path);
    return note && recalledRun(note.unchanged, store, notedStanding(path));
  } catch (error) {
    if (systemErrorIn(error) === undefined) throw error;
    return undefined;
  }
}

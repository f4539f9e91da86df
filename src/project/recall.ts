import type { RecalledRun } from '../engine/recall.ts';
import { recalledRun } from '../engine/repeat.ts';
import type { Store } from '../model/store.ts';
import { newestNote, unlessRefused } from './remembered.ts';
import { type NewestAsked, notedStanding } from './unchanged-note.ts';

/**
 * The last run of a pipeline file in which everything came out, whatever it was asked, where the store stands as it did after it. Undefined where
 * nothing is remembered, or it cannot be looked at: then every node is looked up.
 */
export function recallRun(store: Store, asked: NewestAsked): Promise<RecalledRun | undefined> {
  return unlessRefused(async () => {
    const found = newestNote(store, asked);
    return found && recalledRun(found.note.unchanged, store, notedStanding(found.path));
  });
}

import { areStanding } from '../engine/grounds.ts';
import { recordUnchanged, standingOf } from '../engine/repeat.ts';
import { ifPossible, writeWhole } from '../files/durable.ts';
import { summedLine } from '../files/sealed.ts';
import type { Event } from '../model/event.ts';
import { done, type Outcome } from '../model/problem.ts';
import { capacityOf } from './capacity.ts';
import { openEvents } from './kept-events.ts';
import { type Remembered, unlessRefused } from './remembered.ts';
import type { RunOptions, RunResult } from './run.ts';
import { softwareOf } from './software.ts';
import { notedStanding, standingFile, type UnchangedNote } from './unchanged-note.ts';

/**
 * The note of a run that was asked for the same, where nothing that one would look at has changed since everything came out of it: the file, all
 * that its plan looked up, the results and contents in the store, and the folder of outputs. Undefined where anything is otherwise, or cannot be
 * looked at: then it is for the plan to say what.
 */
function findUnchanged({ asked, text, surroundings }: Remembered): Promise<UnchangedNote | undefined> {
  return unlessRefused(async () => {
    if (asked === undefined || text !== asked.note.text) return undefined;
    const { note, path } = asked;
    if (!(await areStanding(note.grounds, surroundings))) return undefined;
    const noted = notedStanding(path);
    const standing = standingOf(note.unchanged, surroundings.store, noted);
    if (standing === undefined) return undefined;
    // Nothing is said of a store that changed just now.
    if (standing !== '' && standing !== noted) ifPossible(() => writeWhole(standingFile(path), summedLine(standing)));
    return note;
  });
}

/**
 * Runs a pipeline file in which nothing has changed: its run is recorded, and nothing is read, planned or scheduled. Undefined where anything is
 * otherwise than it was.
 */
export async function repeatFile(
  remembered: Remembered,
  options: RunOptions,
  emit: (event: Event) => void,
): Promise<Outcome<RunResult> | undefined> {
  const found = await findUnchanged(remembered);
  if (found === undefined) return undefined;
  const { unchanged, summary } = found;
  const { surroundings } = remembered;
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

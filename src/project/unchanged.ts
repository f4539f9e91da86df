import { basename } from 'node:path';
import { groundsOf } from '../engine/grounds.ts';
import type { Plan } from '../engine/plan.ts';
import type { RunEnd } from '../engine/run.ts';
import { unchangedRun } from '../engine/unchanged.ts';
import { ifPossible, writeWhole } from '../files/durable.ts';
import { summedLine, writeSealedNote } from '../files/sealed.ts';
import type { PlanOptions } from './run.ts';
import { asReused, type RunSummary } from './summary.ts';
import { newestFile, noteFile, stillroomVersion, type UnchangedNote } from './unchanged-note.ts';

/** Remembers a run in which everything came out; `text`: the digest of its pipeline file when it was read. */
export function rememberUnchanged(
  { plan, summary, text }: { readonly plan: Plan; readonly summary: RunSummary; readonly text: string },
  end: RunEnd,
  { folder, options }: { readonly folder: string; readonly options: PlanOptions },
): void {
  const { pipeline, surroundings } = plan.request;
  if (summary.disturbed.length > 0) return;
  const unchanged = unchangedRun(plan, end);
  if (unchanged === undefined) return;
  const grounds = groundsOf(plan);
  const asked = { file: pipeline.file, folder, options, executor: plan.executor.name };
  const file = noteFile(surroundings.store.cache, asked);
  const note: UnchangedNote = { version: stillroomVersion(), text, grounds, unchanged, summary: asReused(summary) };
  writeSealedNote(file, note, 'compact');
  ifPossible(() => writeWhole(newestFile(surroundings.store.cache, asked), summedLine(basename(file))));
}

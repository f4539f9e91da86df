import { basename, dirname } from 'node:path';
import { groundsOf } from '../engine/grounds.ts';
import { unchangedRun } from '../engine/unchanged.ts';
import { ifPossible, writeWhole } from '../files/durable.ts';
import { keepNewest } from '../files/newest.ts';
import { readText, summedLine, writeSealedNote } from '../files/sealed.ts';
import type { Planned, PlanOptions, RunResult } from './run.ts';
import { asReused } from './summary.ts';
import { newestFile, noteFile, stillroomVersion, type UnchangedNote } from './unchanged-note.ts';

/** How a run was asked for. */
export interface Asked {
  readonly folder: string;
  readonly options: PlanOptions;
}

/** Of a pipeline of so few nodes all are read each time. */
const FEW = 200;

/** Remembers a run in which everything came out. */
export function rememberUnchanged(planned: Planned, { summary, ...end }: RunResult, asked: Asked): void {
  const unchanged = unchangedRun(planned.plan, end);
  if (unchanged !== undefined) remember(planned, { unchanged, summary, grounds: groundsOf(planned.plan) }, asked);
}

/** Notes what a run is as long as nothing that counts changes. */
export function remember(
  { opened, plan }: Planned,
  { unchanged, summary, grounds }: Pick<UnchangedNote, 'unchanged' | 'summary' | 'grounds'>,
  { folder, options }: Asked,
): void {
  if (opened.text === undefined || summary.disturbed.length > 0) return;
  const { cache } = opened.store;
  const asked = { file: opened.pipeline.file, folder, options, executor: plan.executor.name };
  const file = noteFile(cache, asked);
  const note: UnchangedNote = {
    version: stillroomVersion(),
    text: opened.text,
    asked: { folder, set: options.set ?? [], only: options.only ?? null },
    outline: unchanged.nodes.length > FEW ? opened.outline() : undefined,
    grounds,
    unchanged,
    summary: asReused(summary),
  };
  writeSealedNote(file, note, 'compact');
  const [newest, name] = [newestFile(cache, asked), summedLine(basename(file))];
  if (readText(newest) !== name) ifPossible(() => writeWhole(newest, name));
  keepNewest(dirname(file));
}

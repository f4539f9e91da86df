import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import type { RunRow } from '../model/run-row.ts';
import { startOfRun } from '../model/run.ts';
import type { Store } from '../model/store.ts';
import type { Objective, SweepResult, Trial, VariantParams } from '../model/sweep.ts';
import { outlineOf } from '../model/sweep-journal.ts';
import { findRun, tagsOf } from '../records/find.ts';
import { findSweep, newestSweeps, sweepSaid, sweepsBeginning } from '../records/find-sweep.ts';
import { rowsWithSweeps } from '../records/rows.ts';
import { SWEEP_FILES } from '../sweep/file-names.ts';
import { type RecordedSweep, recordedSweep } from '../sweep/recorded.ts';
import type { ListedRun } from './records.ts';

/** A sweep in a list. */
export interface ListedSweep {
  /** Its id. */
  readonly sweep: string;
  readonly tags: readonly string[];
  readonly pipeline: string;
  readonly file: string;
  readonly strategy: string;
  readonly state: 'live' | 'done' | 'stopped';
  /** ISO 8601, UTC; null where nothing says it. */
  readonly started: string | null;
  readonly trials: SweepCounts;
  readonly objectives: readonly Objective[];
  /** The best trial; null without an objective, or where none came through and kept the constraints. */
  readonly best: BestTrial | null;
}

/** How the trials of a sweep have ended. */
export interface SweepCounts {
  /** How many there were to be; null where nobody knows. */
  readonly planned: number | null;
  /** Those that came through and keep the constraints. */
  readonly done: number;
  /** Those that came through and break a constraint. */
  readonly infeasible: number;
  /** Those whose budget was spent and that were not promoted. */
  readonly halted: number;
  readonly failed: number;
  /** Those that run, or were stopped. */
  readonly unfinished: number;
}

/** The best trial of a sweep. */
export interface BestTrial {
  readonly trial: number;
  readonly params: VariantParams;
  /** Of the first objective. */
  readonly value: number;
  /** Its first run. */
  readonly run: string | null;
}

/** A sweep with all of its trials. */
export interface ShownSweep extends ListedSweep {
  readonly set: readonly string[];
  readonly result: SweepResult;
  /** Paths of its tables and plots, by what they hold. */
  readonly files: Readonly<Record<string, string>>;
}

function countsOf({ result: { trials }, planned }: RecordedSweep): SweepCounts {
  const count = (fits: (trial: Trial) => boolean): number => trials.filter(fits).length;
  return {
    planned: planned === undefined ? null : Math.max(planned, trials.length),
    done: count(({ state, feasible }) => state === 'done' && feasible),
    infeasible: count(({ state, feasible }) => state === 'done' && !feasible),
    halted: count(({ state }) => state === 'halted'),
    failed: count(({ state }) => state === 'failed'),
    unfinished: count(({ state }) => state === 'unfinished'),
  };
}

function bestOf({ best, spec: { objectives } }: SweepResult): BestTrial | null {
  const [first] = objectives;
  const value = first === undefined ? undefined : best?.metrics[first.metric];
  return best === undefined || value === undefined
    ? null
    : { trial: best.trial, params: best.params, value, run: best.runs[0]?.run ?? null };
}

/** A sweep of a store; undefined where its journal is damaged or of another format. */
function readSweep(store: Store, id: string): ShownSweep | undefined {
  const kept = store.sweeps.read(id);
  const recorded = kept === undefined ? undefined : recordedSweep(id, kept.lines);
  const outline = kept === undefined ? undefined : outlineOf(kept.lines);
  if (kept === undefined || recorded === undefined || outline === undefined) return undefined;
  const { pipeline, file, set, result } = recorded;
  const [first] = [...outline.runs.keys()].sort();
  const files = Object.entries(SWEEP_FILES).map(([what, name]) => [what, join(kept.folder, name)] as const);
  return {
    sweep: id,
    tags: tagsOf(store, id),
    pipeline,
    file,
    strategy: result.spec.strategy,
    state: kept.isLive ? 'live' : result.state,
    started: outline.started ?? (first === undefined ? undefined : startOfRun(first)) ?? null,
    trials: countsOf(recorded),
    objectives: result.spec.objectives,
    best: bestOf(result),
    set,
    result,
    files: Object.fromEntries(files.filter(([, path]) => existsSync(path))),
  };
}

function listed({ set: _set, result: _result, files: _files, ...sweep }: ShownSweep): ListedSweep {
  return sweep;
}

/** All sweeps of a store, the one that was at work last first. */
export function listSweeps(store: Store): readonly ListedSweep[] {
  return newestSweeps(store).flatMap((id) => {
    const sweep = readSweep(store, id);
    return sweep === undefined ? [] : [listed(sweep)];
  });
}

/** A sweep by its id, the beginning of it, a tag or `@latest-sweep`. */
export function showSweep(store: Store, word: string): Outcome<ShownSweep> {
  const found = findSweep(store, word);
  if (!found.ok) return found;
  const sweep = readSweep(store, found.value);
  return sweep === undefined ? failed(unreadable(found.value)) : done(sweep);
}

function unreadable(id: string): Problem {
  const message = `the journal of the sweep ${id} is damaged, or was written by another Stillroom`;
  return {
    kind: 'store',
    code: 'unknown-sweep',
    message,
    hint: 'look at it: stillroom verify; its runs are listed by stillroom runs --trials',
  };
}

/** The sweep that a word means; undefined where it means a run, or nothing. */
export function sweepMeant(store: Store, word: string): Outcome<string | undefined> {
  if (word === '@latest-sweep') return findSweep(store, word);
  const said = sweepSaid(store, word);
  if (said !== undefined) return done(said);
  if (sweepsBeginning(store, word).length === 0 || findRun(store, word).ok) return done(undefined);
  return findSweep(store, word);
}

/** What has run, newest first, with all runs of a sweep as one. */
export function foldedRuns(store: Store, limit: number): readonly (ListedRun | ListedSweep)[] {
  const lines: (ListedRun | ListedSweep)[] = [];
  const folded = new Set<string>();
  for (const row of rowsWithSweeps(store).rows()) {
    const { format: _format, ...run } = row satisfies RunRow;
    if (run.sweep !== null && folded.has(run.sweep)) continue;
    if (lines.length === limit) break;
    const sweep = run.sweep === null ? undefined : readSweep(store, run.sweep);
    if (sweep !== undefined) folded.add(sweep.sweep);
    lines.push(sweep === undefined ? { ...run, tags: tagsOf(store, run.run) } : listed(sweep));
  }
  return lines;
}

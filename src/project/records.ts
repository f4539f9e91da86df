import { baselineOf } from '../records/baseline.ts';
import { commandOf } from '../records/commands.ts';
import { costOf, type RunCost } from '../records/cost.ts';
import {
  type CodeChange,
  compareRecords,
  type MetricChange,
  type OutputChange,
  type RunChange,
  type RunDifference,
} from '../records/compare.ts';
import { withCurrentNames } from '../records/current-names.ts';
import { findRun, tagsOf } from '../records/find.ts';
import { findSweep } from '../records/find-sweep.ts';
import { allMeasuredUnder } from '../records/measured-under.ts';
import { type LineageStep, lineageOf, type LineageOrigin, originsOf } from '../records/lineage.ts';
import { type Noise, seedNoise } from '../records/noise.ts';
import { chosenRows, type RowQuery, rowsWithSweeps } from '../records/rows.ts';
import { compareRuns, type Verdicts } from '../records/verdict.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import type { ReportRun, ToldCommand } from '../model/report.ts';
import type { RunNode, RunRecord } from '../model/run.ts';
import type { RunRow } from '../model/run-row.ts';
import type { Store } from '../model/store.ts';
import type { Context } from './context.ts';

export type {
  CodeChange,
  LineageStep,
  MetricChange,
  Noise,
  OutputChange,
  LineageOrigin,
  RowQuery,
  RunChange,
  RunCost,
  RunDifference,
  Verdicts,
};

/** A run in a list, with the names given to it. */
export interface ListedRun extends Omit<RunRow, 'format'> {
  readonly tags: readonly string[];
}

/** A run with its names and what it took. */
export interface ShownRun {
  readonly record: RunRecord;
  readonly tags: readonly string[];
  readonly cost: RunCost;
  /** What measured metrics were measured under, where that is known: runtime, precision, threads. By `node.metric`. */
  readonly under: Readonly<Record<string, string>>;
  /** Of nodes that were at work when the process of the run was gone: what they printed last. */
  readonly lastLines: Readonly<Record<string, readonly string[]>>;
}

/** What nodes made that can be seen. */
export interface Seen extends Pick<ReportRun, 'plots' | 'confusions' | 'drawn' | 'undrawn'> {
  /** The files that are drawn as plots: `node.port`, with the path of a file in a folder. */
  readonly plotted: readonly string[];
}

/** A run beside the one that it is compared with. */
export interface ComparedRun {
  readonly record: RunRecord;
  readonly difference: RunDifference;
  /** By `node.metric`: how far it moves when nothing but the seed changes. */
  readonly noise: ReadonlyMap<string, Noise>;
}

/** Runs beside the first of them. */
export interface Comparison {
  readonly base: RunRecord;
  readonly runs: readonly ComparedRun[];
}

/** Lines of a log that are shown of a node that did not come to an end. */
const LAST_LINES = 10;

/** What nodes printed last that were at work when the process of their run was gone. */
function lastLinesOf({ runs }: Store, { id, state, nodes }: RunRecord): ShownRun['lastLines'] {
  const cut = state === 'interrupted' ? Object.entries(nodes).filter(([, node]) => node.state === 'cancelled') : [];
  return Object.fromEntries(cut.map(([name]) => [name, runs.lastLines(id, name, LAST_LINES)]));
}

/**
 * Questions to the runs of a project. A run is named by its id, its hash, the beginning of either, a tag, `@latest` or `@best:<metric>`.
 */
export class Records {
  private readonly context: Context;

  constructor(context: Context) {
    this.context = context;
  }

  /** The record of a run: what was asked, what came out, and all that running it again needs. */
  async find(word: string): Promise<Outcome<RunRecord>> {
    return this.context.withStore((store) => findRun(store, word));
  }

  private async findAll(words: readonly string[]): Promise<Outcome<{ readonly store: Store; readonly records: readonly RunRecord[] }>> {
    const store = this.context.store();
    if (!store.ok) return store;
    const records: RunRecord[] = [];
    for (const word of words) {
      const found = findRun(store.value, word);
      if (!found.ok) return found;
      records.push(found.value);
    }
    return done({ store: store.value, records });
  }

  /** Runs as rows of a table: filtered, sorted, the newest first. */
  async list(query: RowQuery = {}): Promise<Outcome<readonly ListedRun[]>> {
    return this.context.withStore((store) => {
      const meaning = (field: string, value: string): Outcome<string> => (field === 'sweep' ? findSweep(store, value) : done(value));
      const rows = chosenRows(rowsWithSweeps(store), query, meaning);
      if (!rows.ok) return rows;
      return done(rows.value.map(({ format: _format, ...row }) => ({ ...row, tags: tagsOf(store, row.run) })));
    });
  }

  /** A run with its names and what it took. */
  async show(word: string): Promise<Outcome<ShownRun>> {
    return this.context.guarded(async () => {
      const found = await this.findAll([word]);
      if (!found.ok) return found;
      const [record] = found.value.records as [RunRecord];
      const { store } = found.value;
      return done({
        record,
        tags: tagsOf(store, record.id),
        cost: costOf(record),
        under: allMeasuredUnder(store.artifacts, record),
        lastLines: lastLinesOf(store, record),
      });
    });
  }

  /** What nodes of a run made that can be seen: plots, tables, texts, pictures. */
  async seen(record: RunRecord, names: readonly string[]): Promise<Outcome<Seen>> {
    return this.context.withStore(async (store) => {
      const { seenOf } = await import('../records/report/seen.ts');
      return done(seenOf(store.artifacts, record, names));
    });
  }

  /** What a node's inputs were. */
  originsOf(record: RunRecord, node: string): readonly LineageOrigin[] {
    return originsOf(record, node);
  }

  /** What the command of a node was, with what it used; undefined: it was none. */
  commandOf({ recipe }: RunNode): ToldCommand | undefined {
    return commandOf(recipe);
  }

  /** What a node comes from, down to the sources. */
  lineageOf(record: RunRecord, node: string): readonly LineageStep[] {
    return lineageOf(record, node);
  }

  /** Only what differs between runs; the first is the one that the others are compared with. */
  async compare(words: readonly string[]): Promise<Outcome<Comparison>> {
    return this.context.guarded(async () => {
      const found = await this.findAll(words);
      if (!found.ok) return found;
      const { store, records } = found.value;
      const [base, ...others] = records;
      if (base === undefined || others.length === 0)
        return failed({ kind: 'usage', code: 'bad-option', message: 'name at least two runs', hint: 'stillroom diff RUN @latest' });
      const rows = [...store.runs.rows()];
      const runs = others.map((record) => ({
        record,
        difference: compareRecords(withCurrentNames(base), withCurrentNames(record), store),
        noise: seedNoise(rows, [base.id, record.id]),
      }));
      store.flush();
      return done({ base, runs });
    });
  }

  /** The run that a run is compared with where nothing else is said: the one tagged `baseline`, else the last one before it that came out otherwise. */
  async baseline(word: string): Promise<Outcome<RunRecord | undefined>> {
    return this.context.withStore((store) => {
      const found = findRun(store, word);
      if (!found.ok) return found;
      const base = baselineOf(store, found.value);
      return base === undefined ? done(undefined) : findRun(store, base);
    });
  }

  /** Compares what came out of two runs artifact by artifact, within the tolerances that the first one's metrics declare. */
  async verdicts(before: string, after: string): Promise<Outcome<Verdicts>> {
    return this.context.guarded(async () => {
      const found = await this.findAll([before, after]);
      if (!found.ok) return found;
      const { store, records } = found.value;
      const [old, now] = records.map(withCurrentNames) as [RunRecord, RunRecord];
      return done(compareRuns(old, now, Object.keys(old.nodes), (digest) => store.artifacts.manifest(digest)));
    });
  }

  /** All that a report shows of runs: metrics, curves, confusion matrices and predictions with their images. Each run once. */
  async report(words: readonly string[]): Promise<Outcome<readonly ReportRun[]>> {
    return this.context.guarded(async () => {
      const found = await this.findAll(words);
      if (!found.ok) return found;
      const { store, records } = found.value;
      const different = new Map(records.map((record) => [record.id, record]));
      const { ReportDesk } = await import('../records/report/data.ts');
      const desk = new ReportDesk(store);
      const runs = [...different.values()].map((record) => desk.report(record));
      store.flush();
      return done(runs);
    });
  }
}

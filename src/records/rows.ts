import { done, failed, type Outcome } from '../model/problem.ts';
import { ambiguousMetric } from './ambiguous.ts';
import { FIELDS, fieldOf, namesOfMetrics, type RunRow } from '../model/run-row.ts';
import type { Runs } from '../model/store.ts';
import type { OfSweep } from '../model/sweep-journal.ts';
import type { Sweeps } from '../model/workplace.ts';
import { suggestion } from '../text/suggestion.ts';
import { formerTrials } from './find-sweep.ts';
import { type Meaning, parseFilter } from './where.ts';

/** Which runs are listed, and in what order. */
export interface RowQuery {
  /** How many at most; default: 20. */
  readonly limit?: number | undefined;
  /** Only those that fit, for example `student.lr<0.01 and accuracy>0.8`. */
  readonly where?: string | undefined;
  /** A param, metric or column; with a minus before it downward. Default: newest first. */
  readonly sort?: string | undefined;
  /** Params, metrics and columns that will be shown; one that no run has is a problem. */
  readonly columns?: readonly string[] | undefined;
}

/** How many runs a list holds where nothing else is asked. */
export const DEFAULT_LIMIT = 20;

/** The runs that a query asks for; `meaning` reads values that its filter compares with. Without filter and order only as many are read as are wanted. */
export function chosenRows(
  runs: Pick<Runs, 'rows'>,
  { limit = DEFAULT_LIMIT, where, sort, columns = [] }: RowQuery,
  meaning?: Meaning,
): Outcome<readonly RunRow[]> {
  const filter = where === undefined ? undefined : parseFilter(where, meaning);
  if (filter !== undefined && !filter.ok) return filter;
  const rows: RunRow[] = [];
  const asked = [...(filter?.value.names ?? []), ...(sort === undefined ? [] : [sort.replace(/^-/, '')]), ...columns];
  const unseen = new Set(asked);
  let example: RunRow | undefined;
  for (const row of runs.rows()) {
    example ??= row;
    for (const name of asked) {
      if (fieldOf(row, name) !== undefined) unseen.delete(name);
      const ambiguous = FIELDS.includes(name) || Object.hasOwn(row.params, name) ? undefined : ambiguousMetric(row, name);
      if (ambiguous !== undefined) return failed(ambiguous);
    }
    if (filter !== undefined && !filter.value.fits((name) => fieldOf(row, name))) continue;
    rows.push(row);
    if (sort === undefined && rows.length === limit && unseen.size === 0) break;
  }
  const strange = [...unseen].find((name) => !FIELDS.includes(name));
  if (strange !== undefined && example !== undefined) {
    const names = [...FIELDS, ...Object.keys(example.params), ...namesOfMetrics(example)];
    const message = `no run has a param, metric or column "${strange}"`;
    return failed({ kind: 'usage', code: 'unknown-column', message, hint: suggestion(strange, names) });
  }
  return done((sort === undefined ? rows : sorted(rows, sort)).slice(0, limit));
}

/** The rows of runs, with the trials that they are of also where only the journal of a sweep says it. */
export function rowsWithSweeps({
  runs,
  sweeps,
}: {
  readonly runs: Pick<Runs, 'rows'>;
  readonly sweeps: Pick<Sweeps, 'ids' | 'read'>;
}): Pick<Runs, 'rows'> {
  return {
    *rows() {
      let former: ReadonlyMap<string, OfSweep> | undefined;
      for (const row of runs.rows()) {
        former ??= formerTrials({ sweeps });
        const own = row.sweep === null ? former.get(row.run) : undefined;
        yield own === undefined ? row : { ...row, sweep: own.id, trial: own.trial };
      }
    },
  };
}

/** Upward by a field, or with a minus before it downward. Runs without it come last. */
function sorted(rows: readonly RunRow[], sort: string): readonly RunRow[] {
  const isDown = sort.startsWith('-');
  const name = sort.replace(/^-/, '');
  const keys = new Map(rows.map((row) => [row, fieldOf(row, name) ?? undefined]));
  return rows.toSorted((a, b) => {
    const [left, right] = [keys.get(a), keys.get(b)];
    if (left === undefined || right === undefined) return Number(left === undefined) - Number(right === undefined);
    const order = compareValues(left, right);
    return isDown ? -order : order;
  });
}

function compareValues(left: unknown, right: unknown): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  const [a, b] = [String(left), String(right)];
  return a < b ? -1 : Number(a > b);
}

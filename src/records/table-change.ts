import { shown } from '../text/figures.ts';
import { readRows, TABLES } from './report/rows.ts';

/** The cells of a table that differ between two versions, where its rows are told apart by the first column. */
export interface TableChange {
  readonly columns: readonly string[];
  /** The rows in which something differs: what they are called, and for each column its values, or one where they are equal. */
  readonly rows: readonly (readonly (readonly [value: string] | readonly [before: string, after: string])[])[];
  /** Rows that are only in one of the versions. */
  readonly added: number;
  readonly gone: number;
  /** All rows of the later version. */
  readonly count: number;
}

/** What differs between two versions of a table; undefined where they are no tables of the same columns whose rows are told apart by the first. */
export function tableChange(before: string, after: string, name: string): TableChange | undefined {
  const suffix = TABLES.find((one) => name.toLowerCase().endsWith(one));
  if (suffix === undefined) return undefined;
  const [old, now] = [before, after].map((text) => readRows(Buffer.from(text), name, suffix));
  if (old?.isWhole !== true || now?.isWhole !== true || now.names.length < 2 || old.names.join('\n') !== now.names.join('\n'))
    return undefined;
  const byName = (rows: readonly (readonly unknown[])[]): Map<string, readonly unknown[]> =>
    new Map(rows.map((row) => [shown(row[0]), row]));
  const [earlier, later] = [byName(old.rows), byName(now.rows)];
  if (earlier.size !== old.rows.length || later.size !== now.rows.length) return undefined;
  const rows = [...later].flatMap(([key, row]) => {
    const past = earlier.get(key);
    const cells = now.names.map((_, column) => {
      const [from, to] = [past?.[column], row[column]];
      return from === to ? ([shown(to)] as const) : ([shown(from), shown(to)] as const);
    });
    return past !== undefined && cells.some(({ length }) => length === 2) ? [cells] : [];
  });
  const missingIn = (all: ReadonlyMap<string, unknown>, others: ReadonlyMap<string, unknown>): number =>
    [...all.keys()].filter((key) => !others.has(key)).length;
  return { columns: now.names, rows, added: missingIn(later, earlier), gone: missingIn(earlier, later), count: now.rows.length };
}

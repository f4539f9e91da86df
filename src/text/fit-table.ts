import { type Line, plainText, strong } from './styled.ts';
import { styledTable } from './table.ts';
import { widthOf } from './width.ts';

/** A column of a table that must fit into a terminal. */
export interface Column {
  readonly title: string;
  /** What stands above it where room is scarce. */
  readonly short?: string;
  readonly cells: readonly Line[];
  readonly isRight?: boolean;
  /** Where room is scarce, those with the smallest number go first; without one it stays. */
  readonly weight?: number;
}

/** A table that fits. */
export interface FittedTable {
  /** The header, then the rows. */
  readonly lines: readonly Line[];
  /** The titles of the columns that there was no room for. */
  readonly leftOut: readonly string[];
}

const BETWEEN = 2;

function widthFor(column: Column, isShort: boolean): number {
  const title = isShort ? (column.short ?? column.title) : column.title;
  return column.cells.reduce<number>((most, cell) => Math.max(most, widthOf(plainText(cell))), widthOf(title));
}

function totalOf(columns: readonly Column[], isShort: boolean): number {
  return columns.reduce((sum, column) => sum + widthFor(column, isShort) + BETWEEN, -BETWEEN);
}

/** Columns as a table that is no wider than a terminal: titles are shortened first, then the least telling columns left out. Without a width all are shown. */
export function fittedTable(columns: readonly Column[], width?: number): FittedTable {
  let kept = columns;
  const leftOut: string[] = [];
  const isShort = width !== undefined && totalOf(columns, false) > width;
  while (width !== undefined && totalOf(kept, isShort) > width) {
    const weights = kept.flatMap(({ weight }) => (weight === undefined ? [] : [weight]));
    const least = Math.min(...weights);
    const index = kept.findLastIndex(({ weight }) => weight === least);
    if (index === -1) break;
    leftOut.unshift(kept[index]?.title ?? '');
    kept = kept.filter((_, place) => place !== index);
  }
  const header = kept.map(({ title, short }) => strong(isShort ? (short ?? title) : title));
  const count = Math.max(0, ...kept.map(({ cells }) => cells.length));
  const rows = Array.from({ length: count }, (_, row) => kept.map(({ cells }) => cells[row] ?? ''));
  const lines = styledTable([header, ...rows], {
    isRight: (column) => kept[column]?.isRight === true,
    ...(width === undefined ? {} : { width }),
  });
  return { lines, leftOut };
}

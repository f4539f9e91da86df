import { figure } from './figures.ts';
import { wrapBelow } from './wrapped.ts';
import { accent, bad, dim, good, type Line, type Styled, warned } from './styled.ts';

/** Points that belong together. */
export interface DotSeries {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** How large a chart is, and whether lines join its points. */
interface DotLayout {
  /** The columns of the terminal; undefined: as many as most have. */
  readonly width: number | undefined;
  readonly isJoined: boolean;
}

const ROWS = 11;
const MOST_COLUMNS = 76;
const USUAL_COLUMNS = 72;

/** Signs of series, by which they are told apart without colours too. */
const SIGNS = ['•', '+', '×', 'o', '*', '#'];
const STYLES: readonly ((text: string) => Styled)[] = [accent, warned, good, bad];

/** Series beyond this many are left out: their signs would come again. */
export const MOST_SERIES: number = SIGNS.length;

function range(values: readonly number[]): readonly [number, number] {
  const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  return low === high ? [low - 1, high + 1] : [low, high];
}

/** Where a value lies on so many places. */
function placeOf(value: number, [low, high]: readonly [number, number], count: number): number {
  return Math.max(0, Math.min(count - 1, Math.round(((value - low) / (high - low)) * (count - 1))));
}

/** Marks the cells that a line from one cell to another passes through. */
function join(from: readonly [number, number], to: readonly [number, number], mark: (column: number, row: number) => void): void {
  const steps = Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]), 1);
  for (let step = 0; step <= steps; step += 1)
    mark(Math.round(from[0] + ((to[0] - from[0]) * step) / steps), Math.round(from[1] + ((to[1] - from[1]) * step) / steps));
}

/** Which series is seen in each cell: the first one that passes through it. */
function cellsOf(
  series: readonly DotSeries[],
  columns: number,
  isJoined: boolean,
): { cells: (number | undefined)[][]; x: readonly [number, number]; y: readonly [number, number] } {
  const all = series.flatMap(({ points }) => points);
  const [x, y] = [range(all.map(([one]) => one)), range(all.map(([, one]) => one))];
  const cells = Array.from({ length: ROWS }, () => Array.from({ length: columns }, (): number | undefined => undefined));
  series.forEach(({ points }, index) => {
    let before: readonly [number, number] | undefined;
    for (const [at, value] of points) {
      const here = [placeOf(at, x, columns), placeOf(value, y, ROWS)] as const;
      join(isJoined && before !== undefined ? before : here, here, (column, row) => {
        const line = cells[row];
        if (line !== undefined) line[column] ??= index;
      });
      before = here;
    }
  });
  return { cells, x, y };
}

/** A chart of points or lines in characters, with the ends of its axes and what each sign is. Empty where there are no points. */
export function dotChart(given: readonly DotSeries[], { width, isJoined }: DotLayout): readonly Line[] {
  const series = given.filter(({ points }) => points.length > 0).slice(0, SIGNS.length);
  if (series.length === 0) return [];
  const ends = range(series.flatMap(({ points }) => points.map(([, value]) => value))).map(figure);
  const margin = Math.max(...ends.map(({ length }) => length)) + 1;
  const columns = Math.max(10, Math.min(width ?? USUAL_COLUMNS, MOST_COLUMNS) - margin - 3);
  const { cells, x } = cellsOf(series, columns, isJoined);
  const paint = (index: number): Line => (STYLES[index] ?? accent)(SIGNS[index] ?? '•');
  const rows = cells.toReversed().map((row, index): Line => {
    const label = index === 0 ? ends[1] : index === ROWS - 1 ? ends[0] : '';
    const last = row.findLastIndex((cell) => cell !== undefined);
    return [dim(`${(label ?? '').padStart(margin)} │`), ...row.slice(0, last + 1).map((cell) => (cell === undefined ? ' ' : paint(cell)))];
  });
  const [from, to] = x.map(figure) as [string, string];
  const axis = `${' '.repeat(margin)} └${'─'.repeat(columns)}`;
  const below = `${' '.repeat(margin + 2)}${from}${to.padStart(Math.max(columns - from.length, to.length + 1))}`;
  const names: readonly Line[] = series.flatMap(({ name }, index) => (name === '' ? [] : [[paint(index), ` ${name}  `]]));
  const left = given.length > series.length ? [dim(`and ${given.length - series.length} more`)] : [];
  const told = [' '.repeat(margin + 2), ...names, ...left];
  return [...rows, dim(axis), dim(below), ...(told.length === 1 ? [] : wrapBelow(told, width, margin + 2))];
}

import type { OutputPlot, PlotSeries } from '../../model/plot.ts';
import { evenly, thinned } from '../../text/thinned.ts';
import type { Rows } from './rows.ts';

/** What is drawn of one table at most. */
const MOST = { series: 40, bars: 60, classes: 60, guessed: 20, points: 4000 };

/** Columns that count, and pairs of columns that are drawn where nothing says how: what is so and what was said, and curves of classifiers. */
const COUNTERS = ['step', 'epoch'];
const TAKEN = ['actual', 'predicted'] as const;
const CURVES = [
  ['fpr', 'tpr'],
  ['recall', 'precision'],
] as const;

/** How a table is drawn: what is declared, with a name for a column that does not stand in the title. */
export type Look = OutputPlot;

/** What a table comes to as a plot, with what stands along its axes, or why it comes to none. */
export type Plotted =
  | { readonly as: 'lines' | 'points'; readonly series: readonly PlotSeries<number>[]; readonly x: string; readonly y: string }
  | { readonly as: 'bars'; readonly series: readonly PlotSeries<string>[]; readonly x: string; readonly y: string }
  | { readonly as: 'confusion'; readonly y: string; readonly classes: readonly string[]; readonly counts: readonly (readonly number[])[] }
  | { readonly as: 'none'; readonly why: string };

/** The largest number that is drawn: beyond it the distance of two is none that a computer has. */
const LARGEST = 1e150;

/** The number that a cell holds; undefined where it is none, or none that can be drawn. */
export function numberOf(cell: unknown): number | undefined {
  if (typeof cell === 'number') return Math.abs(cell) <= LARGEST ? cell : undefined;
  if (typeof cell !== 'string' || cell.trim() === '') return undefined;
  return numberOf(Number(cell));
}

const isNumeric = ({ rows }: Rows, column: number): boolean =>
  rows.some((row) => numberOf(row[column]) !== undefined) &&
  rows.every((row) => {
    const cell = row[column];
    return (
      cell === null ||
      cell === undefined ||
      cell === '' ||
      typeof cell === 'number' ||
      numberOf(cell) !== undefined ||
      /^-?(?:nan|inf)/i.test(String(cell))
    );
  });

/** The plots that a table is known for where nothing says how it is drawn: by the names of its columns. A counted one has a plot for each column. */
export function guessedLooks(table: Rows): readonly Look[] {
  const { names, rows } = table;
  const [actual, predicted] = TAKEN;
  if (names.length === 2 && names.includes(actual) && names.includes(predicted)) return [{ as: 'confusion', x: actual, y: [predicted] }];
  const curve = CURVES.find((pair) => pair.every((name) => names.includes(name) && isNumeric(table, names.indexOf(name))));
  if (curve !== undefined) return [{ x: curve[0], y: [curve[1]] }];
  const counter = COUNTERS.find((name) => names.includes(name));
  // A history, as Keras has it.
  if (counter === undefined && table.isByColumns === true && names.includes('loss')) return looksOver(table, undefined);
  if (counter === undefined || rows.length < 2 || !table.isWhole || !isNumeric(table, names.indexOf(counter))) return [];
  return looksOver(table, counter);
}

/** A plot for each column of numbers, unless there are very many. */
function looksOver(table: Rows, x: string | undefined): readonly Look[] {
  const others = table.names.filter((name, column) => !COUNTERS.includes(name) && isNumeric(table, column));
  return others.length > MOST.guessed ? [] : others.map((name) => ({ ...(x === undefined ? {} : { x }), y: [name], title: name }));
}

function missing(column: string, { names }: Rows): Plotted {
  const listed = names.slice(0, 12).join(', ');
  return { as: 'none', why: `it has no column "${column}" (there are: ${listed}${names.length > 12 ? ' …' : ''})` };
}

/** Points in the order of their x: a line passes from left to right. A curve that was written from right to left is turned. */
function inOrder(points: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  const isTurned = points.length > 1 && (points[0]?.[0] ?? 0) > (points.at(-1)?.[0] ?? 0);
  return (isTurned ? points.toReversed() : [...points]).sort(([a], [b]) => a - b);
}

/** One value for each name: the mean, where a name comes several times. */
function byName(points: readonly (readonly [string, number])[]): readonly (readonly [string, number])[] {
  const found = new Map<string, number[]>();
  for (const [name, value] of points) found.set(name, [...(found.get(name) ?? []), value]);
  return [...found].slice(0, MOST.bars).map(([name, values]) => [name, values.reduce((sum, value) => sum + value, 0) / values.length]);
}

const textOf = (cell: unknown): string => (cell === null || cell === undefined ? '' : String(cell));

/** How often each text of one column stands beside each of the other, in the order of numbers or letters. */
function confusionOf(table: Rows, x: number, y: number): Plotted {
  const pairs = table.rows.map((row) => [textOf(row[x]), textOf(row[y])] as const);
  const classes = [...new Set(pairs.flat())];
  if (classes.length > MOST.classes) return { as: 'none', why: `it has ${classes.length} classes, more than a page has room for` };
  const isNumbers = classes.every((name) => numberOf(name) !== undefined);
  classes.sort(isNumbers ? (a, b) => Number(a) - Number(b) : undefined);
  const counts = classes.map(() => classes.map(() => 0));
  for (const [actual, predicted] of pairs) {
    const row = counts[classes.indexOf(actual)];
    const place = classes.indexOf(predicted);
    if (row !== undefined) row[place] = (row[place] ?? 0) + 1;
  }
  return { as: 'confusion', y: table.names[y] ?? '', classes, counts };
}

/** The column across where none is named: what is so, a name for each bar, or what counts. */
function acrossOf(table: Rows, { as, y = [] }: Look): string | undefined {
  const { names } = table;
  if (as === 'confusion') return names[0];
  if (as === 'bars') return names.find((name, column) => !y.includes(name) && !isNumeric(table, column));
  return COUNTERS.find((name) => names.includes(name));
}

/** Bars may be declared lying, as DVC has them: names upward and their values across. */
function standing(table: Rows, look: Look): Look {
  const { x, y = [], as } = look;
  const [name = ''] = y;
  const column = (of: string): number => table.names.indexOf(of);
  if (as !== 'bars' || x === undefined || y.length !== 1 || column(x) < 0 || column(name) < 0) return look;
  if (isNumeric(table, column(name)) || !isNumeric(table, column(x))) return look;
  const { xLabel, yLabel, ...rest } = look;
  const labels = { ...(yLabel === undefined ? {} : { xLabel: yLabel }), ...(xLabel === undefined ? {} : { yLabel: xLabel }) };
  return { ...rest, ...labels, x: name, y: [x] };
}

/** What is drawn of a table, or why nothing is. */
export function plotted(table: Rows, declared: Look): Plotted {
  const look = standing(table, declared);
  const { names, rows } = table;
  const x = look.x ?? acrossOf(table, look);
  const upward = look.y ?? names.filter((name) => name !== x).slice(-1);
  const absent = [...(x === undefined ? [] : [x]), ...upward].find((name) => !names.includes(name));
  if (absent !== undefined) return missing(absent, table);
  if (upward.length === 0) return { as: 'none', why: `it has one column alone, "${names[0] ?? ''}"` };
  if (upward.length > MOST.series) return { as: 'none', why: `its y names ${upward.length} columns, more than ${MOST.series}` };
  const across = x === undefined ? -1 : names.indexOf(x);
  const columns = upward.map((name) => ({ name: upward.length > 1 ? name : '', column: names.indexOf(name) }));
  if (look.as === 'confusion') return confusionOf(table, across, columns[0]?.column ?? 0);
  const valueless = upward.find((name) => !rows.some((row) => numberOf(row[names.indexOf(name)]) !== undefined));
  if (valueless !== undefined) return { as: 'none', why: `its column "${valueless}" has no numbers` };
  const label = { x: look.xLabel ?? x ?? 'row', y: look.yLabel ?? (upward.length === 1 ? (upward[0] ?? '') : '') };
  const points = <X>(column: number, place: (row: readonly unknown[], index: number) => X | undefined): [X, number][] =>
    rows.flatMap((row, index): [X, number][] => {
      const [at, value] = [place(row, index), numberOf(row[column])];
      return at === undefined || value === undefined ? [] : [[at, value]];
    });
  const isText = across >= 0 && !isNumeric(table, across);
  if (look.as === 'bars' || isText) {
    const name = (row: readonly unknown[], index: number): string => (across < 0 ? String(index + 1) : textOf(row[across]));
    return { as: 'bars', series: columns.map(({ name: own, column }) => ({ name: own, points: byName(points(column, name)) })), ...label };
  }
  const place = (row: readonly unknown[], index: number): number | undefined => (across < 0 ? index : numberOf(row[across]));
  const as = look.as ?? 'lines';
  const series = columns.map(({ name, column }) => {
    const own = points(column, place);
    const shown = as === 'lines' ? thinned(inOrder(own), MOST.points) : evenly(own, MOST.points);
    return { name, points: shown, ...(shown.length < own.length ? { count: own.length } : {}) };
  });
  return { as, series, ...label };
}

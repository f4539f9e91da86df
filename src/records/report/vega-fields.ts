import { isObject } from '../../files/json.ts';
import { figure } from '../../text/figures.ts';
import { valueAxis } from '../../text/axis.ts';
import { numberOf } from './plotted.ts';

/** A row of a specification's data. */
export type Datum = Readonly<Record<string, unknown>>;

const MILLISECONDS_A_DAY = 86_400_000;

/** How data may be summed up here. */
export const SUMMARIES: readonly string[] = ['count', 'sum', 'mean', 'average', 'min', 'max', 'median'];

/** Bins of an axis that says no more than that it has some. */
const BINS = 10;

/** What a channel of an encoding says: which field it shows, and how it is summed up. */
export interface Axis {
  readonly field: string;
  readonly title: string;
  /** It shows amounts, not names. */
  readonly isValue: boolean;
  readonly isBinned: boolean;
  readonly summary: string | undefined;
  number(datum: Datum): number | undefined;
  text(datum: Datum): string;
  /** Where data lie on the axis as numbers, and what they are then; undefined: they have names alone. */
  place(data: readonly Datum[]): { readonly title: string; of(datum: Datum): number | undefined } | undefined;
}

const textOf = (value: unknown): string =>
  value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);

/** A channel of an encoding; undefined where it names no field and counts nothing. */
export function axisOf(channel: unknown): Axis | undefined {
  if (!isObject(channel)) return undefined;
  const { field, type, aggregate, bin, title, timeUnit } = channel as Datum;
  const summary = typeof aggregate === 'string' ? aggregate : undefined;
  if (typeof field !== 'string' && summary !== 'count') return undefined;
  const name = typeof field === 'string' ? field : '';
  const isTime = type === 'temporal' || timeUnit !== undefined;
  const plain = summary === 'count' ? 'count' : summary === undefined ? name : `${summary} of ${name}`;
  const shown = typeof title === 'string' ? title : plain;
  const of = (datum: Datum): unknown => (Object.hasOwn(datum, name) ? datum[name] : undefined);
  return {
    field: name,
    title: shown,
    isValue: summary !== undefined || (type === 'quantitative' && !bin),
    isBinned: Boolean(bin),
    summary,
    number: (datum) => numberOf(of(datum)),
    text: (datum) => textOf(of(datum)),
    place(data) {
      if (data.every((datum) => numberOf(of(datum)) !== undefined || of(datum) === null))
        return { title: shown, of: (datum) => numberOf(of(datum)) };
      const times = isTime ? data.map((datum) => Date.parse(textOf(of(datum)))) : [];
      if (times.length === 0 || times.some(Number.isNaN)) return undefined;
      const first = times.reduce((least, time) => Math.min(least, time));
      const since = new Date(first).toISOString().replace(/T00:00:00\.000Z$/, '');
      return { title: `${shown}, in days from ${since}`, of: (datum) => (Date.parse(textOf(of(datum))) - first) / MILLISECONDS_A_DAY };
    },
  };
}

/** Data by what they have in common, in their order. */
export function groupedBy<Key>(data: readonly Datum[], keyOf: (datum: Datum) => Key): Map<Key, Datum[]> {
  const groups = new Map<Key, Datum[]>();
  for (const datum of data) {
    const key = keyOf(datum);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [datum]);
    else known.push(datum);
  }
  return groups;
}

/** What data come to on an axis: how many, their sum, …; undefined where they have no numbers. Without a word of how, their sum, as stacked bars have. */
export function summary(data: readonly Datum[], axis: Axis): number | undefined {
  if (axis.summary === 'count') return data.length;
  const values = data.flatMap((datum) => axis.number(datum) ?? []).sort((a, b) => a - b);
  if (values.length === 0) return undefined;
  const sum = values.reduce((total, value) => total + value, 0);
  switch (axis.summary) {
    case 'mean':
    case 'average':
      return sum / values.length;
    case 'min':
      return values[0];
    case 'max':
      return values.at(-1);
    case 'median':
      return ((values[Math.floor((values.length - 1) / 2)] ?? 0) + (values[Math.floor(values.length / 2)] ?? 0)) / 2;
    default:
      return sum;
  }
}

/** The name of the bin that a datum is in: round bounds of equal width. */
export function binned(data: readonly Datum[], axis: Axis): (datum: Datum) => string | undefined {
  const { from, marks } = valueAxis(
    data.flatMap((datum) => axis.number(datum) ?? []),
    BINS,
  );
  const width = (marks[1]?.value ?? 1) - (marks[0]?.value ?? 0);
  return (datum) => {
    const value = axis.number(datum);
    if (value === undefined) return undefined;
    const at = Math.min(marks.length - 2, Math.floor((value - from) / width));
    return `${figure(from + at * width)} to ${figure(from + (at + 1) * width)}`;
  };
}

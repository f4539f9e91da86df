import { isObject, parseExtendedJson } from '../../files/json.ts';
import type { Plot, PlotSeries } from '../../model/plot.ts';
import { axisOf, type Axis, binned, type Datum, groupedBy, summary } from './vega-fields.ts';

type Loose = Readonly<Record<string, unknown>>;

/** A plot of a specification; it is called by whoever knows what file it stands in. */
export type VegaPlot = Unplaced<Plot>;

type Unplaced<All> = All extends unknown ? Omit<All, 'of' | 'instance'> : never;

/** What is drawn of a specification, and what of it is not, with why. */
export interface VegaDrawing {
  readonly plots: readonly VegaPlot[];
  readonly undrawn: readonly string[];
}

/** Marks by how they are drawn here; a pie is as readable as bars. */
const MARKS: Readonly<Record<string, 'lines' | 'points' | 'bars' | 'grid'>> = {
  line: 'lines',
  trail: 'lines',
  area: 'lines',
  point: 'points',
  circle: 'points',
  square: 'points',
  bar: 'bars',
  arc: 'bars',
  rect: 'grid',
};

/** What is read of a specification at most. */
const MOST = { views: 20, series: 40, categories: 60 };

/** Why a view is not drawn. */
class Undrawn extends Error {}

/** A view with what those around it say. */
interface View {
  readonly spec: Loose;
  readonly encoding: Loose;
  readonly data: unknown;
  readonly title: string;
}

const objectOf = (value: unknown): Loose => (isObject(value) ? (value as Loose) : {});

function titleOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.filter((line) => typeof line === 'string').join(' ');
  return isObject(value) ? titleOf((value as Loose)['text']) : '';
}

/** The views of a specification: of layers and of what stands side by side, each with the encoding and data around it. */
function viewsOf(spec: Loose, around: Omit<View, 'spec'>): View[] {
  const own = {
    encoding: { ...around.encoding, ...objectOf(spec['encoding']) },
    data: spec['data'] ?? around.data,
    title: titleOf(spec['title']) || around.title,
  };
  const inner = ['layer', 'hconcat', 'vconcat', 'concat'].flatMap((key) =>
    Array.isArray(spec[key]) ? (spec[key] as readonly unknown[]) : [],
  );
  return inner.length === 0 ? [{ spec, ...own }] : inner.slice(0, MOST.views).flatMap((one) => viewsOf(objectOf(one), own));
}

function dataOf(data: unknown, datasets: Loose): readonly Datum[] {
  const { values, url, name } = objectOf(data);
  const found = values ?? (typeof name === 'string' && Object.hasOwn(datasets, name) ? datasets[name] : undefined);
  if (Array.isArray(found)) return found.map((one: unknown) => (isObject(one) ? (one as Datum) : { data: one }));
  if (typeof url === 'string') throw new Undrawn(`its data lie elsewhere (${url}), and a page loads nothing: write them into it`);
  throw new Undrawn('it has no data of its own');
}

/** What tells the series of a view apart: its colour, or what else does. */
function seriesAxis(encoding: Loose): Axis | undefined {
  const channel = ['color', 'stroke', 'fill', 'detail', 'strokeDash', 'shape'].find(
    (one) => typeof objectOf(encoding[one])['field'] === 'string',
  );
  return channel === undefined ? undefined : axisOf(encoding[channel]);
}

/** The series of a view: its data by what tells them apart. */
function seriesOf<X>(
  data: readonly Datum[],
  axis: Axis | undefined,
  points: (own: readonly Datum[]) => PlotSeries<X>['points'],
): PlotSeries<X>[] {
  if (axis === undefined) return [{ name: '', points: points(data) }];
  const groups = [...groupedBy(data, (datum) => axis.text(datum))];
  if (groups.length > MOST.series) throw new Undrawn(`it has ${groups.length} series, more than ${MOST.series}`);
  return groups.map(([name, own]) => ({ name, points: points(own) }));
}

/** One value for each place: what is to be summed up of those that share it. */
function summed<X>(data: readonly Datum[], place: (datum: Datum) => X | undefined, value: Axis): [X, number][] {
  return [...groupedBy(data, place)].flatMap(([at, own]): [X, number][] => {
    const found = at === undefined ? undefined : summary(own, value);
    return at === undefined || found === undefined ? [] : [[at, found]];
  });
}

function bars(data: readonly Datum[], encoding: Loose): Pick<Extract<VegaPlot, { as: 'bars' }>, 'as' | 'series' | 'xLabel' | 'yLabel'> {
  const [x, y] =
    encoding['theta'] === undefined ? [axisOf(encoding['x']), axisOf(encoding['y'])] : [seriesAxis(encoding), axisOf(encoding['theta'])];
  if (x === undefined || y === undefined) throw new Undrawn('it says nothing of x or of y');
  const [category, value] = x.isValue && !y.isValue ? [y, x] : [x, y];
  const apart = seriesAxis(encoding);
  const name = category.isBinned ? binned(data, category) : (datum: Datum) => category.text(datum);
  const ordered = category.isBinned ? [...data].sort((a, b) => (category.number(a) ?? 0) - (category.number(b) ?? 0)) : data;
  const series = seriesOf<string>(ordered, apart?.field === category.field ? undefined : apart, (own) =>
    summed(own, name, value).slice(0, MOST.categories),
  );
  return { as: 'bars', series, xLabel: category.title, yLabel: value.title };
}

function grid(
  data: readonly Datum[],
  encoding: Loose,
): Pick<Extract<VegaPlot, { as: 'grid' }>, 'as' | 'columns' | 'rows' | 'values' | 'xLabel' | 'yLabel'> {
  const [x, y, value] = [axisOf(encoding['x']), axisOf(encoding['y']), axisOf(encoding['color'])];
  if (x === undefined || y === undefined || value === undefined) throw new Undrawn('it says nothing of x, y or colour');
  const names = (axis: Axis): string[] => [...new Set(data.map((datum) => axis.text(datum)))];
  const [columns, rows] = [names(x), names(y)];
  if (columns.length > MOST.categories || rows.length > MOST.categories) throw new Undrawn('it has more cells than a page has room for');
  const cells = groupedBy(data, (datum) => `${rows.indexOf(y.text(datum))} ${columns.indexOf(x.text(datum))}`);
  const values = rows.map((_, row) => columns.map((__, column) => summary(cells.get(`${row} ${column}`) ?? [], value) ?? null));
  return { as: 'grid', columns, rows, values, xLabel: x.title, yLabel: y.title };
}

function drawn({ spec, encoding, data, title }: View, datasets: Loose): VegaPlot {
  const { mark, transform } = spec;
  if (spec['facet'] !== undefined || spec['repeat'] !== undefined || encoding['row'] !== undefined || encoding['column'] !== undefined)
    throw new Undrawn('it repeats a view, which is not drawn here');
  if (Array.isArray(transform) && transform.length > 0) throw new Undrawn('it transforms its data, which is not done here');
  const type = typeof mark === 'string' ? mark : String(objectOf(mark)['type']);
  const as = Object.hasOwn(MARKS, type) ? MARKS[type] : undefined;
  if (as === undefined) throw new Undrawn(`its mark "${type}" is not drawn here`);
  const rows = dataOf(data, datasets);
  if (as === 'bars') return { title, ...bars(rows, encoding) };
  if (as === 'grid') return { title, ...grid(rows, encoding) };
  const [x, y] = [axisOf(encoding['x']), axisOf(encoding['y'])];
  if (x === undefined || y === undefined) throw new Undrawn('it says nothing of x or of y');
  const place = x.place(rows);
  if (place === undefined) return { title, ...bars(rows, encoding) };
  const series = seriesOf<number>(rows, seriesAxis(encoding), (own) => {
    const points =
      y.summary === undefined
        ? own.flatMap((datum): [number, number][] => {
            const [at, value] = [place.of(datum), y.number(datum)];
            return at === undefined || value === undefined ? [] : [[at, value]];
          })
        : summed(own, place.of, y);
    return as === 'points' ? points : points.sort(([a], [b]) => a - b);
  });
  return { title, as, series, xLabel: place.title, yLabel: y.title };
}

/** What is drawn of a specification of Vega-Lite; undefined where the text is none. */
export function vegaLite(bytes: Uint8Array): VegaDrawing | undefined {
  const spec = objectOf(parseExtendedJson(Buffer.from(bytes).toString('utf8')));
  const { $schema } = spec;
  if (typeof $schema !== 'string' || !/\/vega(?:-lite)?\//.test($schema)) return undefined;
  if (!$schema.includes('/vega-lite/'))
    return { plots: [], undrawn: ['it is a specification of Vega, of which only Vega-Lite is drawn here'] };
  const views = viewsOf(spec, { encoding: {}, data: undefined, title: '' });
  const [plots, undrawn]: [VegaPlot[], string[]] = [[], []];
  for (const view of views.slice(0, MOST.views)) {
    try {
      plots.push(drawn(view, objectOf(spec['datasets'])));
    } catch (error) {
      if (!(error instanceof Undrawn)) throw error;
      undrawn.push(error.message);
    }
  }
  return { plots, undrawn };
}

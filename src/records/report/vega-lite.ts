import { evenly, thinned } from '../../text/thinned.ts';
import { parseExtendedJson } from '../../files/json.ts';
import type { Plot, PlotSeries } from '../../model/plot.ts';
import { axisOf, type Axis, binned, type Datum, groupedBy, summary } from './vega-fields.ts';
import { check, dataOf, type Loose, objectOf, partsOf, Undrawn, type View, viewsOf } from './vega-views.ts';

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

/** What is drawn of a view at most. */
const MOST = { series: 40, categories: 60, points: 4000 };

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

/** The names on an axis, those of bins in their order, and which one a datum has. */
function namesOn(data: readonly Datum[], axis: Axis): { readonly names: readonly string[]; readonly of: (datum: Datum) => string } {
  const bin = axis.isBinned ? binned(data, axis) : undefined;
  const of = (datum: Datum): string => (bin === undefined ? axis.text(datum) : (bin(datum) ?? ''));
  const ordered = bin === undefined ? data : [...data].sort((a, b) => (axis.number(a) ?? 0) - (axis.number(b) ?? 0));
  return { names: [...new Set(ordered.map(of))], of };
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
  const [across, upward] = [namesOn(data, x), namesOn(data, y)];
  const [columns, rows] = [across.names, upward.names];
  if (columns.length > MOST.categories || rows.length > MOST.categories) throw new Undrawn('it has more cells than a page has room for');
  const cells = groupedBy(data, (datum) => `${rows.indexOf(upward.of(datum))} ${columns.indexOf(across.of(datum))}`);
  const values = rows.map((_, row) => columns.map((__, column) => summary(cells.get(`${row} ${column}`) ?? [], value) ?? null));
  return { as: 'grid', columns, rows, values, xLabel: x.title, yLabel: y.title };
}

/** Lines or points; bars where what lies across has names alone. */
function numbered(as: 'lines' | 'points', data: readonly Datum[], encoding: Loose): Numbered | ReturnType<typeof bars> {
  const [x, y] = [axisOf(encoding['x']), axisOf(encoding['y'])];
  if (x === undefined || y === undefined) throw new Undrawn('it says nothing of x or of y');
  const place = x.isBinned ? undefined : x.place(data);
  if (place === undefined) return bars(data, encoding);
  const series = seriesOf<number>(data, seriesAxis(encoding), (own) => {
    const points =
      y.summary === undefined
        ? own.flatMap((datum): [number, number][] => {
            const [at, value] = [place.of(datum), y.number(datum)];
            return at === undefined || value === undefined ? [] : [[at, value]];
          })
        : summed(own, place.of, y);
    return as === 'points'
      ? evenly(points, MOST.points)
      : thinned(
          points.sort(([a], [b]) => a - b),
          MOST.points,
        );
  });
  return { as, series, xLabel: place.title, yLabel: y.title };
}

type Numbered = Pick<Extract<VegaPlot, { as: 'lines' | 'points' }>, 'as' | 'series' | 'xLabel' | 'yLabel'>;

function drawn(view: View, datasets: Loose): VegaPlot[] {
  const { mark, encoding } = view;
  check(view);
  const type = typeof mark === 'string' ? mark : String(objectOf(mark)['type']);
  const as = Object.hasOwn(MARKS, type) ? MARKS[type] : undefined;
  if (as === undefined) throw new Undrawn(`its mark "${type}" is not drawn here`);
  return partsOf(dataOf(view, datasets), view).map(([name, data]): VegaPlot => {
    const title = [view.title, name].filter((part) => part !== '').join(': ');
    if (as === 'bars') return { title, ...bars(data, encoding) };
    return as === 'grid' ? { title, ...grid(data, encoding) } : { title, ...numbered(as, data, encoding) };
  });
}

/** Points that lie on the lines of another layer are those lines' own. */
function withoutDoubles(plots: readonly VegaPlot[]): readonly VegaPlot[] {
  const key = ({ title, xLabel, yLabel, ...plot }: VegaPlot): string =>
    JSON.stringify([
      title,
      xLabel,
      yLabel,
      'series' in plot && plot.series.map(({ name, points }) => [name, points.toSorted(([a], [b]) => Number(a) - Number(b))]),
    ]);
  const lines = new Set(plots.flatMap((plot) => (plot.as === 'lines' ? [key(plot)] : [])));
  return plots.filter((plot) => plot.as !== 'points' || !lines.has(key(plot)));
}

/** What is drawn of a specification of Vega-Lite; undefined where the text is none. A view without a title is called `name`. */
export function vegaLite(bytes: Uint8Array, name: string): VegaDrawing | undefined {
  const spec = objectOf(parseExtendedJson(Buffer.from(bytes).toString('utf8')));
  const { $schema } = spec;
  if (typeof $schema !== 'string' || !/\/vega(?:-lite)?\//.test($schema)) return undefined;
  if (!$schema.includes('/vega-lite/'))
    return { plots: [], undrawn: ['it is a specification of Vega, of which only Vega-Lite is drawn here'] };
  const [plots, undrawn]: [VegaPlot[], string[]] = [[], []];
  for (const view of viewsOf(spec, name)) {
    try {
      plots.push(...drawn(view, objectOf(spec['datasets'])));
    } catch (error) {
      if (!(error instanceof Undrawn)) throw error;
      undrawn.push(error.message);
    }
  }
  return { plots: withoutDoubles(plots), undrawn };
}

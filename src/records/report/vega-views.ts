import { isObject } from '../../files/json.ts';
import { axisOf, type Datum, groupedBy, SUMMARIES } from './vega-fields.ts';

/** A mapping of JSON whose members are not known. */
export type Loose = Readonly<Record<string, unknown>>;

/** Why a view is not drawn. */
export class Undrawn extends Error {}

/** A view with what those around it say. */
export interface View {
  readonly mark: unknown;
  readonly encoding: Loose;
  readonly data: unknown;
  readonly title: string;
  /** The channels of the fields for each of whose values it is repeated. */
  readonly facets: readonly unknown[];
  /** Transforms of its data, its own and those around it. */
  readonly transforms: readonly unknown[];
  readonly isRepeated: boolean;
}

/** What is read of a specification at most: views, and parts of one that is repeated. */
const MOST = { views: 20, parts: 12 };

/** A member that is a mapping; an empty one where it is none. */
export const objectOf = (value: unknown): Loose => (isObject(value) ? (value as Loose) : {});

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function titleOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.filter((line) => typeof line === 'string').join(' ');
  return isObject(value) ? titleOf((value as Loose)['text']) : '';
}

/** The views of a specification: of layers and of what stands side by side or is repeated, each with what is said around it. */
export function viewsOf(spec: Loose, title: string): readonly View[] {
  const around = { mark: undefined, encoding: {}, data: undefined, title, facets: [], transforms: [], isRepeated: false };
  return below(spec, around).slice(0, MOST.views);
}

function below(spec: Loose, around: View): readonly View[] {
  const { row, column, facet, ...encoding } = { ...around.encoding, ...objectOf(spec['encoding']) } as Loose;
  const outer = objectOf(spec['facet']);
  const outerFacets = typeof outer['field'] === 'string' ? [outer] : [outer['row'], outer['column']];
  const view: View = {
    mark: spec['mark'],
    encoding,
    data: spec['data'] ?? around.data,
    title: titleOf(spec['title']) || around.title,
    facets: [...around.facets, ...outerFacets, row, column, facet].filter((one) => one !== undefined),
    transforms: [...around.transforms, ...listOf(spec['transform'])],
    isRepeated: around.isRepeated || spec['repeat'] !== undefined,
  };
  const inner = [
    ...['layer', 'hconcat', 'vconcat', 'concat'].flatMap((key) => listOf(spec[key])),
    ...(isObject(spec['spec']) ? [spec['spec']] : []),
  ];
  return inner.length === 0 ? [view] : inner.slice(0, MOST.views).flatMap((one) => below(objectOf(one), view));
}

/** Refuses what would be drawn otherwise than it is meant. */
export function check({ encoding, transforms, isRepeated }: View): void {
  if (isRepeated) throw new Undrawn('it repeats a view over fields, which is not drawn here');
  if (transforms.length > 0) throw new Undrawn('it transforms its data, which is not done here');
  for (const channel of Object.values(encoding)) {
    const { timeUnit, impute, aggregate } = objectOf(channel);
    if (timeUnit !== undefined) throw new Undrawn('it groups times, which is not done here');
    if (impute !== undefined) throw new Undrawn('it fills gaps, which is not done here');
    if (aggregate !== undefined && !(typeof aggregate === 'string' && SUMMARIES.includes(aggregate)))
      throw new Undrawn(`it sums up by ${JSON.stringify(aggregate)}, which is not done here`);
  }
}

/** The data that a view holds. */
export function dataOf({ data }: View, datasets: Loose): readonly Datum[] {
  const { values, url, name } = objectOf(data);
  const found = values ?? (typeof name === 'string' && Object.hasOwn(datasets, name) ? datasets[name] : undefined);
  if (Array.isArray(found)) return found.map((one: unknown) => (isObject(one) ? (one as Datum) : { data: one }));
  if (typeof url === 'string') throw new Undrawn(`its data lie elsewhere (${url}), and a page loads nothing: write them into it`);
  throw new Undrawn('it has no data of its own');
}

/** The parts of data for each of which a view is repeated, with what they are called; all under no name where it is not. */
export function partsOf(data: readonly Datum[], { facets }: View): readonly (readonly [name: string, data: readonly Datum[]])[] {
  const axes = facets.flatMap((channel) => axisOf(channel) ?? []);
  if (axes.length === 0) return [['', data]];
  const parts = [...groupedBy(data, (datum) => axes.map((axis) => `${axis.title} ${axis.text(datum)}`).join(', '))];
  if (parts.length > MOST.parts) throw new Undrawn(`it repeats a view ${parts.length} times, more than ${MOST.parts}`);
  return parts;
}

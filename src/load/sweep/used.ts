import type { Json, JsonObject } from '../../model/json.ts';
import { sourcesOf } from '../../model/pipeline.ts';
import type { VariantParams } from '../../model/sweep.ts';
import { pointerStep } from '../../text/json-pointer.ts';
import { isFull } from '../pipeline/context.ts';
import { findParam, type SweepContext } from './space.ts';

/** A param that a sweep sets, and where that is written. */
interface SetParam {
  readonly name: string;
  readonly pointer: string;
}

/** All params that a sweep sets, and where. */
export function paramsSet(varied: Readonly<Record<string, Json>> | readonly VariantParams[], repeats: JsonObject): SetParam[] {
  const under = (pointer: string, names: object): SetParam[] =>
    Object.keys(names).map((name) => ({ name, pointer: `${pointer}${pointerStep(name)}` }));
  const ofVaried = Array.isArray(varied)
    ? varied.flatMap((variant: VariantParams, index) => under(`/sweep/variants/${index}`, variant))
    : under('/sweep/over', varied);
  return [...ofVaried, ...under('/sweep/repeats', repeats)];
}

/** Keys of a node in which `$name` is no reference to a param of the pipeline: commands find their variables there. */
const UNREAD = ['run', 'python', 'notebook', 'uses', 'tools'];

/** The names of all that texts may refer to; where in doubt a name too many. */
function referencesIn(value: Json): string[] {
  if (typeof value === 'string') return [...value.matchAll(/\$\{?([A-Za-z_][\w-]*)/g)].map(([, name = '']) => name);
  if (value === null || typeof value !== 'object') return [];
  return Object.values(value as JsonObject).flatMap(referencesIn);
}

/** The pipeline's params that what runs depends on: its nodes, the paths of its sources, and values from options. */
function paramsRead({ stages, sources, pipeline }: SweepContext, given: Json): Set<string> {
  const ofNodes = Object.values(stages as Readonly<Record<string, JsonObject>>).flatMap((node) => [
    ...Object.keys((node['when'] ?? {}) as JsonObject).map((name) => name.split('.')[0] ?? name),
    ...referencesIn(Object.fromEntries(Object.entries(node).filter(([key]) => !UNREAD.includes(key)))),
  ]);
  const ofSources = sourcesOf(pipeline.instances).flatMap((name) => referencesIn(sources[name] ?? null));
  return new Set([...ofNodes, ...ofSources, ...referencesIn(given)]);
}

/**
 * Refuses params that nothing depends on that the variants run: `running` is the pipeline as far as it runs, and `given` all that options and
 * the sweep itself set. Names that are unknown are left to others.
 */
export function checkUsed(params: readonly SetParam[], context: SweepContext, running: SweepContext, given: Json): void {
  const read = paramsRead(running, given);
  const names = new Set(running.pipeline.instances.map(({ name }) => name));
  const sources = sourcesOf(running.pipeline.instances);
  const isUsed = (name: string): boolean => {
    const found = findParam(name, '', { ...context, problems: [] });
    if (found === undefined) return true;
    if (found.of === 'pipeline') return read.has(found.param);
    if (found.of === 'sources') return sources.includes(found.param);
    return found.instances.length === 0 || found.instances.some((instance) => names.has(instance.name));
  };
  const isNarrow = running.pipeline.instances.length < context.pipeline.instances.length;
  const hint = isNarrow ? 'leave it out, or let the variants run further: see "only"' : 'leave it out, or refer to it in a node';
  for (const { name, pointer } of params) {
    if (isFull(context)) break;
    if (isUsed(name)) continue;
    const message = `no node that the variants run depends on "${name}"`;
    context.problems.push(context.locate.problem('unused-param', message, pointer, 'key', hint));
  }
}

import { settableSchemas, takersOf } from '../pipeline/params.ts';
import { meets } from '../../model/condition.ts';
import { splitName } from '../../model/instance-name.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Pipeline } from '../../model/pipeline.ts';
import type { Dimension } from '../../model/sweep.ts';
import { findParam, type NodeParams, type SweepContext } from './space.ts';

/** Reads what is to be known of the stages whose params a sweep reaches into, by node. */
export async function paramsOfNodes(names: readonly string[], pipeline: Pipeline, cache: string): Promise<ReadonlyMap<string, NodeParams>> {
  const named = names.flatMap((name) => {
    const { node = '', rest = '' } = splitName(name) ?? {};
    const [param, ...path] = rest.split('.').slice(1);
    return param === undefined || path.length === 0 ? [] : [{ node, param, path }];
  });
  const found = new Map<string, NodeParams>();
  for (const node of new Set(named.map((one) => one.node))) {
    const work = pipeline.instances.find((instance) => instance.node === node)?.work;
    if (work?.kind !== 'stage') continue;
    const own = named.filter((one) => one.node === node);
    found.set(node, { schemas: await settableSchemas(work, own, cache), takers: await takersOf(work, cache) });
  }
  return found;
}

/** The name of a choice that is written by its name or as a mapping. */
function nameOf(value: Json | undefined): string | undefined {
  const name = value !== null && typeof value === 'object' ? (value as JsonObject)['name'] : value;
  return typeof name === 'string' ? name : undefined;
}

/** Refuses a param of a choice that is varied where a choice that has no such param may be made. */
export function checkChoices(dimensions: readonly Dimension[], pointerOf: (name: string) => string, context: SweepContext): void {
  for (const dimension of dimensions) {
    const found = findParam(dimension.name, '', { ...context, problems: [] });
    const [knob, ...deeper] = found?.path ?? [];
    const takers = context.nodes.get(found?.instances[0]?.node ?? '')?.takers[found?.param ?? ''];
    if (found === undefined || takers === undefined || knob === undefined || knob === 'name' || deeper.length > 0) continue;
    const whole = dimension.name.slice(0, -(knob.length + 1));
    const chosen = dimensions.find(({ name }) => name === whole || name === `${whole}.name`);
    const names = chosen === undefined ? found.instances.map(({ params }) => params[found.param]) : valuesBeside(dimension, chosen);
    // What another condition makes of the choice is known only once a variant is read.
    if (chosen === undefined && Object.keys(dimension.when).length > 0) continue;
    const without = names.map(nameOf).find((name) => name !== undefined && takers[name]?.includes(knob) === false);
    if (without === undefined) continue;
    const owners = Object.keys(takers).filter((name) => takers[name]?.includes(knob) === true);
    const only = owners.length === 1 ? owners[0] : `[${owners.join(', ')}]`;
    const hint =
      chosen === undefined
        ? `it belongs to ${owners.join(', ')}: choose that, or vary ${whole} too and write when: { ${whole}: ${only} }`
        : `it belongs to ${owners.join(', ')}: write when: { ${chosen.name}: ${only} }`;
    const message = `"${without}" has no param "${knob}"`;
    context.problems.push(context.locate.problem('unknown-param', message, pointerOf(dimension.name), 'key', hint));
  }
}

/** The values of the choice beside which a param of it is varied. */
function valuesBeside({ when }: Dimension, { name, domain }: Dimension): readonly Json[] {
  const values = domain.kind === 'choice' ? domain.values : [];
  const condition = when[name];
  return condition === undefined ? values : values.filter((value) => meets(value, condition));
}

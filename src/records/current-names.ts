import { instanceName } from '../model/instance-name.ts';
import { ATTRIBUTES_SINCE, type Recipe, type RunNode, type RunRecord } from '../model/run.ts';

/** A record with its nodes called as they would be now: in the first format, a text that could be something else stood in a name as it is. */
export function withCurrentNames(record: RunRecord): RunRecord {
  if (record.format >= ATTRIBUTES_SINCE) return record;
  const names = new Map(
    Object.entries(record.nodes).map(([name, { recipe }]) => [name, recipe === undefined ? name : instanceName(recipe.node, recipe.key)]),
  );
  const nodes = Object.entries(record.nodes).map(([name, node]): [string, RunNode] => [
    names.get(name) ?? name,
    node.recipe === undefined ? node : { ...node, recipe: withNames(node.recipe, names) },
  ]);
  return { ...record, nodes: Object.fromEntries(nodes) };
}

function withNames(recipe: Recipe, names: ReadonlyMap<string, string>): Recipe {
  const inputs = recipe.inputs.map((input) => ({
    ...input,
    elements: input.elements.map((element) => {
      const { origin } = element;
      return origin.kind === 'source'
        ? element
        : { ...element, origin: { ...origin, instance: names.get(origin.instance) ?? origin.instance } };
    }),
  }));
  return { ...recipe, inputs };
}

import { splitName } from './instance-name.ts';

/** The node of an instance, by the instance's printed name. */
export function nodeOf(instance: string): string {
  return splitName(instance)?.node ?? instance;
}

/**
 * Names of instances in few words, each node once in the order of its first: `prepare`, `teacher × 5`, `teacher × 3 of 5` where others of its
 * instances are not among them (`totals`: how many each node has), `teacher[fold=2]` where it is a single one.
 */
export function foldedNames(instances: readonly string[], totals: ReadonlyMap<string, number> = new Map()): string[] {
  const byNode = new Map<string, string[]>();
  for (const name of instances) {
    const node = nodeOf(name);
    const known = byNode.get(node);
    if (known === undefined) byNode.set(node, [name]);
    else known.push(name);
  }
  return [...byNode].map(([node, names]) => {
    const total = totals.get(node) ?? names.length;
    if (names.length === 1) return names[0] ?? node;
    return `${node} × ${names.length}${names.length < total ? ` of ${total}` : ''}`;
  });
}

/** How many instances each node has. */
export function instanceCounts(instances: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of instances) counts.set(nodeOf(name), (counts.get(nodeOf(name)) ?? 0) + 1);
  return counts;
}

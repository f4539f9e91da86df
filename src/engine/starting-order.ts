import type { Expected } from '../model/event.ts';
import { producersOf } from '../model/pipeline.ts';
import type { Plan } from './plan.ts';

/** What a node of which nothing is known takes: as much as most of those of which something is. Without any, nodes are counted. */
function usualSeconds(expected: ReadonlyMap<string, Expected>): number {
  const known = [...expected.values()].map(({ seconds }) => seconds).sort((a, b) => a - b);
  return known[Math.floor(known.length / 2)] ?? 1;
}

/**
 * In which order nodes begin that could begin at once, as their places in it: those first from which the longest way leads to the end, in
 * seconds as far as it is known what nodes take (the upward rank of HEFT; Topcuoglu, Hariri and Wu, 2002); else in the order of the plan.
 */
export function startingOrder({ nodes }: Plan, expected: ReadonlyMap<string, Expected> = new Map()): ReadonlyMap<string, number> {
  const usual = usualSeconds(expected);
  const ranks = new Map<string, number>();
  for (const { prepared, settled } of [...nodes.values()].reverse()) {
    const { instance } = prepared;
    const own = settled === undefined ? (expected.get(instance.name)?.seconds ?? usual) : 0;
    // So far it holds the longest way on from the node.
    const rank = own + (ranks.get(instance.name) ?? 0);
    ranks.set(instance.name, rank);
    for (const from of producersOf(instance)) if (rank > (ranks.get(from) ?? 0)) ranks.set(from, rank);
  }
  const names = [...nodes.keys()].sort((a, b) => (ranks.get(b) ?? 0) - (ranks.get(a) ?? 0));
  return new Map(names.map((name, place) => [name, place]));
}

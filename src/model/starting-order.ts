/** A node, and what it takes as far as it is known: 0 for one that is reused. */
export interface Startable {
  readonly name: string;
  /** The nodes that it takes inputs from; they stand before it. */
  readonly after: readonly string[];
  readonly seconds: number | undefined;
}

/** What a node of which nothing is known takes: as much as most of those of which something is. Without any, nodes are counted. */
function usualSeconds(nodes: readonly Startable[]): number {
  const known = nodes.flatMap(({ seconds = 0 }) => (seconds > 0 ? [seconds] : [])).sort((a, b) => a - b);
  return known[Math.floor(known.length / 2)] ?? 1;
}

/**
 * The order in which nodes begin that could begin at once: those first from which the longest way leads to the end, in seconds as far as it is
 * known what nodes take (the upward rank of HEFT; Topcuoglu, Hariri and Wu, 2002); else in the order in which they stand.
 */
export function inStartingOrder<Node>(nodes: readonly Node[], startableOf: (node: Node) => Startable): Node[] {
  const startables = nodes.map(startableOf);
  const usual = usualSeconds(startables);
  const ranks = new Map<string, number>();
  for (const { name, after, seconds = usual } of startables.toReversed()) {
    // So far it holds the longest way on from the node.
    const rank = seconds + (ranks.get(name) ?? 0);
    ranks.set(name, rank);
    for (const from of after) if (rank > (ranks.get(from) ?? 0)) ranks.set(from, rank);
  }
  const ranked = nodes.map((node, index) => ({ node, rank: ranks.get(startables[index]?.name ?? '') ?? 0 }));
  return ranked.sort((a, b) => b.rank - a.rank).map(({ node }) => node);
}

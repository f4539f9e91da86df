/** A graph's node with its place; those without a name only lead long edges through a layer. */
export interface Placed {
  readonly name: string;
  readonly layer: number;
  /** Centre. */
  readonly x: number;
  readonly y: number;
}

/** An edge as the points that it goes through. */
export interface Route {
  readonly from: string;
  readonly to: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** Where the nodes and edges of a graph lie; lengths are pixels. */
export interface GraphLayout {
  readonly nodes: readonly Placed[];
  readonly routes: readonly Route[];
  readonly width: number;
  readonly height: number;
}

interface Item {
  readonly id: string;
  readonly name: string;
  readonly layer: number;
  readonly upstream: string[];
  readonly downstream: string[];
}

const PASSES = 8;

/** Layers by longest path; producers stand before consumers in `nodes`. */
function layersOf(nodes: readonly { readonly name: string; readonly after: readonly string[] }[]): Map<string, number> {
  const layers = new Map<string, number>();
  for (const { name, after } of nodes) layers.set(name, Math.max(-1, ...after.map((from) => layers.get(from) ?? -1)) + 1);
  return layers;
}

/** Items of all nodes, and of passages through the layers between an edge's ends: one for all edges from a node. */
function itemsOf(nodes: readonly { readonly name: string; readonly after: readonly string[] }[]): {
  items: Map<string, Item>;
  chains: Map<string, string[]>;
} {
  const layers = layersOf(nodes);
  const items = new Map<string, Item>();
  const chains = new Map<string, string[]>();
  const add = (id: string, name: string, layer: number): void => void items.set(id, { id, name, layer, upstream: [], downstream: [] });
  for (const { name } of nodes) add(name, name, layers.get(name) ?? 0);
  for (const { name, after } of nodes) {
    for (const from of after) {
      if (!layers.has(from)) continue;
      const chain = [from];
      for (let layer = (layers.get(from) ?? 0) + 1; layer < (layers.get(name) ?? 0); layer += 1) {
        const id = `${from}\n${layer}`;
        if (!items.has(id)) add(id, '', layer);
        chain.push(id);
      }
      chain.push(name);
      chains.set(`${from}\n${name}`, chain);
      for (let index = 1; index < chain.length; index += 1) {
        const [upper = '', lower = ''] = [chain[index - 1], chain[index]];
        if (items.get(upper)?.downstream.includes(lower) === true) continue;
        items.get(upper)?.downstream.push(lower);
        items.get(lower)?.upstream.push(upper);
      }
    }
  }
  return { items, chains };
}

/**
 * Places a graph in layers from top to bottom, crossing few edges: K. Sugiyama, S. Tagawa and M. Toda, "Methods for Visual Understanding of
 * Hierarchical System Structures", IEEE SMC 11 (1981), with barycentres.
 */
export function layOut(
  nodes: readonly { readonly name: string; readonly after: readonly string[] }[],
  size: { readonly width: number; readonly height: number; readonly passage: number },
): GraphLayout {
  const { items, chains } = itemsOf(nodes);
  const rows: string[][] = [];
  for (const { id, layer } of items.values()) {
    rows[layer] ??= [];
    rows[layer].push(id);
  }
  const widthOf = (id: string): number => (items.get(id)?.name === '' ? size.passage : size.width);
  const centres = new Map<string, number>();
  const total = Math.max(size.width, ...rows.map((row) => row.reduce((sum, id) => sum + widthOf(id), 0)));
  const spread = (row: readonly string[]): void => {
    let x = (total - row.reduce((sum, id) => sum + widthOf(id), 0)) / 2;
    for (const id of row) {
      centres.set(id, x + widthOf(id) / 2);
      x += widthOf(id);
    }
  };
  for (const row of rows) spread(row);
  for (let pass = 0; pass < PASSES; pass += 1) {
    const isDown = pass % 2 === 0;
    for (const row of isDown ? rows : rows.toReversed()) {
      const mean = (id: string): number => {
        const near = (isDown ? items.get(id)?.upstream : items.get(id)?.downstream) ?? [];
        return near.length === 0 ? (centres.get(id) ?? 0) : near.reduce((sum, one) => sum + (centres.get(one) ?? 0), 0) / near.length;
      };
      const means = new Map(row.map((id) => [id, mean(id)]));
      row.sort((a, b) => (means.get(a) ?? 0) - (means.get(b) ?? 0));
      spread(row);
    }
  }
  const place = (id: string): { x: number; y: number } => ({
    x: centres.get(id) ?? 0,
    y: ((items.get(id)?.layer ?? 0) + 0.5) * size.height,
  });
  return {
    nodes: nodes.map(({ name }) => ({ name, layer: items.get(name)?.layer ?? 0, ...place(name) })),
    routes: [...chains].map(([key, chain]) => {
      const [from = '', to = ''] = key.split('\n');
      return { from, to, points: chain.map(place) };
    }),
    width: total,
    height: rows.length * size.height,
  };
}

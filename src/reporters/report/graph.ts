import { duration } from '../../text/figures.ts';
import type { ReportNode } from '../../model/report.ts';
import { type GraphLayout, layOut } from './layout.ts';
import { at, html, type Markup } from '../../text/markup.ts';
import { boxLines } from './box-lines.ts';

const BOX = { width: 180, line: 15, padding: 8 };
/** What is left between boxes. */
const GAP = { width: 16, height: 40, passage: 26 };

/** Columns of the lines of a box, in a font of one width: 7.3 pixels each, and 6.7 in the last line. */
const COLUMNS = { name: 22, detail: 24 };

/** Lines of a name in a box. */
const MOST_LINES = 4;

/** More instances of one node than this are drawn as one box. */
const MOST_INSTANCES = 6;

/** A box of the graph: an instance, or all instances of a node. */
interface Box {
  readonly name: string;
  /** Its name in lines that fit. */
  readonly lines: readonly string[];
  readonly detail: string;
  readonly state: string;
  readonly title: string;
  readonly after: readonly string[];
}

function detailOf(nodes: readonly ReportNode[]): string {
  const seconds = nodes.reduce((sum, node) => sum + (node.seconds ?? 0), 0);
  const states = [...new Set(nodes.map(({ state }) => state))];
  if (states.length > 1) return states.map((state) => `${nodes.filter((node) => node.state === state).length} ${state}`).join(', ');
  const [state = ''] = states;
  return state === 'executed' ? duration(seconds) : state === 'reused' ? `reused (took ${duration(seconds)})` : state;
}

function boxesOf(nodes: readonly ReportNode[]): Box[] {
  const groups = new Map<string, ReportNode[]>();
  for (const node of nodes) groups.set(node.node, [...(groups.get(node.node) ?? []), node]);
  const boxOf = (name: string): string => {
    const node = nodes.find((one) => one.name === name)?.node ?? name;
    return (groups.get(node)?.length ?? 0) > MOST_INSTANCES ? node : name;
  };
  const boxes = new Map<string, Box>();
  for (const node of nodes) {
    const name = boxOf(node.name);
    const all = name === node.name ? [node] : (groups.get(node.node) ?? []);
    const after = new Set([...(boxes.get(name)?.after ?? []), ...node.after.map(boxOf)]);
    boxes.set(name, {
      name,
      lines: boxLines(all.length === 1 ? name : `${name} ×${all.length}`, COLUMNS.name, MOST_LINES),
      detail: boxLines(detailOf(all), COLUMNS.detail, 1).join(''),
      state: all.find(({ state }) => state === 'failed')?.state ?? all.find(({ state }) => state === 'executed')?.state ?? node.state,
      title: `${name} (${node.stage}): ${node.state}: ${node.cause}`,
      after: [...after],
    });
  }
  return [...boxes.values()];
}

/** Leaves a box downward, passes other layers upright, and enters a box from above; `height`: that of all boxes. */
function curve({ points }: GraphLayout['routes'][number], height: number): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  const half = height / 2;
  let [x, y] = [first.x, first.y + half];
  let path = `M${at(x)} ${at(y)}`;
  for (const [index, point] of rest.entries()) {
    const top = point.y - half;
    const middle = (y + top) / 2;
    path += `C${at(x)} ${at(middle)} ${at(point.x)} ${at(middle)} ${at(point.x)} ${at(top)}`;
    [x, y] = [point.x, top];
    if (index === rest.length - 1) break;
    y = point.y + half;
    path += `V${at(y)}`;
  }
  return path;
}

/** A run's graph with the time of each node, and which of them were reused. */
export function graphSvg(nodes: readonly ReportNode[]): Markup {
  const boxes = boxesOf(nodes);
  const most = Math.max(1, ...boxes.map(({ lines }) => lines.length));
  const height = (most + 1) * BOX.line + 2 * BOX.padding - 2;
  const layout = layOut(boxes, { width: BOX.width + GAP.width, height: height + GAP.height, passage: GAP.passage });
  const places = new Map(layout.nodes.map((place) => [place.name, place]));
  const edges = layout.routes.map((route) => html`<path class="edge" d="${curve(route, height)}" marker-end="url(#arrow)"/>`);
  const drawn = boxes.map(({ name, lines, detail, state, title }) => {
    const { x, y } = places.get(name) ?? { x: 0, y: 0 };
    const top = y - ((lines.length + 1) * BOX.line) / 2;
    const words = lines.map((line, index) => html`<text x="${at(x)}" y="${at(top + 12 + index * BOX.line)}" class="name">${line}</text>`);
    return html`<g class="box ${state}"><title>${title}</title><rect x="${at(x - BOX.width / 2)}" y="${at(y - height / 2)}" width="${BOX.width}" height="${height}" rx="6"/>${words}<text x="${at(x)}" y="${at(top + 12 + lines.length * BOX.line)}" class="detail">${detail}</text></g>`;
  });
  return html`<svg class="graph" viewBox="0 0 ${at(layout.width)} ${at(layout.height)}" width="${at(layout.width)}" height="${at(layout.height)}" role="img" aria-label="The graph of the pipeline; the table of nodes says the same"><defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs><g class="edges">${edges}</g>${drawn}</svg>`;
}

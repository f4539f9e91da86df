import type { ReportNode, ReportRun } from '../../model/report.ts';
import { valueAxis } from '../../text/axis.ts';
import { counted } from '../../text/amounts.ts';
import { duration } from '../../text/figures.ts';
import { at, html, type Markup } from '../../text/markup.ts';
import { cutToWidth, widthOf } from '../../text/width.ts';
import { region } from './parts.ts';

const FRAME = { width: 1160, left: 250, right: 90, row: 22, axis: 26, use: 64 };

/** Columns of a node's name beside its bar: each takes up to 7.3 pixels. */
const COLUMNS = 32;

/** What marks the nodes that a run waited for. */
const MARK = '◆ ';

/** Nodes that have a row: those that took longest. */
const MOST_ROWS = 60;

/** An executed node in time, in seconds from the start of the run. */
interface Bar {
  readonly node: ReportNode;
  /** When it could begin, when its work began, and when it ended. */
  readonly ready: number;
  readonly from: number;
  readonly to: number;
}

function barsOf({ nodes, seconds }: ReportRun): Bar[] {
  return nodes.flatMap((node) => {
    if (node.began === undefined || node.state === 'reused') return [];
    const to = node.ended ?? seconds;
    const from = node.seconds === null ? node.began : Math.max(node.began, to - node.seconds);
    return [{ node, ready: node.began, from, to: Math.max(from, to) }];
  });
}

/** How many threads were given away, from each moment on at which that changed. */
export function threadsInUse(bars: readonly Pick<Bar, 'node' | 'from' | 'to'>[]): readonly (readonly [second: number, threads: number])[] {
  const changes = bars.flatMap(({ node, from, to }) => [[from, node.cpu] as const, [to, -node.cpu] as const]);
  const sums = new Map<number, number>();
  for (const [second, change] of changes) sums.set(second, (sums.get(second) ?? 0) + change);
  let threads = 0;
  return [...sums]
    .sort(([a], [b]) => a - b)
    .map(([second, change]) => {
      threads += change;
      return [second, threads] as const;
    });
}

const cut = (name: string): string => (widthOf(name) <= COLUMNS ? name : `${cutToWidth(name, COLUMNS - 1)}…`);

function drawBar({ node, ready, from, to }: Bar, row: number, x: (second: number) => number): Markup {
  const middle = row * FRAME.row + FRAME.row / 2;
  const words = `${node.name}: ${node.state}, ${duration(to - from)} with ${counted(node.cpu, 'thread')}${from - ready > 0.5 ? `, after waiting ${duration(from - ready)}` : ''}`;
  const look = node.state === 'failed' ? ' failed' : node.critical === true ? ' critical' : '';
  const wait =
    x(from) - x(ready) > 2 ? html`<line class="wait" x1="${at(x(ready))}" x2="${at(x(from))}" y1="${middle}" y2="${middle}"/>` : '';
  return html`<g><title>${words}</title><text x="${FRAME.left - 10}" y="${middle + 4}" text-anchor="end">${node.critical === true ? MARK : ''}${cut(node.name)}</text>${wait}<rect class="bar${look}" x="${at(x(from))}" y="${middle - 7}" width="${at(Math.max(2, x(to) - x(from)))}" height="14" rx="2"/><text class="tick" x="${at(x(to) + 6)}" y="${middle + 4}">${duration(to - from)}</text></g>`;
}

/** Threads in use as an area below the bars. */
function drawUse(bars: readonly Bar[], top: number, x: (second: number) => number): Markup {
  const steps = threadsInUse(bars);
  const most = Math.max(1, ...steps.map(([, threads]) => threads));
  const y = (threads: number): number => top + (FRAME.use - 14) * (1 - threads / most);
  const path = steps
    .map(([second, threads], index) => `${index === 0 ? `M${at(x(second))} ${at(y(0))}` : `H${at(x(second))}`}V${at(y(threads))}`)
    .join('');
  return html`<g><title>Threads given to nodes, at most ${most} at once</title><text x="${FRAME.left - 10}" y="${at(y(most / 2) + 4)}" text-anchor="end">threads in use</text><path class="use" d="${path}V${at(y(0))}z"/><text class="tick" x="${FRAME.width - FRAME.right + 6}" y="${at(y(most) + 8)}">${most}</text></g>`;
}

/** What was reused, node by node, since it has no place in time. */
function reusedWords(nodes: readonly ReportNode[]): Markup | string {
  const reused = nodes.filter(({ state }) => state === 'reused');
  if (reused.length === 0) return '';
  const counts = new Map<string, number>();
  for (const { node } of reused) counts.set(node, (counts.get(node) ?? 0) + 1);
  const names = [...counts].map(([name, count]) => (count === 1 ? name : `${name} × ${count}`));
  const spared = reused.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0);
  return html`<p><span class="state-reused">Reused</span>, which spared ${duration(spared)}: ${names.join(', ')}.</p>`;
}

/** When each node was executed, with how many threads, and which of them the run waited for; in words what was reused. */
export function timeline(run: ReportRun): Markup {
  const all = barsOf(run);
  const reused = reusedWords(run.nodes);
  if (all.length === 0) return html`${reused}<p class="soft">Nothing was executed.</p>`;
  const longest = [...all].sort((a, b) => b.to - b.from - (a.to - a.from)).slice(0, MOST_ROWS);
  const bars = longest.sort((a, b) => a.from - b.from);
  const end = Math.max(...all.map(({ to }) => to), 0.1);
  const x = (second: number): number => FRAME.left + (second / end) * (FRAME.width - FRAME.left - FRAME.right);
  const below = bars.length * FRAME.row;
  const height = below + FRAME.axis + FRAME.use;
  const marks = valueAxis([0, end], 8)
    .marks.filter(({ value }) => value <= end)
    .map(
      ({ value }) =>
        html`<line class="grid" x1="${at(x(value))}" x2="${at(x(value))}" y1="0" y2="${below}"/><text class="tick" x="${at(x(value))}" y="${below + 16}" text-anchor="middle">${value === 0 ? '0' : duration(value)}</text>`,
    );
  const critical = run.nodes.filter((node) => node.critical === true);
  const chain = critical.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0);
  const words =
    critical.length === 0
      ? ''
      : html`<p>${MARK}The longest chain of nodes, each waiting for the one before, took ${duration(chain)}: ${critical.map(({ name }) => name).join(' → ')}.</p>`;
  const left = all.length > bars.length ? html`<p class="soft">The ${bars.length} longest of ${all.length} executed nodes.</p>` : '';
  const drawn = html`<svg class="time" viewBox="0 0 ${FRAME.width} ${height}" width="${FRAME.width}" height="${height}" role="img" aria-label="When each node ran; the table of nodes says the same">${marks}${bars.map((bar, row) => drawBar(bar, row, x))}${drawUse(all, below + FRAME.axis, x)}</svg>`;
  return html`${region(`Timeline of ${run.run}`, drawn)}${words}${left}${reused}`;
}

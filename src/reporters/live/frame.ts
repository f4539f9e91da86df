import { nodeOf } from '../../model/folded-names.ts';
import { duration } from '../../text/figures.ts';
import { accent, bad, dim, type Line, strong } from '../../text/styled.ts';
import { cutToWidth, widthOf } from '../../text/width.ts';
import type { Room } from '../painter.ts';
import { fittingHeader } from '../header.ts';
import type { Picture, RunningNode } from './picture.ts';

/** What a drawing depends on beside how far the run has come. */
export interface Moment {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The turning character before what runs. */
  readonly spinner: string;
  /** How much time is left, as a sentence's part. */
  readonly left?: string | undefined;
}

/** Rows that what failed takes at most beside what runs, where there are many rows and where there are few. */
const FAILED_ROWS = { many: 3, few: 1 } as const;

/** How far a run has come, in lines that fit a terminal: a summary, what runs, what failed, what waits and for whom, and what comes next. */
export function frameOf(picture: Picture, { columns, rows }: Room, moment: Moment): Line[] {
  const { running, failed, waiting, coming } = picture;
  const rest = Math.max(0, rows - 1);
  // What comes next takes one line, if there is room beside what runs; so does what waits; what failed stays in sight.
  const forComing = coming.length > 0 && rest > 2 ? 1 : 0;
  const forWaiting = waiting.length > 0 && rest > 3 ? 1 : 0;
  const forFailed = Math.min(failed.length, rest > 7 ? FAILED_ROWS.many : rest > 3 ? FAILED_ROWS.few : 0);
  const shownRunning = fitted(running.length, rest - forComing - forWaiting - forFailed);
  const afterRunning = rest - forComing - taken(running.length, shownRunning);
  const shownFailed = fitted(failed.length, Math.max(forFailed, afterRunning - forWaiting));
  const shownWaiting = fitted(waiting.length, afterRunning - taken(failed.length, shownFailed));
  const names = [...running.slice(0, shownRunning), ...failed.slice(0, shownFailed), ...waiting.slice(0, shownWaiting)];
  const width = nameWidth(names, columns);
  return [
    header(picture, columns, moment),
    ...running.slice(0, shownRunning).map((node): Line => ['  ', accent(moment.spinner), ' ', ...told(node, width, moment.now)]),
    ...more(running.length - shownRunning, 'running'),
    ...failed.slice(0, shownFailed).map(({ node, message }): Line => ['  ', bad('✖'), ' ', bad(named(node, width)), `  ${message}`]),
    ...more(failed.length - shownFailed, 'failed'),
    ...waiting.slice(0, shownWaiting).map(({ node, message }): Line => ['  … ', named(node, width), ' ', message]),
    ...more(waiting.length - shownWaiting, 'waiting'),
    ...(forComing === 0 ? [] : [dim(next(coming, columns))]),
  ].slice(0, rows);
}

/** How many of so many fit into rows, one of which says how many more there are. */
function fitted(count: number, rows: number): number {
  return count <= rows ? count : Math.max(0, rows - 1);
}

/** The rows that so many shown ones take, with the one that says how many more there are. */
function taken(count: number, shown: number): number {
  return shown + (count > shown ? 1 : 0);
}

function more(count: number, doing: string): Line[] {
  return count > 0 ? [dim(`    and ${count} more ${doing}`)] : [];
}

/** The columns that names take: those of the longest, but no more than leaves room for the rest. */
function nameWidth(nodes: readonly { readonly node: string }[], columns: number): number {
  return Math.min(Math.max(0, ...nodes.map(({ node }) => widthOf(node))), Math.max(8, Math.floor(columns * 0.45)));
}

/** A name in so many columns; of a longer one the middle is left out, since instances differ at their ends. */
function named(name: string, width: number): string {
  const own = widthOf(name);
  if (own <= width) return name + ' '.repeat(width - own);
  const end = name.slice(-Math.floor((width - 1) / 2));
  return `${cutToWidth(name, Math.max(0, width - 1 - widthOf(end)))}…${end}`;
}

function header({ pipeline, total, done, running, waiting, failed }: Picture, columns: number, { left }: Moment): Line {
  return fittingHeader(
    pipeline,
    [
      { text: `${done} of ${total}`, rank: 0 },
      ...(running.length > 0 ? [{ text: `${running.length} running`, rank: 4 }] : []),
      ...(waiting.length > 0 ? [{ text: `${waiting.length} waiting`, rank: 5 }] : []),
      ...(failed.length > 0 ? [{ text: `${failed.length} failed`, rank: 1, isBad: true }] : []),
      ...(left === undefined ? [] : [{ text: left, rank: 2 }]),
    ],
    columns,
  );
}

function told({ node, since, share, word = '' }: RunningNode, width: number, now: number): Line[] {
  const far = share === undefined ? [] : [`${Math.floor(100 * share)} %`.padStart(5)];
  const parts = [...far, duration(Math.max(0, (now - since) / 1000)), ...(word === '' ? [] : [word])];
  return [strong(named(node, width)), `  ${parts.join('  ')}`];
}

/** The nodes that come next, instances of one folded, as many as fit into a line. */
function next(coming: Picture['coming'], columns: number): string {
  const counts = new Map<string, number>();
  for (const { node } of coming) {
    const name = nodeOf(node);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const names = [...counts].map(([name, count]) => (count === 1 ? name : `${name} × ${count}`));
  const text = (shown: number): string =>
    `  then ${names.slice(0, shown).join(', ')}${shown < names.length ? ` and ${names.length - shown} more` : ''}`;
  let shown = names.length;
  while (shown > 1 && cutToWidth(text(shown), columns) !== text(shown)) shown -= 1;
  return text(shown);
}

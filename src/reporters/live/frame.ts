import { duration } from '../../text/figures.ts';
import { cutToWidth } from '../../text/width.ts';
import type { Room } from '../painter.ts';
import type { Picture, RunningNode } from './picture.ts';

/** What a drawing depends on beside how far the run has come. */
export interface Moment {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The turning character before what runs. */
  readonly spinner: string;
  /** How much time is left, as a sentence's part; undefined where nothing can be said. */
  readonly left?: string | undefined;
}

/** How far a run has come, in lines that fit a terminal: a summary, what runs, what waits and for whom, and what comes next. */
export function frameOf(picture: Picture, { columns, rows }: Room, moment: Moment): string[] {
  const { running, waiting, coming } = picture;
  const rest = Math.max(0, rows - 1);
  // What comes next takes one line, if there is room beside what runs.
  const forComing = coming.length > 0 && rest > 2 ? 1 : 0;
  const shownRunning = fitted(running.length, rest - forComing - (waiting.length > 0 ? 1 : 0));
  const shownWaiting = fitted(waiting.length, rest - forComing - lines(running.length, shownRunning));
  return [
    header(picture, moment),
    ...running.slice(0, shownRunning).map((node) => `  ${moment.spinner} ${told(node, moment.now)}`),
    ...more(running.length - shownRunning, 'running'),
    ...waiting.slice(0, shownWaiting).map(({ node, message }) => `  … ${node} ${message}`),
    ...more(waiting.length - shownWaiting, 'waiting'),
    ...(forComing === 0 ? [] : [next(coming, columns)]),
  ].slice(0, rows);
}

/** How many of so many fit into rows, one of which says how many more there are. */
function fitted(count: number, rows: number): number {
  return count <= rows ? count : Math.max(0, rows - 1);
}

function lines(count: number, shown: number): number {
  return shown + (count > shown ? 1 : 0);
}

function more(count: number, doing: string): string[] {
  return count > 0 ? [`    and ${count} more ${doing}`] : [];
}

function header({ pipeline, total, done, running, waiting, failed }: Picture, { left }: Moment): string {
  const parts = [
    `${done} of ${total}`,
    ...(running.length > 0 ? [`${running.length} running`] : []),
    ...(waiting.length > 0 ? [`${waiting.length} waiting`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(left === undefined ? [] : [left]),
  ];
  return `${pipeline}  ${parts.join(' · ')}`;
}

function told({ node, since, share, word = '' }: RunningNode, now: number): string {
  const far = share === undefined ? [] : [`${Math.floor(100 * share)} %`];
  return [node, ...far, duration(Math.max(0, (now - since) / 1000)), ...(word === '' ? [] : [word])].join('  ');
}

/** The nodes that come next, instances of one folded, as many as fit into a line. */
function next(coming: Picture['coming'], columns: number): string {
  const counts = new Map<string, number>();
  for (const { node } of coming) {
    const name = node.split('[', 1)[0] ?? node;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const names = [...counts].map(([name, count]) => (count === 1 ? name : `${name} × ${count}`));
  const text = (shown: number): string =>
    `  then ${names.slice(0, shown).join(', ')}${shown < names.length ? ` and ${names.length - shown} more` : ''}`;
  let shown = names.length;
  while (shown > 1 && cutToWidth(text(shown), columns) !== text(shown)) shown -= 1;
  return text(shown);
}

import type { Event } from '../model/event.ts';
import type { RunNode } from '../model/run.ts';
import { counted } from '../text/amounts.ts';
import { bad, dim, good, type Line, strong, warned } from '../text/styled.ts';
import { ending } from './ending.ts';

/** Milliseconds between two progress lines of a node. */
const PROGRESS_PAUSE = 10_000;

/** Of larger pipelines the nodes that are reused are counted, not named. */
const MOST_REUSED = 60;

/** How the end of a node is marked. */
const MARKS: Readonly<Record<string, Line>> = { executed: good('✔'), reused: dim('·'), failed: bad('✖'), skipped: '-', cancelled: '-' };

/** What happens in a run, in lines. */
export class EventLines {
  private readonly verbose: boolean;
  private readonly lastProgress = new Map<string, number>();
  private opening: Readonly<Record<string, RunNode>> = {};

  /** `verbose`: with all that nodes print. */
  constructor(verbose: boolean) {
    this.verbose = verbose;
  }

  /** The lines of the next event. */
  of(event: Event): readonly Line[] {
    if (event.type === 'run-started') return this.started(event);
    if (event.type === 'nodes-reused') return this.reused(event.nodes);
    if (event.type === 'node-started') return [['▸ ', strong(event.node), `: ${event.cause}`]];
    if (event.type === 'node-ended') {
      const { state } = event.outcome;
      const told = ending(event.node, event.outcome, event.problem?.message);
      return [[MARKS[state] ?? '?', ' ', state === 'failed' ? bad(told) : told]];
    }
    if (event.type === 'node-waiting') return [`… ${event.node} ${event.message}`];
    if (event.type === 'nodes-waiting') return [`… ${event.message}`];
    if (event.type === 'notice') return [[warned('!'), ` ${event.node === undefined ? '' : `${event.node}: `}${event.message}`]];
    if (event.type === 'node-log' && this.verbose && event.isOpen !== true) return [['  ', dim(`${event.node} |`), ` ${event.line}`]];
    return event.type === 'node-progress' ? this.progress(event) : [];
  }

  private started({ pipeline, run, nodes, record }: Event & { readonly type: 'run-started' }): readonly Line[] {
    const toRun = nodes.filter(({ action }) => action !== 'reuse').length;
    if (nodes.length <= MOST_REUSED) this.opening = record.nodes;
    const asked = toRun === 0 ? 'all to be reused' : `${toRun} to run or check`;
    return [[strong(pipeline), `: ${counted(nodes.length, 'node')}, ${asked} (run ${run})`]];
  }

  private reused(nodes: readonly string[]): readonly Line[] {
    const mark = MARKS['reused'] ?? '';
    const outcomes = nodes.flatMap((node) => this.opening[node] ?? []);
    if (outcomes.length < nodes.length) return [[mark, ` ${counted(nodes.length, 'node')} reused`]];
    return outcomes.map((outcome, index) => [mark, ` ${ending(nodes[index] ?? '', outcome)}`]);
  }

  private progress({ node, done, total, note, time }: Event & { readonly type: 'node-progress' }): readonly Line[] {
    const now = Date.parse(time);
    const last = this.lastProgress.get(node);
    if (last === undefined) this.lastProgress.set(node, now);
    if (last === undefined || now - last < PROGRESS_PAUSE) return [];
    this.lastProgress.set(node, now);
    return [`  ${node}: ${total > 0 ? `${Math.floor((100 * done) / total)} %` : done}${note === undefined ? '' : `  ${note}`}`];
  }
}

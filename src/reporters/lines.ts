import { counted } from '../text/amounts.ts';
import type { Event } from '../model/event.ts';
import type { RunNode } from '../model/run.ts';
import { printable } from '../text/printable.ts';
import type { Reporter } from '../model/reporter.ts';
import { ending } from './ending.ts';
import type { Screen } from './painter.ts';

/** Milliseconds between two progress lines of a node. */
const PROGRESS_PAUSE = 10_000;

/** Of larger pipelines the nodes that are reused are counted, not named. */
const MOST_REUSED = 60;

const MARKS: Readonly<Record<string, string>> = { executed: '✔', reused: '·', failed: '✖', skipped: '-', cancelled: '-' };

/** Writes one line for each thing that happens, as logs and CI want it. */
export class LinesReporter implements Reporter {
  private readonly out: Pick<Screen, 'write'>;
  private readonly verbose: boolean;
  private readonly lastProgress = new Map<string, number>();
  private opening: Readonly<Record<string, RunNode>> = {};

  constructor(out: Pick<Screen, 'write'>, verbose: boolean) {
    this.out = out;
    this.verbose = verbose;
  }

  private line(text: string): void {
    this.out.write(`${printable(text)}\n`);
  }

  report(event: Event): void {
    if (event.type === 'run-started') {
      const run = event.nodes.filter(({ action }) => action !== 'reuse').length;
      if (event.nodes.length <= MOST_REUSED) this.opening = event.record.nodes;
      this.line(
        `${event.pipeline}: ${counted(event.nodes.length, 'node')}, ${run === 0 ? 'all to be reused' : `${run} to run or check`} (run ${event.run})`,
      );
    } else if (event.type === 'nodes-reused') this.reused(event.nodes);
    else if (event.type === 'node-started') this.line(`▸ ${event.node}: ${event.cause}`);
    else if (event.type === 'node-ended')
      this.line(`${MARKS[event.outcome.state] ?? '?'} ${ending(event.node, event.outcome, event.problem?.message)}`);
    else if (event.type === 'node-waiting') this.line(`… ${event.node} ${event.message}`);
    else if (event.type === 'nodes-waiting') this.line(`… ${event.message}`);
    else if (event.type === 'notice') this.line(`! ${event.node === undefined ? '' : `${event.node}: `}${event.message}`);
    else if (event.type === 'node-log' && this.verbose) this.line(`  ${event.node} | ${event.line}`);
    else if (event.type === 'node-progress') this.progress(event);
  }

  private reused(nodes: readonly string[]): void {
    const outcomes = nodes.flatMap((node) => this.opening[node] ?? []);
    if (outcomes.length < nodes.length) this.line(`${MARKS['reused']} ${counted(nodes.length, 'node')} reused`);
    else for (const [index, outcome] of outcomes.entries()) this.line(`${MARKS['reused']} ${ending(nodes[index] ?? '', outcome)}`);
  }

  private progress({ node, done, total, note, time }: Event & { readonly type: 'node-progress' }): void {
    const now = Date.parse(time);
    const last = this.lastProgress.get(node);
    if (last === undefined) this.lastProgress.set(node, now);
    if (last === undefined || now - last < PROGRESS_PAUSE) return;
    this.lastProgress.set(node, now);
    this.line(`  ${node}: ${total > 0 ? `${Math.floor((100 * done) / total)} %` : done}${note === undefined ? '' : `  ${note}`}`);
  }

  async close(): Promise<void> {}
}

import { DefaultRenderer, Listr, ListrLogger, type ListrTask, ProcessOutput } from 'listr2';
import type { Event, PlannedNode } from '../model/event.ts';
import type { RunNode } from '../model/run.ts';
import type { Reporter } from '../model/reporter.ts';
import { ending } from './ending.ts';
import { printable } from '../text/printable.ts';
import { duration } from '../text/figures.ts';

/** What is drawn of one node. */
interface Drawn {
  readonly ended: Promise<void>;
  settle(failed?: Error): void;
  draw(title: string, output: string): void;
  /** Handed over by listr2 when it starts to draw the task. */
  connect(draw: (title: string, output: string) => void): void;
}

function drawn(): Drawn {
  let settle: (failed?: Error) => void = () => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    settle = (failed) => (failed === undefined ? resolve() : reject(failed));
  });
  // A task that fails before listr2 draws it must not count as an unhandled rejection.
  ended.catch(() => undefined);
  let paint: ((title: string, output: string) => void) | undefined;
  let last: readonly [string, string] | undefined;
  return {
    ended,
    settle,
    draw(title, output) {
      last = [printable(title), printable(output)];
      paint?.(...last);
    },
    connect(draw) {
      paint = draw;
      if (last !== undefined) draw(...last);
    },
  };
}

/** listr2's tree, drawn on the stream that we give whether or not the standard output is a terminal. */
class TreeRenderer extends DefaultRenderer {
  static override nonTTY = true;
}

/** Draws the nodes as a tree on a terminal. listr2 only paints: each of its tasks waits for what the events tell. */
export class LiveReporter implements Reporter {
  private readonly stream: NodeJS.WriteStream;
  private readonly nodes = new Map<string, Drawn>();
  private readonly started = new Map<string, number>();
  private readonly ended = new Set<string>();
  private readonly notes: string[] = [];
  private planned: readonly PlannedNode[] = [];
  private opening: Readonly<Record<string, RunNode>> = {};
  private painting: Promise<unknown> = Promise.resolve();

  constructor(stream: NodeJS.WriteStream) {
    this.stream = stream;
  }

  report(event: Event): void {
    if (event.type === 'run-started') {
      this.opening = event.record.nodes;
      this.start(event.nodes);
    } else if (event.type === 'nodes-reused') for (const node of event.nodes) this.end(node, this.opening[node]);
    else if (event.type === 'nodes-waiting') this.showReady();
    else if (event.type === 'node-started') {
      this.started.set(event.node, Date.parse(event.time));
      this.nodes.get(event.node)?.draw(event.node, event.cause);
    } else if (event.type === 'node-waiting') this.nodes.get(event.node)?.draw(`${event.node}  waits`, event.message);
    else if (event.type === 'node-progress') {
      const share = event.total > 0 ? Math.floor((100 * event.done) / event.total) : 0;
      const now = Date.parse(event.time);
      const spent = (now - (this.started.get(event.node) ?? now)) / 1000;
      this.nodes.get(event.node)?.draw(`${event.node}  ${share} %  ${duration(spent)}`, event.note ?? '');
    } else if (event.type === 'node-ended') {
      this.end(event.node, event.outcome, event.problem?.message);
    } else if (event.type === 'notice') this.notes.push(`! ${event.node === undefined ? '' : `${event.node}: `}${event.message}`);
    else if (event.type === 'run-ended') for (const drawing of this.nodes.values()) drawing.settle();
  }

  private end(node: string, outcome: RunNode | undefined, problem?: string): void {
    if (outcome === undefined) return;
    this.ended.add(node);
    const drawing = this.nodes.get(node);
    drawing?.draw(ending(node, outcome, problem), '');
    const { state } = outcome;
    drawing?.settle(state === 'failed' || state === 'cancelled' || state === 'skipped' ? new Error(state) : undefined);
  }

  /** Marks the nodes that could begin but for others that run. */
  private showReady(): void {
    for (const { node, after } of this.planned)
      if (!this.started.has(node) && !this.ended.has(node) && after.every((name) => this.ended.has(name)))
        this.nodes.get(node)?.draw(`${node}  waits for free slots`, '');
  }

  private start(nodes: readonly PlannedNode[]): void {
    this.planned = nodes;
    for (const { node } of nodes) this.nodes.set(node, drawn());
    const groups = new Map<string, PlannedNode[]>();
    for (const planned of nodes) {
      const name = planned.node.split('[', 1)[0] ?? planned.node;
      groups.set(name, [...(groups.get(name) ?? []), planned]);
    }
    const tasks = [...groups].map(([name, members]): ListrTask => {
      const [only] = members;
      if (members.length === 1 && only !== undefined) return this.task(only.node);
      return {
        title: `${name} × ${members.length}`,
        task: (_, task) =>
          task.newListr(
            members.map(({ node }) => this.task(node)),
            { concurrent: true, exitOnError: false },
          ),
      };
    });
    const logger = new ListrLogger({ useIcons: true, processOutput: new ProcessOutput(this.stream, this.stream) });
    const list = new Listr(tasks, {
      renderer: TreeRenderer,
      concurrent: true,
      exitOnError: false,
      // listr2 would end the process at Ctrl-C by itself, before anything is stopped and recorded.
      registerSignalListeners: false,
      rendererOptions: { collapseSubtasks: false, showErrorMessage: false, collapseErrors: false, logger },
    });
    this.painting = list.run().catch(() => undefined);
  }

  private task(node: string): ListrTask {
    return {
      // listr2 spins everything that is not done: the word tells what has not begun.
      title: printable(`${node}  waits`),
      task: async (_, task) => {
        const drawing = this.nodes.get(node);
        drawing?.connect((title, output) => {
          task.title = title;
          task.output = output;
        });
        await drawing?.ended;
      },
    };
  }

  async close(): Promise<void> {
    for (const drawing of this.nodes.values()) drawing.settle();
    await this.painting;
    for (const note of this.notes) this.stream.write(`${printable(note)}\n`);
  }
}

import { withoutColours } from '../../text/printable.ts';
import type { Event, PlannedNode } from '../../model/event.ts';

/** A node that is being executed. */
export interface RunningNode {
  readonly node: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Between 0 and 1, where it says so. */
  readonly share?: number;
  /** What it said last of its progress, else the last line that it printed. */
  readonly word?: string;
}

/** Something that is not as it should be, or not yet, and a word on why. */
export interface ToldNode {
  readonly node: string;
  readonly message: string;
}

/** How far a run has come, as its events tell it. */
export class Picture {
  pipeline = '';
  private planned = new Map<string, PlannedNode>();
  private readonly underWay = new Map<string, RunningNode>();
  private readonly held = new Map<string, string>();
  private readonly ended = new Set<string>();
  private readonly failures = new Map<string, string>();

  report(event: Event): void {
    if (event.type === 'run-started') {
      this.pipeline = event.pipeline;
      this.planned = new Map(event.nodes.map((node) => [node.node, node]));
    } else if (event.type === 'nodes-reused') for (const node of event.nodes) this.ended.add(node);
    else if (event.type === 'node-started') {
      this.held.delete(event.node);
      // A result that was to be reused may have to be made again.
      this.ended.delete(event.node);
      this.underWay.set(event.node, { node: event.node, since: Date.parse(event.time) });
    } else if (event.type === 'node-waiting') this.held.set(event.node, event.message);
    else if (event.type === 'node-progress') {
      const { node, done, total, note } = event;
      this.change(node, { ...(total > 0 ? { share: Math.min(1, done / total) } : {}), ...(note === undefined ? {} : { word: note }) });
    } else if (event.type === 'node-log') {
      // An empty line says nothing, and the one before it is still the last that did.
      const line = withoutColours(event.line).trim();
      if (line !== '') this.change(event.node, { word: line });
    } else if (event.type === 'node-ended') this.end(event);
  }

  private change(node: string, more: Partial<RunningNode>): void {
    const running = this.underWay.get(node);
    if (running !== undefined) this.underWay.set(node, { ...running, ...more });
  }

  private end({ node, outcome, problem }: Event & { readonly type: 'node-ended' }): void {
    const { word } = this.underWay.get(node) ?? {};
    this.underWay.delete(node);
    this.held.delete(node);
    this.ended.add(node);
    if (outcome.state !== 'failed') return;
    const { code, message = '' } = problem ?? outcome.error ?? {};
    // What a program printed last says more than its exit code.
    this.failures.set(node, code === 'exit-code' && word !== undefined ? `${message}: ${word}` : message);
  }

  get total(): number {
    return this.planned.size;
  }

  get done(): number {
    return this.ended.size;
  }

  /** What runs, the longest first. */
  get running(): readonly RunningNode[] {
    return [...this.underWay.values()];
  }

  /** What failed, the first first, and why. */
  get failed(): readonly ToldNode[] {
    // The message of a node's own failure begins with its name.
    return [...this.failures].map(([node, message]) => ({
      node,
      message: message.startsWith(`${node} `) ? message.slice(node.length + 1) : message,
    }));
  }

  /** What could begin but for something outside the run, and what that is; not what runs. */
  get waiting(): readonly ToldNode[] {
    return [...this.held].filter(([node]) => !this.underWay.has(node)).map(([node, message]) => ({ node, message }));
  }

  /** What has not begun and waits for nothing that was told, in the plan's order. */
  get coming(): readonly PlannedNode[] {
    return [...this.planned.values()].filter(({ node }) => !this.ended.has(node) && !this.underWay.has(node) && !this.held.has(node));
  }
}

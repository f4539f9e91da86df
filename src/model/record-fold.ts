import type { Event } from './event.ts';
import type { RunNode, RunRecord } from './run.ts';

/** A run's record as its events make it: nothing but they is in it. */
export class RecordFold {
  private head: RunRecord | undefined;
  private readonly nodes = new Map<string, RunNode>();
  /** The record as it stands, once someone has asked for it. */
  private made: RunRecord | undefined;

  /** Begins with a record as it was written when its run started, or with nothing. */
  constructor(opening?: RunRecord) {
    if (opening !== undefined) this.open(opening);
  }

  private open(record: RunRecord): void {
    this.head = record;
    for (const [name, node] of Object.entries(record.nodes)) this.nodes.set(name, node);
  }

  /** Takes the next event; returns whether the record is another one now. */
  add(event: Event): boolean {
    const isAnother = this.take(event);
    if (isAnother) this.made = undefined;
    return isAnother;
  }

  private take(event: Event): boolean {
    if (event.type === 'run-started') {
      this.open({ ...event.record, started: event.time });
      return true;
    }
    if (this.head === undefined) return false;
    if (event.type === 'sources-kept') this.head = { ...this.head, sources: event.sources };
    else if (event.type === 'node-started') this.start(event);
    else if (event.type === 'node-waiting') this.wait(event);
    else if (event.type === 'node-ended') this.nodes.set(event.node, event.outcome);
    else if (event.type === 'run-ended') this.end(this.head, event);
    else return false;
    return true;
  }

  private start({ node, cause, inputs }: Event & { readonly type: 'node-started' }): void {
    const known = this.nodes.get(node);
    if (known !== undefined) this.nodes.set(node, { ...known, state: 'running', cause, inputs });
  }

  private wait({ node, message }: Event & { readonly type: 'node-waiting' }): void {
    const known = this.nodes.get(node);
    if (known !== undefined) this.nodes.set(node, { ...known, cause: message });
  }

  private end(head: RunRecord, { state, hash, time }: Event & { readonly type: 'run-ended' }): void {
    const { hash: _hash, ...rest } = head;
    this.head = { ...rest, state, ...(hash === undefined ? {} : { hash }), ended: time };
  }

  /** The record as it stands; undefined before the run has started. */
  get record(): RunRecord | undefined {
    if (this.head === undefined) return undefined;
    this.made ??= { ...this.head, nodes: Object.fromEntries(this.nodes) };
    return this.made;
  }
}

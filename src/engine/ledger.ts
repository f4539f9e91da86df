import type { Event, Watcher } from '../model/event.ts';
import { ifPossible } from '../files/durable.ts';
import type { RunNode, RunRecord } from '../model/run.ts';

/** Milliseconds between two writings of a live record. */
const PAUSE = 1000;

/** A run's record as its events make it: nothing but they is in it. */
export class RecordFold {
  private head: RunRecord | undefined;
  private readonly nodes = new Map<string, RunNode>();

  /** Takes the next event; returns whether the record is another one now. */
  add(event: Event): boolean {
    if (event.type === 'run-started') {
      this.head = { ...event.record, started: event.time };
      for (const [name, node] of Object.entries(event.record.nodes)) this.nodes.set(name, node);
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
    return this.head === undefined ? undefined : { ...this.head, nodes: Object.fromEntries(this.nodes) };
  }
}

/** Folds a run's events into its record and writes it: at once when the run starts and ends, in between once in a while. */
export class Ledger implements Watcher {
  private readonly fold = new RecordFold();
  private readonly write: (record: RunRecord) => void;
  private timer: NodeJS.Timeout | undefined;

  constructor(write: (record: RunRecord) => void) {
    this.write = write;
  }

  /** The record as it stands. Throws before the run has started. */
  get record(): RunRecord {
    const { record } = this.fold;
    if (record === undefined) throw new Error('the run has not started');
    return record;
  }

  report(event: Event): void {
    if (!this.fold.add(event)) return;
    if (event.type === 'run-started' || event.type === 'run-ended') {
      this.close();
      // Whoever reads a live record of a run that is gone takes it as failed too.
      if (event.type === 'run-ended' && event.state === 'failed') ifPossible(() => this.write(this.record));
      else this.write(this.record);
    } else this.timer ??= setTimeout(() => this.writeLive(), PAUSE).unref();
  }

  /** Ends the writing of what has been reported; for a run that ends without saying so. */
  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** A live record that cannot be written fails nothing: what is written at the end counts, and says so if it cannot be written either. */
  private writeLive(): void {
    this.timer = undefined;
    ifPossible(() => this.write(this.record));
  }
}

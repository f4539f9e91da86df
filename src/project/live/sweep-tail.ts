import { GrowingLines } from '../../files/growing-lines.ts';
import { isObject } from '../../files/json.ts';
import { openLine } from '../../files/sealed.ts';
import type { Event } from '../../model/event.ts';
import type { Store } from '../../model/store.ts';
import type { SweepEvent } from '../../model/sweep-event.ts';
import { RunTail } from './run-tail.ts';

/** What a trial's run did before it was watched is told as far as it says what it does now. */
const STANDING: ReadonlySet<Event['type']> = new Set(['node-started', 'node-progress', 'node-log']);

/** Milliseconds by which the ids of runs may be older than what is told of them: the clocks of machines differ. */
const LEEWAY = 600_000;

/** What the ids of runs begin with that were started at a time. */
function nearlyId(time: number): string {
  return new Date(time).toISOString().replaceAll(/[-:]/g, '').slice(0, 15);
}

function isSweepEvent(value: unknown): value is SweepEvent {
  return isObject(value) && typeof value['type'] === 'string' && typeof value['time'] === 'string';
}

/** What a sweep tells, read from its file of events and from those of its trials' runs. */
export class SweepTail {
  /** Whether it has said that it has ended. */
  hasEnded = false;
  private readonly store: Store;
  private readonly id: string;
  private readonly onEvent: (event: SweepEvent) => void;
  private readonly events: GrowingLines;
  private readonly trials = new Map<string, RunTail>();
  /** The newest run that was looked at. */
  private newest = '';

  constructor(store: Store, id: string, onEvent: (event: SweepEvent) => void) {
    this.store = store;
    this.id = id;
    this.onEvent = onEvent;
    this.events = new GrowingLines(store.sweeps.eventFile(id).path, (line) => this.take(line));
  }

  /** Tells what came since. */
  read(): void {
    for (const [run, tail] of this.trials) {
      tail.read();
      if (tail.hasEnded) this.leave(run);
    }
    this.events.read();
    // Opened anew, it shows what was written on another machine meanwhile.
    this.events.release();
  }

  /** Looks for runs of trials that have begun. */
  lookForTrials(): void {
    const { runs } = this.store;
    runs.lookAnew();
    for (const tail of this.trials.values()) tail.lookAnew();
    const fresh = runs.ids().filter((run) => run > this.newest);
    this.newest = fresh[0] ?? this.newest;
    for (const run of fresh) {
      const record = runs.read(run);
      if (record?.sweep?.id === this.id && record.state === 'live') this.watch(run, record.sweep.trial);
    }
  }

  private watch(run: string, trial: number): void {
    let isPast = true;
    const tail = new RunTail(this.store.runs, run, (event) => {
      if (!isPast || STANDING.has(event.type)) this.onEvent({ time: event.time, type: 'trial-progress', trial, repeat: {}, event });
    });
    tail.catchUp();
    isPast = false;
    this.trials.set(run, tail);
  }

  private leave(run: string): void {
    this.trials.get(run)?.end();
    this.trials.delete(run);
  }

  /** Tells what is left, and lets go of the files. */
  end(): void {
    this.read();
    for (const run of [...this.trials.keys()]) this.leave(run);
  }

  private take(line: string): void {
    const event = openLine(line, isSweepEvent);
    if (event === undefined) return;
    // Those of an earlier start come before.
    if (event.type === 'sweep-started') this.newest = nearlyId(Date.parse(event.time) - LEEWAY);
    this.hasEnded = event.type === 'sweep-ended';
    this.onEvent(event);
  }
}

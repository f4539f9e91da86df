import type { Event } from '../model/event.ts';
import type { Reporter } from '../model/reporter.ts';
import type { SweepEvent } from '../model/sweep-event.ts';
import type { LineWriter } from '../model/store.ts';

/** The record is a file of its own, and holds all nodes: of the plan only what may run is kept. */
function opening(event: Event & { readonly type: 'run-started' }): object {
  const { nodes } = event;
  const planned = nodes.filter(({ action }) => action !== 'reuse');
  return { ...event, nodes: nodes.length, record: undefined, ...(planned.length === 0 ? {} : { planned }) };
}

/** Keeps every event as one line of JSON, with its time. */
export class JsonLinesReporter implements Reporter {
  private readonly lines: LineWriter;

  constructor(lines: LineWriter) {
    this.lines = lines;
  }

  report(event: Event | SweepEvent): void {
    // Logs are files of their own, and so are the events of a trial's runs.
    if (event.type === 'node-log' || event.type === 'trial-progress') return;
    this.lines.write(JSON.stringify(event.type === 'run-started' ? opening(event) : event));
  }

  close(): Promise<void> {
    return this.lines.close();
  }
}

import type { Event } from '../model/event.ts';
import type { Reporter } from '../model/reporter.ts';
import type { LineWriter } from '../model/store.ts';

/** Keeps every event as one line of JSON, with its time. */
export class JsonLinesReporter implements Reporter {
  private readonly lines: LineWriter;

  constructor(lines: LineWriter) {
    this.lines = lines;
  }

  report(event: Event): void {
    if (event.type === 'node-log') return;
    const kept =
      event.type === 'run-ended' ? { type: event.type, run: event.record.id, state: event.record.state, hash: event.record.hash } : event;
    this.lines.write(JSON.stringify({ time: new Date().toISOString(), ...kept }));
  }

  close(): Promise<void> {
    return this.lines.close();
  }
}

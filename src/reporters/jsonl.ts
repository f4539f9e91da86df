import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Event } from '../model/event.ts';
import type { Reporter } from '../model/reporter.ts';

/** Keeps every event as one line of JSON, with its time. */
export class JsonLinesReporter implements Reporter {
  private readonly stream: ReturnType<typeof createWriteStream>;

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.stream = createWriteStream(path, { flags: 'a' });
  }

  report(event: Event): void {
    if (event.type === 'node-log') return;
    const kept =
      event.type === 'run-ended' ? { type: event.type, run: event.record.id, state: event.record.state, hash: event.record.hash } : event;
    this.stream.write(`${JSON.stringify({ time: new Date().toISOString(), ...kept })}\n`);
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.stream.end(resolve));
  }
}

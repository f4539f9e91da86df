import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** Lines kept for error messages. */
const LAST_LINES = 20;

/** A node's log: a file of all that it printed, secrets blotted out, and its last lines at hand. */
export class NodeLog {
  readonly last: string[] = [];
  private readonly secrets: readonly string[];
  private readonly stream: ReturnType<typeof createWriteStream>;
  private rest = '';

  constructor(path: string, secrets: readonly string[]) {
    mkdirSync(dirname(path), { recursive: true });
    this.secrets = secrets;
    this.stream = createWriteStream(path, { flags: 'a' });
  }

  /** Takes what a stream gave; calls back with each whole line. */
  take(chunk: string, onLine: (line: string) => void): void {
    const parts = (this.rest + chunk).split('\n');
    this.rest = parts.pop() ?? '';
    for (const part of parts) onLine(this.add(part));
  }

  add(line: string): string {
    let clean = line.replace(/\r$/, '');
    for (const secret of this.secrets) clean = clean.replaceAll(secret, '[secret]');
    this.stream.write(`${clean}\n`);
    this.last.push(clean);
    if (this.last.length > LAST_LINES) this.last.shift();
    return clean;
  }

  async close(): Promise<void> {
    if (this.rest !== '') this.add(this.rest);
    await new Promise((resolve) => this.stream.end(resolve));
  }
}

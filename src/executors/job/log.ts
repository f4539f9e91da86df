import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** Lines kept for error messages. */
const LAST_LINES = 20;

/** How V8, glibc, libstdc++ and TensorFlow begin the line that says why they abort; a long stack may follow it. */
const FATAL = /^(FATAL ERROR|terminate called|free\(\)|malloc\(\)|double free|corrupted )|Check failed:|Assertion .* failed/;

/** A node's log: a file of all that it printed, secrets blotted out, and its last lines at hand. */
export class NodeLog {
  readonly last: string[] = [];
  /** The line that said why the process aborts. */
  fatal: string | undefined;
  private readonly secrets: readonly string[];
  private readonly stream: ReturnType<typeof createWriteStream>;
  /** What each stream gave of a line that has not ended. */
  private readonly rests: (() => string)[] = [];

  constructor(path: string, secrets: readonly string[]) {
    mkdirSync(dirname(path), { recursive: true });
    // What is printed is read line by line, and so is a secret of many lines.
    this.secrets = secrets.flatMap((secret) => secret.split('\n')).filter((line) => line.trim() !== '');
    this.stream = createWriteStream(path, { flags: 'a' });
  }

  /** Takes what one stream gives, piece by piece; calls back with each whole line. */
  taker(onLine: (line: string) => void): (chunk: string) => void {
    let rest = '';
    this.rests.push(() => rest);
    return (chunk) => {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) onLine(this.add(part));
    };
  }

  add(line: string): string {
    let clean = line.replace(/\r$/, '');
    for (const secret of this.secrets) clean = clean.replaceAll(secret, '[secret]');
    this.stream.write(`${clean}\n`);
    this.last.push(clean);
    if (FATAL.test(clean)) this.fatal = clean;
    if (this.last.length > LAST_LINES) this.last.shift();
    return clean;
  }

  async close(): Promise<void> {
    for (const rest of this.rests) if (rest() !== '') this.add(rest());
    await new Promise((resolve) => this.stream.end(resolve));
  }
}

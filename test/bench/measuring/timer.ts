import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { env } from './processes.ts';

/** A program to run, with its arguments, where it runs and the variables that it gets beside this process's. */
export interface Command {
  readonly words: readonly string[];
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** What programs took that were started together: until the last had ended, all their processor time, and the largest peak of memory. */
export interface Taken {
  readonly milliseconds: number;
  /** Milliseconds. */
  readonly processor: number;
  readonly mebibytes: number;
}

/** Starts programs and says what they took. The peak of memory includes that of the Python which starts them, about 13 MiB. */
export class Timer {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly lines: Interface;

  constructor() {
    this.child = spawn('python3', [join(process.cwd(), 'test/bench/measuring/timer.py')], { env });
    this.lines = createInterface({ input: this.child.stdout });
    this.child.stderr.pipe(process.stderr);
  }

  /** Runs programs together, which must all end well. */
  async run(commands: readonly Command[]): Promise<Taken> {
    const answer = once(this.lines, 'line');
    this.child.stdin.write(`${JSON.stringify(commands.map((command) => ({ env: {}, ...command })))}\n`);
    const { ok, told, ...taken } = JSON.parse(String((await answer)[0])) as Taken & { readonly ok: boolean; readonly told: string };
    if (!ok) throw new Error(`${commands[0]?.words.join(' ')} did not end well:\n${told}`);
    return taken;
  }

  close(): void {
    this.child.stdin.end();
  }
}

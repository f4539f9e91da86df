import type { Stop } from '../../model/executor.ts';

/** Milliseconds that a stopped node has to save its checkpoint where nothing else is said. */
const USUAL_GRACE = 8000;

/** The longest time that a timer of Node can wait: a longer one would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Calls back after any number of milliseconds; returns what calls that off. */
function after(milliseconds: number, callback: () => void): () => void {
  let left = milliseconds;
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const next = Math.min(left, LONGEST_TIMER);
    left -= next;
    timer = setTimeout(left > 0 ? wait : callback, next);
  };
  wait();
  return () => clearTimeout(timer);
}

/** Why a program is made to end. */
export type StopReason = 'stop' | 'timeout';

/** How a program is made to end. */
export interface Stoppable {
  /** Asks it to. */
  readonly ask: () => void;
  /** Leaves it no choice. */
  readonly kill: () => void;
}

/** How long a program may take. */
export interface Limits {
  /** Seconds for its work. */
  readonly timeout?: number | undefined;
  /** Milliseconds to end when it is asked to. */
  readonly grace?: number | undefined;
}

/** Asks a program to end when the signal comes or its time is up, and kills it when it does not. */
export class Stopper {
  reason: StopReason | undefined;
  private readonly program: Stoppable;
  private readonly grace: number;
  private readonly cancels: (() => void)[] = [];

  constructor({ asked, forced }: Stop, { timeout, grace = USUAL_GRACE }: Limits, program: Stoppable) {
    this.program = program;
    this.grace = grace;
    const listen = (signal: AbortSignal, listener: () => void): void => {
      signal.addEventListener('abort', listener, { once: true });
      this.cancels.push(() => signal.removeEventListener('abort', listener));
      if (signal.aborted) listener();
    };
    if (timeout !== undefined) this.cancels.push(after(timeout * 1000, () => this.ask('timeout')));
    listen(asked, () => this.ask('stop'));
    listen(forced, () => {
      this.reason ??= 'stop';
      program.kill();
    });
  }

  /** To be called when the program has ended. */
  dispose(): void {
    for (const cancel of this.cancels) cancel();
  }

  private ask(reason: StopReason): void {
    this.reason ??= reason;
    this.program.ask();
    this.cancels.push(after(this.grace, this.program.kill));
  }
}

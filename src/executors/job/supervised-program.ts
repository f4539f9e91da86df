import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Program } from './program.ts';
import { EVENTS_DESCRIPTOR } from './protocol.ts';
import type { Stoppable } from './stopping.ts';
import { supervised, type Supervisor } from './supervisor.ts';
import { endSurvivors } from './survivors.ts';

/** Milliseconds in which what still stands in a program's streams is read once it has ended. */
const LAST_WORDS = 1000;

/** Milliseconds after which a supervisor that does not end is killed itself: something halted it. */
const PATIENCE = 7000;

/** How a process ended. */
export interface Exit {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Processes that it left and that were found by their mark. */
  readonly survivors: number;
}

/** Where an attempt's program runs, and with what. */
export interface Surroundings {
  readonly attempt: string;
  readonly supervisor: Supervisor;
  /** The lock on the work: the supervisor inherits it, and lives as long as anything of the program does. */
  readonly lock: number | undefined;
}

/** A program that runs under its supervisor. */
export class SupervisedProgram implements Stoppable {
  private readonly child: ChildProcess;
  private readonly surroundings: Surroundings;
  private readonly exited: Promise<Omit<Exit, 'survivors'>>;
  private readonly closed: Promise<unknown>;
  private impatience: NodeJS.Timeout | undefined;

  private constructor(child: ChildProcess, surroundings: Surroundings) {
    this.child = child;
    this.surroundings = surroundings;
    this.exited = new Promise((resolve) => child.once('exit', (exitCode, signal) => resolve({ exitCode, signal })));
    this.closed = new Promise((resolve) => child.once('close', resolve));
  }

  /** Starts it; rejects with what the system says. */
  static async start(program: Program, surroundings: Surroundings): Promise<SupervisedProgram> {
    const { env, folder } = program;
    const [file = '', ...args] = supervised(program, surroundings.supervisor);
    const child = spawn(file, args, {
      cwd: folder,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', surroundings.lock ?? 'ignore', 'pipe'],
    });
    const started = new SupervisedProgram(child, surroundings);
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    return started;
  }

  /** What it prints, and what it tells on the events. */
  get streams(): { readonly printed: readonly Readable[]; readonly events: Readable } {
    const streams = this.child.stdio as unknown as readonly Readable[];
    return { printed: streams.slice(1, 3), events: streams[EVENTS_DESCRIPTOR] as Readable };
  }

  ask = (): void => {
    if (this.surroundings.supervisor === 'shell') this.signalGroup('SIGTERM');
    // A halted one hears nothing.
    else for (const signal of ['SIGTERM', 'SIGCONT'] as const) this.child.kill(signal);
  };

  kill = (): void => {
    const { supervisor, attempt } = this.surroundings;
    if (supervisor === 'shell') {
      this.signalGroup('SIGKILL');
      void endSurvivors(attempt);
      return;
    }
    (this.child.stdio[3] as Writable).destroy();
    this.child.kill('SIGCONT');
    this.impatience ??= setTimeout(() => this.child.kill('SIGKILL'), PATIENCE);
  };

  /** Resolves when nothing of it lives any more and all that it said has been read. */
  async end(): Promise<Exit> {
    const exit = await this.exited;
    clearTimeout(this.impatience);
    const { supervisor, attempt } = this.surroundings;
    // Of a supervisor that was killed the other half ends what is left, unless that was killed too.
    const isUncertain = supervisor === 'shell' || exit.signal !== null;
    if (isUncertain && supervisor === 'compiled') await this.closing(PATIENCE);
    if (isUncertain) this.signalGroup('SIGKILL');
    const survivors = isUncertain ? await endSurvivors(attempt) : 0;
    await this.closing(LAST_WORDS);
    // Whoever still has them open is not heard any more.
    for (const stream of this.child.stdio) stream?.destroy();
    return { ...exit, survivors };
  }

  /** Waits until all that it said has been read, for so many milliseconds at most. */
  private async closing(milliseconds: number): Promise<void> {
    const late = new AbortController();
    await Promise.race([this.closed, sleep(milliseconds, undefined, { signal: late.signal }).catch(() => undefined)]);
    late.abort();
  }

  private signalGroup(signal: NodeJS.Signals): void {
    try {
      if (this.child.pid !== undefined) process.kill(-this.child.pid, signal);
    } catch {
      // The group is gone already.
    }
  }
}

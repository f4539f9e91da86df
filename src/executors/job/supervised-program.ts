import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Program } from './program.ts';
import { EVENTS_DESCRIPTOR } from './protocol.ts';
import { type Exit, PATIENCE, type RunningProgram, type Surroundings } from './running-program.ts';
import { type OwnSupervisor, supervised } from './supervisor.ts';
import { endSurvivors } from './survivors.ts';

/** Milliseconds in which what still stands in a program's streams is read once it has ended. */
const LAST_WORDS = 1000;

/** A program whose supervisor is a child of this process. */
export class SupervisedProgram implements RunningProgram {
  private readonly child: ChildProcess;
  private readonly attempt: string;
  private readonly supervisor: OwnSupervisor;
  private readonly exited: Promise<Omit<Exit, 'survivors'>>;
  private readonly closed: Promise<unknown>;
  private impatience: NodeJS.Timeout | undefined;

  private constructor(child: ChildProcess, { attempt, listener }: Surroundings, supervisor: OwnSupervisor) {
    this.child = child;
    this.attempt = attempt;
    this.supervisor = supervisor;
    const streams = child.stdio as unknown as readonly Readable[];
    const takers = new Map([...listener.printed.entries()].map(([index, take]) => [index + 1, take]));
    for (const [descriptor, take] of takers.set(EVENTS_DESCRIPTOR, listener.told))
      streams[descriptor]?.setEncoding('utf8').on('data', take);
    this.exited = new Promise((resolve) => child.once('exit', (exitCode, signal) => resolve({ exitCode, signal })));
    this.closed = new Promise((resolve) => child.once('close', resolve));
  }

  /** Starts it; rejects with what the system says. */
  static async start(program: Program, surroundings: Surroundings, supervisor: OwnSupervisor): Promise<SupervisedProgram> {
    const { env, folder } = program;
    const [file = '', ...args] = supervised(program, supervisor);
    const child = spawn(file, args, {
      cwd: folder,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', surroundings.lock?.descriptor ?? 'ignore', 'pipe'],
    });
    const started = new SupervisedProgram(child, surroundings, supervisor);
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    return started;
  }

  ask = (): void => {
    if (this.supervisor === 'shell') this.signalGroup('SIGTERM');
    // A halted one hears nothing.
    else for (const signal of ['SIGTERM', 'SIGCONT'] as const) this.child.kill(signal);
  };

  kill = (): void => {
    if (this.supervisor === 'shell') {
      this.signalGroup('SIGKILL');
      void endSurvivors(this.attempt);
      return;
    }
    (this.child.stdio[3] as Writable).destroy();
    this.child.kill('SIGCONT');
    this.impatience ??= setTimeout(() => this.child.kill('SIGKILL'), PATIENCE);
  };

  async end(): Promise<Exit> {
    const exit = await this.exited;
    clearTimeout(this.impatience);
    const { supervisor, attempt } = this;
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

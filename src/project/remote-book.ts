import type { Outcome } from '../model/problem.ts';
import type { Context } from './context.ts';
import type { ExchangeOptions } from './exchange.ts';
import type { Pulled } from './pull.ts';
import type { Pushed, PushOptions } from './push.ts';
import type { FarCollected, FarGcOptions, RemoteStatus } from './remote-upkeep.ts';

/** What is asked of the remotes that a project was opened with, or else of all that it declares. */
export class RemoteBook {
  private readonly context: Context;

  constructor(context: Context) {
    this.context = context;
  }

  /** Sends a run with its code, sources, outputs and results; without one, what earlier runs could not send. */
  async push(run: string | undefined, options: PushOptions = {}): Promise<Outcome<readonly Pushed[]>> {
    return this.context.withWritableStore(async () => (await import('./push.ts')).pushRun(this.context, run, options));
  }

  /** Fetches a run from the first remote that has it. */
  async pull(run: string, options: ExchangeOptions = {}): Promise<Outcome<Pulled>> {
    return this.context.withWritableStore(async () => (await import('./pull.ts')).pullRun(this.context, run, options));
  }

  /** How they stand: what is there, and what has not arrived. */
  async status(options: ExchangeOptions = {}): Promise<Outcome<readonly RemoteStatus[]>> {
    return this.context.withStore(async () => (await import('./remote-upkeep.ts')).remoteStatus(this.context, options));
  }

  /** Looks for what is old there and named by nothing that stays, and with `remove` removes it. */
  async gc(options: FarGcOptions): Promise<Outcome<readonly FarCollected[]>> {
    return this.context.guarded(async () => (await import('./remote-upkeep.ts')).collectFar(this.context, options));
  }
}

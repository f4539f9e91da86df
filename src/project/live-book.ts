import type { Event } from '../model/event.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import type { OpenFile, Printouts } from '../model/printouts.ts';
import type { StopWord } from '../model/stop-word.ts';
import type { Store } from '../model/store.ts';
import type { SweepEvent } from '../model/sweep-event.ts';
import type { Context } from './context.ts';
import type { AttachedRun } from './live/attach-run.ts';
import type { AttachedSweep } from './live/attach-sweep.ts';
import type { ToldToStop } from './live/stop.ts';

/** What had happened when watching began: of a run, or of a sweep. */
export type Past =
  | { readonly kind: 'run'; readonly id: string; readonly events: readonly Event[] }
  | { readonly kind: 'sweep'; readonly id: string; readonly events: readonly SweepEvent[] };

/** How something is watched that another process executes. */
export interface AttachOptions {
  /** Aborted: watches no longer; what runs goes on. */
  readonly signal?: AbortSignal | undefined;
  /** Told once, before anything else, where it lives. */
  readonly onPast?: ((past: Past) => void) | undefined;
  /** Told what a run does. */
  readonly onEvent?: ((event: Event) => void) | undefined;
  /** Told what a sweep does. */
  readonly onSweepEvent?: ((event: SweepEvent) => void) | undefined;
}

/** What was watched. */
export type Attached = AttachedRun | AttachedSweep;

/** Runs and sweeps that live, whichever process executes them, on whichever machine that sees the store. */
export class LiveBook {
  private readonly context: Context;

  constructor(context: Context) {
    this.context = context;
  }

  /**
   * Watches a run or a sweep to its end; without a word the only one that lives. Of one that has ended, tells how. Fails where there is none such;
   * how it ended is told in the result.
   */
  async attach(word: string | undefined, options: AttachOptions = {}): Promise<Outcome<Attached>> {
    return this.asked(async (store): Promise<Outcome<Attached>> => {
      const { thingMeant } = await import('./live/things.ts');
      const meant = await thingMeant(store, word, 'attach');
      if (!meant.ok) return meant;
      const { signal = new AbortController().signal, onPast = () => undefined } = options;
      const { kind, id } = meant.value;
      if (kind === 'run') {
        const { attachToRun } = await import('./live/attach-run.ts');
        const watch = { signal, onPast: (events: readonly Event[]) => onPast({ kind, id, events }) };
        return attachToRun(store, id, { ...watch, onEvent: (event) => options.onEvent?.(event) });
      }
      const { attachToSweep } = await import('./live/attach-sweep.ts');
      const watch = { signal, onPast: (events: readonly SweepEvent[]) => onPast({ kind, id, events }) };
      return attachToSweep(store, id, { ...watch, onEvent: (event) => options.onSweepEvent?.(event) });
    });
  }

  /** Tells a run or a sweep to end as Ctrl-C does, and with `kill` as a second one does; without a word the only one that lives. */
  async stop(word: string | undefined, how: StopWord = 'ask'): Promise<Outcome<ToldToStop>> {
    return this.asked(async (store) => (await import('./live/stop.ts')).stopThing(store, word, how));
  }

  /** Begins a file in the store for what a command prints that will go on by itself. */
  async beginPrintout(): Promise<Outcome<OpenFile>> {
    return this.asked(async (store) => (store.unwritable === undefined ? done(store.printouts.begin()) : failed(store.unwritable)));
  }

  /** Removes such a file, unless it has become that of a run or a sweep. */
  async discardPrintout(path: string): Promise<void> {
    await this.asked(async (store) => done(store.printouts.discard(path)));
  }

  /** Makes such a file that of a run or a sweep, whoever writes to it; returns where it lies then, absolute. */
  async keepPrintout(path: string, of: Parameters<Printouts['keep']>[1]): Promise<Outcome<string>> {
    return this.asked(async (store) => done(store.printouts.keep(path, of)));
  }

  private asked<Value>(work: (store: Store) => Promise<Outcome<Value>>): Promise<Outcome<Value>> {
    return this.context.withStore(work);
  }
}

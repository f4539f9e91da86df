import { type FarPage, type Remote, RemoteRefusal, TooLarge, type Wanted } from '../../model/remote.ts';
import type { Errand } from '../../model/store.ts';

/** Questions that failed one after another, each as often as it is tried, after which a remote is left alone. */
const MOST_FAILURES = 3;

/** How often a question is put. */
const MOST_TRIES = 5;

/** Bytes a second that a slow line still carries: whoever takes longer gives no sign of life. */
const SLOWEST = 64 * 1024;

/** Said of a remote that gives no sign of life. */
class Silence extends Error {}

/** How a remote is waited for, in milliseconds. */
export interface Patience {
  /** Without a sign of life. */
  readonly silence: number;
  /** Before a second try, at most; each later one waits up to twice as long. */
  readonly pause: number;
}

/** How a remote is waited for where nothing else is said. */
export const PATIENCE: Patience = { silence: 60_000, pause: 300 };

/** The longest pause between two tries, in milliseconds. */
const LONGEST_PAUSE = 10_000;

/**
 * A remote that may throw, hang or lie, made safe to ask: what fails is tried again up to five times, with pauses that grow and are drawn, so
 * that many who failed at once do not come back at once; what fails then is a notice and undefined. One that gave no sign of life for so long,
 * refuses, or failed several times in a row, is left alone from then on, so that it does not slow every node of a run.
 */
export class GuardedRemote {
  readonly name: string;
  private readonly remote: Remote;
  private readonly patience: Patience;
  private failures = 0;
  /** What failed last, and why, in words; undefined: nothing has. */
  failure: string | undefined;

  constructor(remote: Remote, patience: Patience) {
    this.name = remote.name;
    this.remote = remote;
    this.patience = patience;
  }

  /** Milliseconds before a second try, at most. */
  get pause(): number {
    return this.patience.pause;
  }

  get isLeftAlone(): boolean {
    return this.failures >= MOST_FAILURES;
  }

  get trust(): readonly string[] {
    return this.remote.trust;
  }

  get write(): string | undefined {
    return this.remote.write;
  }

  /** The bytes of an object; `none` where there is none, undefined where it failed. */
  async get(key: string, wanted: Wanted, errand: Errand): Promise<Uint8Array | 'none' | undefined> {
    const bytes = wanted.range === undefined ? (wanted.size ?? 0) : wanted.range[1] - wanted.range[0];
    return this.ask({ what: `get ${key}`, bytes }, errand, (signal) => this.ofOurs(key, wanted, signal));
  }

  private async ofOurs(key: string, wanted: Wanted, signal: AbortSignal): Promise<Uint8Array | 'none'> {
    try {
      return (await this.remote.get(key, wanted, signal)) ?? 'none';
    } catch (error) {
      // Nothing that was sent: like any bytes that are not what they should be.
      if (error instanceof TooLarge) return new Uint8Array();
      throw error;
    }
  }

  /** Bytes of an object; `none` where there is none, undefined where it failed. */
  async size(key: string, errand: Errand): Promise<number | 'none' | undefined> {
    return this.ask({ what: `look for ${key}` }, errand, async (signal) => (await this.remote.size(key, signal)) ?? 'none');
  }

  /** Whether it was new; undefined where it failed. */
  put(key: string, bytes: Uint8Array, errand: Errand): Promise<boolean | undefined> {
    return this.ask({ what: `put ${key}`, bytes: bytes.length }, errand, (signal) => this.remote.put(key, bytes, signal));
  }

  /** Whether what it holds can be listed. */
  get isListed(): boolean {
    return this.remote.list !== undefined;
  }

  /** A page of its objects; undefined where it failed, or they cannot be listed. */
  async list(prefix: string, from: string | undefined, errand: Errand): Promise<FarPage | undefined> {
    const { remote } = this;
    return this.ask({ what: `list ${prefix}` }, errand, async (signal) => remote.list?.(prefix, from, signal));
  }

  /** Whether they are gone. */
  async delete(keys: readonly string[], errand: Errand): Promise<boolean> {
    const gone = await this.ask({ what: `delete ${keys.length} objects` }, errand, async (signal) => {
      await this.remote.delete(keys, signal);
      return true;
    });
    return gone === true;
  }

  /** In words what it cannot promise; undefined where that is nothing, or it failed. */
  async flaw(errand: Errand): Promise<string | undefined> {
    const flaw = await this.ask({ what: 'try it' }, errand, async (signal) => (await this.remote.flaw?.(signal)) ?? '');
    return flaw === '' ? undefined : flaw;
  }

  private async ask<Answer>(
    { what, bytes = 0 }: { readonly what: string; readonly bytes?: number },
    { signal, notice }: Errand,
    question: (signal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer | undefined> {
    for (let tried = 1; ; tried += 1) {
      if (this.isLeftAlone || signal.aborted) return undefined;
      try {
        const answer = await this.once(bytes, signal, question);
        this.failures = 0;
        return answer;
      } catch (error) {
        // What else was asked of it at the same time has told already.
        if (signal.aborted || this.isLeftAlone) return undefined;
        const isFinal = error instanceof Silence || error instanceof RemoteRefusal;
        if (!isFinal && tried < MOST_TRIES) {
          await pause(Math.min(LONGEST_PAUSE, this.patience.pause * 2 ** (tried - 1)) * (0.5 + Math.random() / 2), signal);
          continue;
        }
        this.failures = isFinal ? MOST_FAILURES : this.failures + 1;
        const why = error instanceof Error ? error.message : String(error);
        const hint = error instanceof RemoteRefusal ? `; ${error.hint}` : '';
        const end = this.isLeftAlone ? '; it is left alone from now on' : '';
        const isTold = toldOf(this.remote).has(why);
        toldOf(this.remote).add(why);
        this.failure = `${why.replace(/\.$/, '')} (${what.replaceAll(/[0-9a-f]{64}/g, (digest) => `${digest.slice(0, 12)}…`)})${hint}`;
        // What it refuses is refused for reading and for writing.
        if (!isTold || !(error instanceof RemoteRefusal)) notice(`the remote ${this.name}: ${this.failure}${end}`);
        return undefined;
      }
    }
  }

  /** Asks once, and ends when there is no answer for too long or it is no longer wanted. */
  private async once<Answer>(bytes: number, outer: AbortSignal, question: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    const controller = new AbortController();
    const silence = this.patience.silence + (bytes / SLOWEST) * 1000;
    let end: (reason: unknown) => void = () => undefined;
    const ended = new Promise<never>((_, reject) => {
      end = (reason) => {
        controller.abort(reason);
        reject(reason);
      };
    });
    ended.catch(() => undefined);
    const onAbort = (): void => end(outer.reason);
    const timer = setTimeout(() => end(new Silence(`no sign of life for ${Math.round(silence) / 1000} s`)), silence);
    outer.addEventListener('abort', onAbort);
    try {
      return await Promise.race([question(controller.signal), ended]);
    } finally {
      clearTimeout(timer);
      outer.removeEventListener('abort', onAbort);
      controller.abort();
    }
  }
}

/** Why each remote refused, as far as that was told. */
const told = new WeakMap<Remote, Set<string>>();

function toldOf(remote: Remote): Set<string> {
  const known = told.get(remote) ?? new Set();
  told.set(remote, known);
  return known;
}

/** Waits for so many milliseconds, or until the signal. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener('abort', end);
  });
}

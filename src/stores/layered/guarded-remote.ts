import type { Remote } from '../../model/remote.ts';
import type { Errand, Payload } from '../../model/store.ts';

/** Failures one after another after which a remote is left alone. */
const MOST_FAILURES = 3;

/** Said of a remote that gives no sign of life. */
class Silence extends Error {}

/**
 * A remote that may throw, hang or lie, made safe to ask: what fails is a notice and undefined. One that gave no sign of life for so long,
 * or failed several times in a row, is left alone from then on, so that it does not slow every node of a run.
 */
export class GuardedRemote {
  readonly name: string;
  private readonly remote: Remote;
  private readonly patience: number;
  private failures = 0;

  /** `patience`: milliseconds without a sign of life. */
  constructor(remote: Remote, patience: number) {
    this.name = remote.name;
    this.remote = remote;
    this.patience = patience;
  }

  get isLeftAlone(): boolean {
    return this.failures >= MOST_FAILURES;
  }

  has(digest: string, errand: Errand): Promise<boolean | undefined> {
    return this.ask('has', errand, ({ signal }) => this.remote.has(digest, signal));
  }

  getResult(fingerprint: string, errand: Errand): Promise<string | undefined> {
    return this.ask('getResult', errand, ({ signal }) => this.remote.getResult(fingerprint, signal));
  }

  /** Whether it was new; undefined where it failed. */
  putResult(fingerprint: string, record: string, errand: Errand): Promise<boolean | undefined> {
    return this.ask('putResult', errand, ({ signal }) => this.remote.putResult(fingerprint, record, signal));
  }

  /** Gives the content of a digest to a taker, piece by piece; undefined where there is none or it failed. */
  get<Taken>(digest: string, errand: Errand, take: (bytes: AsyncIterable<Uint8Array>) => Promise<Taken>): Promise<Taken | undefined> {
    return this.ask('get', errand, async (watch) => {
      const bytes = await this.remote.get(digest, watch.signal);
      return bytes === undefined ? undefined : take(watched(bytes, watch));
    });
  }

  /** Whether the content is there now. */
  async put(digest: string, { size, bytes }: Payload, errand: Errand): Promise<boolean> {
    const put = await this.ask('put', errand, async (watch) => {
      await this.remote.put(digest, { size, bytes: () => watched(bytes(), watch) }, watch.signal);
      return true;
    });
    return put === true;
  }

  private async ask<Answer>(
    what: string,
    { signal, notice }: Errand,
    question: (watch: Watch) => Promise<Answer>,
  ): Promise<Answer | undefined> {
    if (this.isLeftAlone || signal.aborted) return undefined;
    const watch = new Watch(signal, this.patience);
    try {
      const answer = await Promise.race([question(watch), watch.ended]);
      this.failures = 0;
      return answer;
    } catch (error) {
      // What else was asked of it at the same time has told already.
      if (signal.aborted || this.isLeftAlone) return undefined;
      this.failures = error instanceof Silence ? MOST_FAILURES : this.failures + 1;
      const why = error instanceof Error ? error.message : String(error);
      notice(`the remote ${this.name}: ${why} (${what})${this.isLeftAlone ? '; it is left alone from now on' : ''}`);
      return undefined;
    } finally {
      watch.stop();
    }
  }
}

/** Waits for signs of life, and ends what is asked when there is none for too long or it is no longer wanted. */
class Watch {
  /** Never ends well: rejects when the patience or the errand has ended. */
  readonly ended: Promise<never>;
  private readonly controller = new AbortController();
  private readonly patience: number;
  private readonly outer: AbortSignal;
  private timer: NodeJS.Timeout | undefined;
  private reject: (reason: unknown) => void = () => undefined;

  constructor(outer: AbortSignal, patience: number) {
    this.patience = patience;
    this.outer = outer;
    this.ended = new Promise<never>((_, reject) => {
      this.reject = reject;
    });
    this.ended.catch(() => undefined);
    outer.addEventListener('abort', this.onAbort);
    this.alive();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  private readonly onAbort = (): void => this.end(this.outer.reason);

  private end(reason: unknown): void {
    this.controller.abort(reason);
    this.reject(reason);
  }

  /** Something came or went: patience begins anew. */
  alive(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.end(new Silence(`no sign of life for ${this.patience / 1000} s`)), this.patience);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.outer.removeEventListener('abort', this.onAbort);
    this.controller.abort();
  }
}

/** Bytes whose every piece is a sign of life, and that end with the watch even where the next piece never comes. */
async function* watched(bytes: AsyncIterable<Uint8Array>, watch: Watch): AsyncGenerator<Uint8Array> {
  const pieces = bytes[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await Promise.race([pieces.next(), watch.ended]);
      if (next.done === true) return;
      watch.alive();
      yield next.value;
    }
  } finally {
    // Not waited for: one that hangs would never end.
    pieces.return?.().catch(() => undefined);
  }
}

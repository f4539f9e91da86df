import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';

interface Due {
  readonly at: number;
  readonly order: number;
  readonly call: () => void;
}

/** What a timer of Node is to whoever set it. */
interface Handle {
  due: Due | undefined;
  ref(): Handle;
  unref(): Handle;
  hasRef(): boolean;
}

/** Milliseconds, and what happens then: all that playing a cluster needs of time. */
export interface Clock {
  now(): number;
  after(milliseconds: number, call: () => void): void;
}

/** What is due, the earliest first. */
export class Agenda {
  private readonly heap: Due[] = [];
  private readonly dropped = new Set<Due>();
  private count = 0;

  add(at: number, call: () => void): Due {
    this.count += 1;
    const due = { at, order: this.count, call };
    let place = this.heap.push(due) - 1;
    for (let above = (place - 1) >> 1; place > 0 && isBefore(due, this.heap[above]); above = (place - 1) >> 1) {
      this.heap[place] = this.heap[above] as Due;
      place = above;
    }
    this.heap[place] = due;
    return due;
  }

  drop(due: Due): void {
    this.dropped.add(due);
  }

  get first(): Due | undefined {
    while (this.heap[0] !== undefined && this.dropped.delete(this.heap[0])) this.pop();
    return this.heap[0];
  }

  /** Takes what is due first, if it is due by then. */
  take(by: number): Due | undefined {
    const { first } = this;
    if (first === undefined || first.at > by) return undefined;
    this.pop();
    return first;
  }

  private pop(): void {
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return;
    let place = 0;
    for (;;) {
      const [left, right] = [2 * place + 1, 2 * place + 2];
      const next = right < this.heap.length && isBefore(this.heap[right] as Due, this.heap[left]) ? right : left;
      if (next >= this.heap.length || !isBefore(this.heap[next] as Due, last)) break;
      this.heap[place] = this.heap[next] as Due;
      place = next;
    }
    this.heap[place] = last;
  }
}

function isBefore(one: Due, other: Due | undefined): boolean {
  return other !== undefined && (one.at < other.at || (one.at === other.at && one.order < other.order));
}

const realDate = Date;
const realNow = performance.now.bind(performance);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Whether the system still works on something that this process has asked for. */
function isBusy(): boolean {
  return process.getActiveResourcesInfo().some((name) => name === 'FSReqCallback' || name === 'FSReqPromise');
}

/**
 * The clock of this process as long as it is installed. What is computed takes the time that it takes, but nothing is waited for: when all are
 * waiting, it goes on at once to what is due next. So a day of polls and pauses takes as long as what is done in it, and nothing is scaled.
 */
export class SkippingClock implements Clock {
  private readonly agenda = new Agenda();
  private readonly began = realNow();
  private readonly date = realDate.now();
  private skipped = 0;

  now(): number {
    return realNow() - this.began + this.skipped;
  }

  after(milliseconds: number, call: () => void): void {
    this.agenda.add(this.now() + Math.max(0, milliseconds), call);
  }

  /** Lets this clock be that of the process; returns what ends that. */
  install(): () => void {
    const { setTimeout: timeout, clearTimeout: clear } = globalThis;
    const { setTimeout: sleep } = timersPromises;
    const clock = this;
    class SimulatedDate extends realDate {
      constructor(...given: readonly unknown[]) {
        super(...((given.length === 0 ? [SimulatedDate.now()] : given) as [number]));
      }
      static override now(): number {
        return Math.round(clock.date + clock.now());
      }
    }
    const set = (call: (...values: unknown[]) => void, milliseconds = 0, ...values: unknown[]): Handle =>
      this.timer(() => call(...values), milliseconds);
    const drop = (handle: unknown): void => {
      if (isHandle(handle)) this.cancel(handle);
      else clear(handle as NodeJS.Timeout | undefined);
    };
    Object.assign(globalThis, { setTimeout: set, clearTimeout: drop, Date: SimulatedDate });
    Object.assign(timersPromises, { setTimeout: (...given: Parameters<typeof sleep>) => this.sleep(...given) });
    performance.now = () => this.now();
    syncBuiltinESMExports();
    return () => {
      Object.assign(globalThis, { setTimeout: timeout, clearTimeout: clear, Date: realDate });
      Object.assign(timersPromises, { setTimeout: sleep });
      performance.now = realNow;
      syncBuiltinESMExports();
    };
  }

  /** Goes on until something has come to its end. Throws where that can never be. */
  async until<Value>(end: Promise<Value>): Promise<Value> {
    let isOver = false;
    const settle = (): void => {
      isOver = true;
    };
    end.then(settle, settle);
    for (let quiet = 0; !isOver; ) {
      await turn();
      const due = this.agenda.take(this.now());
      if (due !== undefined) {
        due.call();
        quiet = 0;
      } else if (isBusy()) quiet = 0;
      else quiet += 1;
      // What happens in a turn may lead on to the next.
      if (quiet < 3) continue;
      const { first } = this.agenda;
      if (first === undefined && quiet > 1000) throw new Error('all wait, and nothing is due');
      if (first !== undefined) this.skipped += Math.max(0, first.at - this.now());
    }
    return end;
  }

  private timer(call: () => void, milliseconds: number): Handle {
    const handle: Handle = { due: undefined, ref: () => handle, unref: () => handle, hasRef: () => true };
    handle.due = this.agenda.add(this.now() + Math.max(0, milliseconds), () => {
      handle.due = undefined;
      call();
    });
    return handle;
  }

  private cancel(handle: Handle): void {
    if (handle.due !== undefined) this.agenda.drop(handle.due);
    handle.due = undefined;
  }

  private sleep<Value>(milliseconds = 0, value?: Value, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const onAbort = (): void => {
        this.cancel(handle);
        reject(signal?.reason);
      };
      const handle = this.timer(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve(value as Value);
      }, milliseconds);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}

function isHandle(value: unknown): value is Handle {
  return typeof value === 'object' && value !== null && 'due' in value;
}

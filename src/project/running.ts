import type { Event } from '../model/event.ts';

/**
 * Something that runs: a promise of how it ends, and the events of it as they happen. Both may be asked for:
 *
 *     const running = project.run('pipelines/x.yaml');
 *     for await (const event of running) console.log(event.type);
 *     const ended = await running;
 *
 * A loop sees all events from when it is begun, so begin it before anything is awaited. Leaving a loop early leaves the run going.
 */
export interface Running<Result, Told = Event> extends PromiseLike<Result>, AsyncIterable<Told> {}

/** Starts something, after the caller had the time to begin a loop over its events. */
export function startRunning<Result, Told = Event>(start: (emit: (event: Told) => void) => Promise<Result>): Running<Result, Told> {
  const loops = new Set<EventQueue<Told>>();
  const result = Promise.resolve().then(() =>
    start((event) => {
      for (const loop of loops) loop.push(event);
    }),
  );
  const isOver = result.then(
    () => undefined,
    () => undefined,
  );
  return {
    // biome-ignore lint/suspicious/noThenProperty: it is a promise of its result, and its events beside.
    then: (onDone, onFailed) => result.then(onDone, onFailed),
    [Symbol.asyncIterator]() {
      const loop = new EventQueue<Told>(() => void loops.delete(loop));
      loops.add(loop);
      void isOver.then(() => loop.end());
      return loop;
    },
  };
}

/** The events of one loop: those that nobody has taken yet wait. */
class EventQueue<Told> implements AsyncIterator<Told, undefined> {
  private readonly waiting: Told[] = [];
  private readonly leave: () => void;
  private isOver = false;
  private wake: () => void = () => undefined;

  constructor(leave: () => void) {
    this.leave = leave;
  }

  push(event: Told): void {
    this.waiting.push(event);
    this.wake();
  }

  end(): void {
    this.isOver = true;
    this.wake();
  }

  async next(): Promise<IteratorResult<Told, undefined>> {
    for (;;) {
      const event = this.waiting.shift();
      if (event !== undefined) return { done: false, value: event };
      if (this.isOver) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  async return(): Promise<IteratorResult<Told, undefined>> {
    this.leave();
    return { done: true, value: undefined };
  }
}

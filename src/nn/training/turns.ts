/** Lets whatever waits in the event loop (signals, messages) have its turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Does work that pauses now and then, without letting anything between. */
export function atOnce<Result>(work: Generator<undefined, Result>): Result {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}

/** Does work that pauses now and then, with a turn of the event loop at each pause. The signal ends it by throwing its reason. */
export async function inTurns<Result>(work: Generator<undefined, Result>, signal: AbortSignal): Promise<Result> {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
    await turn();
    signal.throwIfAborted();
  }
}

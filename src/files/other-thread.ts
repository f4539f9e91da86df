import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/** Memory that the other thread needs, in MiB: its garbage is young. */
const LIMITS = { maxYoungGenerationSizeMb: 8 };

/** Milliseconds in which a thread has long started, where it can be. */
const PATIENCE = 2000;

let helper: Worker | undefined;

/** 1 once the thread has started. */
const awake = new Int32Array(new SharedArrayBuffer(4));

/**
 * A thread beside this one that looks at files or hashes pieces of them (`work-beside.ts`), started when it is first needed; undefined where
 * there is but one processor. It keeps no process alive, and it may turn out that it cannot be started.
 */
export function otherThread(): Worker | undefined {
  if (helper !== undefined || availableParallelism() < 2) return helper;
  // From wherever this is run: compiled, bundled, or as it was written.
  const file = new URL('../../dist/files/work-beside.js', import.meta.url);
  helper = new Worker(file, { execArgv: [], env: {}, resourceLimits: LIMITS, workerData: awake });
  const forget = (): void => {
    Atomics.store(awake, 0, 0);
    helper = undefined;
  };
  helper.once('error', forget).once('exit', forget).unref();
  return helper;
}

/** The same for work that has to be waited for: undefined where the thread does not start. */
export function startedThread(): Worker | undefined {
  const thread = otherThread();
  return thread !== undefined && Atomics.wait(awake, 0, 0, PATIENCE) !== 'timed-out' ? thread : undefined;
}

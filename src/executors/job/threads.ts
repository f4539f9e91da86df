import { MessageChannel, Worker } from 'node:worker_threads';
import type { JsonObject } from '../../model/json.ts';
import type { Thread, ThreadWork } from '../../model/stage.ts';
import type { ThreadJob } from './protocol.ts';

/** The threads of one stage's work. */
export interface Threads {
  /** See `WorkContext`. */
  start<Data>(run: ThreadWork<Data>, data: Data): Thread;
  /** Rejects as soon as one of them fails. */
  readonly failure: Promise<never>;
}

/** Lets a stage's work start threads: `works` are the functions that the bundle (a URL) exports for them, `params` those of the work. */
export function openThreads(bundle: string, works: Readonly<Record<string, unknown>>, params: JsonObject): Threads {
  const { promise: failure, reject } = deferred();
  return {
    failure,
    start(run, data) {
      const name = Object.keys(works).find((one) => works[one] === run);
      if (name === undefined) throw new Error(`run.ts must export what runs in a thread: export const threads = { ${run.name} }`);
      const { port1: port, port2: other } = new MessageChannel();
      const workerData: ThreadJob = { bundle, name, data, params, port: other };
      const worker = new Worker(new URL('./thread.js', import.meta.url), { name, workerData, transferList: [other] });
      let isClosed = false;
      worker.once('error', reject);
      worker.once('exit', (code) => {
        if (code !== 0 && !isClosed) reject(new Error(`the thread "${name}" ended with exit code ${code}`));
      });
      return {
        port,
        async close() {
          isClosed = true;
          port.close();
          await worker.terminate();
        },
      };
    },
  };
}

function deferred(): { readonly promise: Promise<never>; readonly reject: (error: unknown) => void } {
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<never>((_, own) => {
    reject = own;
  });
  return { promise, reject };
}

import { parentPort, workerData } from 'node:worker_threads';
import { hashPieces, type SharedPieces } from './hashed-pieces.ts';
import { BUSY, lookThrough, type ManyFiles } from './many-work.ts';

/** What the other thread is given to do. */
type Work = SharedPieces | (Omit<ManyFiles, 'paths'> & { readonly paths: string });

// The other thread itself; see `other-thread.ts`.
parentPort?.on('message', (work: Work) => {
  if ('pieces' in work) {
    hashPieces(work);
    return;
  }
  const { paths, control } = work;
  Atomics.store(control, BUSY, 1);
  try {
    lookThrough({ ...work, paths: paths.split('\0') });
  } finally {
    Atomics.store(control, BUSY, 0);
    Atomics.notify(control, BUSY);
  }
});
const awake = workerData as Int32Array;
Atomics.store(awake, 0, 1);
Atomics.notify(awake, 0);

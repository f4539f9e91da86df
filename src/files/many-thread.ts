import { parentPort } from 'node:worker_threads';
import { BUSY, lookThrough, type ManyFiles } from './many-work.ts';

// The other thread that looks at files; see `many-files.ts`.
parentPort?.on('message', ({ paths, ...files }: Omit<ManyFiles, 'paths'> & { readonly paths: string }) => {
  const { control } = files;
  Atomics.store(control, BUSY, 1);
  lookThrough({ ...files, paths: paths.split('\0') });
  Atomics.store(control, BUSY, 0);
  Atomics.notify(control, BUSY);
});

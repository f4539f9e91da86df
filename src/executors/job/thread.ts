import { workerData } from 'node:worker_threads';
import type { ThreadWork } from '../../model/stage.ts';
import { type BundledModules, modulesOf, type ThreadJob } from './protocol.ts';

// The fixed entry of a stage's threads, as child.ts is that of its work: all that can change a result is in the bundle, so the bundle's
// digest is the code's digest here too. The permission model holds in a thread as it does in the process.
const job = workerData as ThreadJob;
const { threads, modules } = (await import(job.bundle)) as {
  readonly threads: Readonly<Record<string, ThreadWork<unknown>>>;
  readonly modules: BundledModules;
};
await threads[job.name]?.(job.data, { modules: modulesOf(modules, job.params), port: job.port });

import type { Capacity, Executor } from '../model/executor.ts';
import type { Outcome } from '../model/problem.ts';
import { Context, projectRoot } from '../project/context.ts';
import { capacityOf as capacityOfJobs, type Opened, openPipeline as open } from '../project/pipeline.ts';
import type { Store } from '../model/store.ts';

export { planOpened } from '../project/pipeline.ts';
export { projectExecutors } from '../project/executors.ts';
export { type Opened, projectRoot };

/** Options that all commands share. */
export interface CommonOptions {
  readonly store?: string;
  readonly json?: boolean;
}

/** Options of the commands that plan. */
export interface PlanOptions extends CommonOptions {
  readonly set?: readonly string[];
  readonly force?: readonly string[];
  readonly only?: readonly string[];
  readonly jobs?: string;
  readonly executor?: string;
}

/** Opens the store that the options name, or that of the project. */
export function openStore(root: string, { store }: CommonOptions): Outcome<Store> {
  return new Context({ folder: root, ...(store === undefined ? {} : { store }) }).store();
}

/** Reads a pipeline file and opens its store. */
export function openPipeline(file: string, { store, set, executor }: PlanOptions): Promise<Outcome<Opened>> {
  return open(new Context({ file, ...(store === undefined ? {} : { store }), ...(executor === undefined ? {} : { executor }) }), file, set);
}

/** What may be used at once: the machine, or as many threads as `--jobs` says. */
export function capacityOf({ jobs }: Pick<PlanOptions, 'jobs'>, executor: Executor): Outcome<Capacity> {
  return capacityOfJobs(jobs === undefined ? undefined : Number(jobs), executor);
}

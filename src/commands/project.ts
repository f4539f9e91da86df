import type { Outcome } from '../model/problem.ts';
import { Context, projectRoot } from '../project/context.ts';
import type { Store } from '../model/store.ts';

export { projectExecutors } from '../project/executors.ts';
export { projectRoot };

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

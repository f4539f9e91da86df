import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import { RECORD_FORMAT } from '../model/run.ts';
import type { Store } from '../model/store.ts';
import type { Garbage } from '../model/upkeep.ts';
import { describeSetup } from '../setup/facts.mjs';
import type { Context } from './context.ts';

/** Milliseconds that short commands beside are waited for. */
const SHORT_WAIT = 1500;

/** Which runs are kept beside those that are tagged, pinned or live, and how. */
export interface GcOptions {
  /** So many of the newest. */
  readonly keepRuns?: number | undefined;
  /** Those of so many last days. */
  readonly keepDays?: number | undefined;
  /** Only says what would be removed. */
  readonly dryRun?: boolean | undefined;
  /** Waits until no one else uses the store, however long. */
  readonly wait?: boolean | undefined;
  /** Told what is waited for, once that has taken a moment. */
  readonly onWait?: ((message: string) => void) | undefined;
  /** Aborted: waits no longer. */
  readonly signal?: AbortSignal | undefined;
}

/** What was, or would be, removed. */
export interface Collected extends Garbage {
  /** What refused to be removed, each as a path and why. */
  readonly left: readonly string[];
}

/** Removes what no kept run reaches, while no one else uses the store. Returns what was, or with `dryRun` would be, removed. */
export async function collectGarbage(context: Context, options: GcOptions): Promise<Outcome<Collected>> {
  const opened = context.store();
  if (!opened.ok) return opened;
  const store = opened.value;
  if (options.dryRun !== true) {
    if (store.unwritable !== undefined) return failed(store.unwritable);
    const taken = await takeAlone(store, options, context.root);
    if (!taken.ok) return taken;
  }
  const strange = store.runs.ids().filter((id) => (store.runs.read(id)?.format ?? Number.POSITIVE_INFINITY) > RECORD_FORMAT);
  if (strange.length > 0) return failed(unreadable(strange));
  const garbage = store.maintenance.findGarbage({ runs: options.keepRuns, days: options.keepDays });
  store.flush();
  const left = options.dryRun === true ? [] : store.maintenance.remove(garbage);
  context.close();
  return done({ ...garbage, left });
}

/** What a record that cannot be read keeps is not known, so nothing is removed. */
function unreadable(ids: readonly string[]): Problem {
  return {
    kind: 'store',
    code: 'unreadable-record',
    message: `the records of ${ids.slice(0, 5).join(', ')} are damaged or were written by a newer Stillroom; nothing was removed`,
    hint: 'update Stillroom, or move those files out of runs/ in the store',
  };
}

async function takeAlone(store: Store, { wait, onWait, signal }: GcOptions, project: string): Promise<Outcome<undefined>> {
  const stops = [...(signal === undefined ? [] : [signal]), ...(wait === true ? [] : [AbortSignal.timeout(SHORT_WAIT)])];
  const who = { pid: process.pid, since: new Date().toISOString(), project, command: 'stillroom gc' };
  const isAlone = await store.maintenance.takeAlone({
    who,
    signal: AbortSignal.any(stops),
    onWait: ({ message }) => (wait === true ? onWait?.(`${message}${liveText(store)}`) : undefined),
  });
  if (isAlone) return done(undefined);
  return failed({
    kind: 'usage',
    code: 'store-in-use',
    message: `the store is in use${liveText(store) || ' by another command'}; nothing was removed`,
    hint: 'try again when they have ended, or wait for them: stillroom gc --wait',
  });
}

/** The runs that use a store, in words; nothing where there are none. */
function liveText({ runs }: Store): string {
  const live = [...runs.all()].filter(({ state }) => state === 'live').map(({ id, pipeline }) => `${id} (${pipeline})`);
  return live.length === 0 ? '' : `: ${live.join(', ')} ${live.length === 1 ? 'is' : 'are'} live`;
}

/** What was hashed, and what of it was not whole. */
export interface Verification {
  readonly checked: number;
  readonly damaged: readonly { readonly digest: string; readonly node: string }[];
}

/** Hashes everything in the store; what is damaged goes to quarantine and its node reruns. */
export async function verifyStore(context: Context): Promise<Outcome<Verification>> {
  const store = context.store();
  if (!store.ok) return store;
  const { checked, damaged } = await store.value.maintenance.verify();
  store.value.flush();
  return done({ checked, damaged });
}

/** One thing that is set up, or is not. */
export interface SetupItem {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly hint?: string;
}

/** What is set up and what is not: Node, packages, the training engine, the project's store. */
export function describeProject(context: Context): readonly SetupItem[] {
  const store = context.store();
  const problem = store.ok ? store.value.unwritable : store.problems[0];
  return [
    ...describeSetup(),
    {
      name: 'store',
      ok: problem === undefined,
      detail: problem?.message ?? context.places.store,
      ...(problem?.hint === undefined ? {} : { hint: problem.hint }),
    },
  ];
}

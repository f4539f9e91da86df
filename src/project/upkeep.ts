import { findRun } from '../records/find.ts';
import { rowsWithSweeps } from '../records/rows.ts';
import { bytesText, counted } from '../text/amounts.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import type { RunState } from '../model/run.ts';
import type { Store } from '../model/store.ts';
import type { Garbage, Verification } from '../model/upkeep.ts';
import type { Context } from './context.ts';

/** Milliseconds that short commands beside are waited for. */
const SHORT_WAIT = 1500;

/** Which runs stay beside those that are tagged, pinned or live, and how the others go. */
export interface GcOptions {
  /** So many of the newest. */
  readonly keepRuns?: number | undefined;
  /** Those of so many last days. */
  readonly keepDays?: number | undefined;
  /** Bytes that the store may take: of the runs that would stay, the oldest go until it does. */
  readonly maxSize?: number | undefined;
  /** These go, each named as in `Records`. Without another number all others stay. */
  readonly runs?: readonly string[] | undefined;
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
  const { damaged, newer } = store.maintenance.undecidable();
  if (damaged.length > 0) return failed(unreadable(damaged, 'damaged', 'say what that costs and put it aside: stillroom verify'));
  if (newer.length > 0) return failed(unreadable(newer, 'written by a newer Stillroom', 'update Stillroom'));
  const without = await goingRuns(store, options.runs ?? []);
  if (!without.ok) return without;
  const { keepRuns: runs, keepDays: days, maxSize: size } = options;
  const garbage = store.maintenance.findGarbage({ runs, days, without: without.value, size });
  store.flush();
  const tooLarge = size === undefined ? undefined : misfit(garbage, size);
  if (tooLarge !== undefined) return failed(tooLarge);
  const left = options.dryRun === true ? [] : store.maintenance.remove(garbage, { thorough: size !== undefined });
  context.close();
  return done({ ...garbage, left });
}

/** The ids of the runs that are to go; one that must stay is a problem. */
async function goingRuns(store: Store, words: readonly string[]): Promise<Outcome<readonly string[]>> {
  const ids: string[] = [];
  const problems: Problem[] = [];
  for (const word of words) {
    const runs = await runsMeant(store, word);
    if (!runs.ok) return runs;
    for (const { id, state, sweep } of runs.value) {
      const found = keeperOf(store, id, 'run') ?? (sweep === undefined ? undefined : keeperOf(store, sweep, 'sweep'));
      const [why, hint] = found ?? [state === 'live' ? `the run ${id} is live` : undefined, 'wait until it has ended, or stop it'];
      if (why === undefined) ids.push(id);
      else problems.push({ kind: 'usage', code: 'run-is-kept', message: `${why}; nothing was removed`, hint });
      // What keeps a sweep keeps all of its runs.
      if (why !== undefined) break;
    }
  }
  return problems.length > 0 ? failed(...problems) : done(ids);
}

/** What keeps a run or a sweep by name, and how that is ended. */
function keeperOf({ tags }: Store, id: string, what: 'run' | 'sweep'): readonly [why: string, hint: string] | undefined {
  const tag = tags.all().find(({ run }) => run === id)?.name;
  if (tag !== undefined) return [`the ${what} ${id} is tagged ${tag}`, `take the tag away first: stillroom tag --delete ${tag}`];
  return tags.pins().includes(id) ? [`the ${what} ${id} is pinned`, `unpin it first: stillroom tag ${id} --unpin`] : undefined;
}

/** The run that a word names, or those of the sweep that it names. */
async function runsMeant(
  store: Store,
  word: string,
): Promise<Outcome<readonly { readonly id: string; readonly state: RunState; readonly sweep?: string }[]>> {
  const { sweepMeant } = await import('./sweep-records.ts');
  const sweep = sweepMeant(store, word);
  if (!sweep.ok) return sweep;
  if (sweep.value !== undefined) {
    const id = sweep.value;
    const rows = [...rowsWithSweeps(store).rows()].filter((row) => row.sweep === id);
    return done(rows.map(({ run, state }) => ({ id: run, state, sweep: id })));
  }
  const found = findRun(store, word);
  return found.ok
    ? done([{ id: found.value.id, state: found.value.state, ...(found.value.sweep === undefined ? {} : { sweep: found.value.sweep.id }) }])
    : found;
}

/** Why a store does not get as small as is asked for; undefined where it does. */
function misfit({ size, bytes, keptRuns }: Garbage, most: number): Problem | undefined {
  if (size - bytes <= most) return undefined;
  const runs =
    keptRuns.size === 0 ? '' : ` ${counted(keptRuns.size, 'run')} that ${keptRuns.size === 1 ? 'is' : 'are'} tagged, pinned or live, and`;
  return {
    kind: 'usage',
    code: 'does-not-fit',
    message: `without any run that may go the store would still take ${bytesText(size - bytes)}, more than ${bytesText(most)}; nothing was removed`,
    hint: `what stays are${runs} the outputs in latest/ and the index; see what takes the room: stillroom doctor`,
  };
}

/** What a record that cannot be read keeps is not known, so nothing is removed. */
function unreadable(names: readonly string[], how: string, hint: string): Problem {
  const told = `${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`;
  const message = `${told} ${names.length === 1 ? 'is' : 'are'} ${how}; nothing was removed`;
  return { kind: 'store', code: 'unreadable-record', message, hint };
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

export type { Finding, Verification } from '../model/upkeep.ts';

/** Looks at every file of the store; what is damaged goes to quarantine, and what can be made again is. */
export async function verifyStore(context: Context): Promise<Outcome<Verification>> {
  const store = context.store();
  if (!store.ok) return store;
  const verified = await store.value.maintenance.verify();
  store.value.flush();
  const { unwritable } = store.value;
  return done(verified.damaged.length === 0 || unwritable === undefined ? verified : { ...verified, unmoved: unwritable });
}

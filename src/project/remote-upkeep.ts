import type { FarGarbage, ShelfUsage } from '../model/far.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import type { Remote } from '../model/remote.ts';
import type { Errand, Store } from '../model/store.ts';
import { clearShelf, usageOf } from '../stores/layered/far-upkeep.ts';
import { GuardedRemote, PATIENCE } from '../stores/layered/guarded-remote.ts';
import { Outgoing } from '../stores/layered/outgoing.ts';
import { Shelf } from '../stores/layered/shelf.ts';
import type { Context } from './context.ts';
import { errandOf, type ExchangeOptions, notThere, remotesMeant, writableRemotes } from './exchange.ts';

/** How a remote stands. */
export interface RemoteStatus {
  readonly remote: string;
  readonly trust: readonly string[];
  readonly write: string | undefined;
  /** What lies below its prefixes; undefined where it could not be asked. */
  readonly shelves: readonly ShelfUsage[] | undefined;
  /** What it cannot promise, in words. */
  readonly flaw: string | undefined;
  /** Whether what lies there can be listed. */
  readonly isListed: boolean;
  /** What was wrong when it was asked, in words; undefined: it answers. */
  readonly failure: string | undefined;
  /** Results of this store that have not arrived there. */
  readonly unsent: number;
}

/** Asks remotes how they stand. */
export async function remoteStatus(context: Context, options: ExchangeOptions): Promise<Outcome<readonly RemoteStatus[]>> {
  const opened = await remotesMeant(context);
  if (!opened.ok) return opened;
  const store = context.store();
  if (!store.ok) return store;
  return done(await Promise.all(opened.value.map((remote) => statusOf(remote, store.value, options))));
}

async function statusOf(remote: Remote, local: Store, options: ExchangeOptions): Promise<RemoteStatus> {
  // What fails is told in the answer.
  const errand: Errand = { ...errandOf(options), notice: () => undefined };
  const guarded = new GuardedRemote(remote, PATIENCE);
  const prefixes = new Set([...remote.trust, ...(remote.write === undefined ? [] : [remote.write])]);
  const shelves: ShelfUsage[] = [];
  for (const prefix of prefixes) {
    const usage = await usageOf(new Shelf(guarded, prefix), errand);
    if (usage !== undefined) shelves.push(usage);
  }
  // What cannot be listed is asked for something that need not be there.
  if (!guarded.isListed) await guarded.size(`${remote.trust[0]}none`, errand);
  const flaw = remote.write === undefined || guarded.failure !== undefined ? undefined : await guarded.flaw(errand);
  const unsent = Outgoing.to(remote, local, PATIENCE).reduce((count, { notes }) => count + notes.unsent().length, 0);
  return {
    remote: remote.name,
    trust: remote.trust,
    write: remote.write,
    shelves: shelves.length === prefixes.size ? shelves : undefined,
    isListed: guarded.isListed,
    flaw,
    failure: guarded.failure,
    unsent,
  };
}

/** How a remote is cleared. */
export interface FarGcOptions extends ExchangeOptions {
  /** What is younger than so many days stays. */
  readonly keepDays: number;
  /** Removes it; otherwise it is only said what would go. */
  readonly remove?: boolean | undefined;
}

/** What was, or would be, removed from a remote. */
export interface FarCollected extends FarGarbage {
  readonly remote: string;
}

/** Removes from remotes, below the prefix that they are written at, what is old and named by nothing that stays. */
export async function collectFar(context: Context, options: FarGcOptions): Promise<Outcome<readonly FarCollected[]>> {
  const remotes = await writableRemotes(context);
  if (!remotes.ok) return remotes;
  const errand = errandOf(options);
  const collected: FarCollected[] = [];
  for (const remote of remotes.value) {
    const shelf = new Shelf(new GuardedRemote(remote, PATIENCE), remote.write ?? '');
    const { keepDays: days, remove: isRemoved = false } = options;
    const cleared = await clearShelf(shelf, { days, isRemoved, errand });
    if (typeof cleared === 'object') collected.push({ remote: remote.name, ...cleared });
    else return failed(notCleared(remote.name, cleared, isRemoved));
  }
  return done(collected);
}

function notCleared(name: string, why: string | undefined, isRemoved: boolean): Problem {
  const refused = `the remote ${name} is not cleared: ${why}`;
  if (why !== undefined) return notThere(refused, 'wait until that has ended; one that was killed is forgotten after two hours');
  const message = isRemoved
    ? `not all that may go could be removed from the remote ${name}`
    : `what the remote ${name} holds could not be read`;
  return notThere(message, 'see why above; what was removed already was named by nothing that stays');
}

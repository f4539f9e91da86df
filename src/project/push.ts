import type { JsonObject } from '../model/json.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import type { RunRecord } from '../model/run.ts';
import type { Errand } from '../model/store.ts';
import { sendRun } from '../stores/layered/far-runs.ts';
import { PATIENCE } from '../stores/layered/guarded-remote.ts';
import { Outgoing } from '../stores/layered/outgoing.ts';
import type { Context } from './context.ts';
import { errandOf, type ExchangeOptions, metered, notThere, travels, writableRemotes } from './exchange.ts';
import { gather, recordText } from './pack.ts';
import { openRecorded } from './recorded.ts';

/** How a run is sent. */
export interface PushOptions extends ExchangeOptions {
  /** Where sources are that the store does not keep, each as `name=PATH`. */
  readonly source?: readonly string[] | undefined;
}

/** What was sent to a remote. */
export interface Pushed {
  readonly remote: string;
  readonly prefix: string;
  /** The run that was sent, if one was asked for. */
  readonly record: RunRecord | undefined;
  /** Results of it that travel, and how many of them are there now. */
  readonly results: number;
  readonly arrived: number;
  /** Results of earlier runs that have not arrived. */
  readonly unsent: number;
}

const AGAIN = 'see why above, and try again: what has arrived is not sent again';

/** Sends a run to the remotes, with its code, its sources, its outputs and its results; without one, what earlier runs could not send. */
export async function pushRun(context: Context, word: string | undefined, options: PushOptions): Promise<Outcome<readonly Pushed[]>> {
  const remotes = await writableRemotes(context);
  if (!remotes.ok) return remotes;
  const store = context.store();
  if (!store.ok) return store;
  const errand = errandOf(options);
  const pushed: Pushed[] = [];
  for (const outgoing of remotes.value.flatMap((remote) => Outgoing.to(remote, store.value, PATIENCE))) {
    const sent = word === undefined ? done(undefined) : await sendWhole(context, { word, outgoing, errand }, options);
    if (!sent.ok) return sent;
    await outgoing.arrived(errand);
    const { name, unsent } = { name: outgoing.shelf.remote.name, unsent: outgoing.notes.unsent().length };
    if (word === undefined && unsent > 0) return failed(notThere(`not all results arrived at the remote ${name}`, AGAIN));
    const nothing = { record: undefined, results: 0, arrived: 0 };
    pushed.push({ remote: name, prefix: outgoing.shelf.prefix, unsent, ...(sent.value ?? nothing) });
  }
  return done(pushed);
}

interface Going {
  readonly word: string;
  readonly outgoing: Outgoing;
  readonly errand: Errand;
}

async function sendWhole(
  context: Context,
  { word, outgoing, errand }: Going,
  { source, onBytes = () => undefined }: PushOptions,
): Promise<Outcome<Pick<Pushed, 'record' | 'results' | 'arrived'>>> {
  const recorded = await openRecorded(context, word, {}, { scratch: '', withNeeds: true, isHere: true });
  if (!recorded.ok) return recorded;
  const { record, origin } = recorded.value;
  const scratch = origin.contents.scratch('push');
  if (!scratch.ok) return scratch;
  try {
    const gathered = await gather(context, recorded.value, scratch.value.store, { outputs: true, source, what: 'sent' });
    if (!gathered.ok) return gathered;
    const entries = gathered.value
      .flatMap(({ from, reach }) => [...from.contents.entries(reach)])
      .map((entry) => ({ name: entry.name, ...metered(entry, onBytes) }));
    const run = { id: record.id, hash: record.hash, record: JSON.parse(recordText(record)) as JsonObject, entries };
    if (!(await sendRun(outgoing, run, errand)))
      return failed(notThere(`the run ${record.id} did not arrive at the remote ${outgoing.shelf.remote.name}`, AGAIN));
  } finally {
    scratch.value.remove();
  }
  const results = Object.values(record.nodes).flatMap((node) => (travels(node) ? [node.fingerprint ?? ''] : []));
  let arrived = 0;
  for (const fingerprint of new Set(results)) if (await outgoing.send(fingerprint, errand)) arrived += 1;
  return done({ record, results: new Set(results).size, arrived });
}

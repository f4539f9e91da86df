import { setMaxListeners } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Artifact } from '../../src/model/artifact.ts';
import { sha256 } from '../../src/model/canonical.ts';
import type { Remote } from '../../src/model/remote.ts';
import { type Attempt, type Ingredients, RESULT_FORMAT } from '../../src/model/result.ts';
import type { Errand, Store, WantedResult } from '../../src/model/store.ts';
import type { Patience } from '../../src/stores/layered/guarded-remote.ts';
import { withRemotes } from '../../src/stores/layered/results.ts';
import { openLocalStore } from '../../src/stores/local/store.ts';
import { MemoryRemote } from '../../src/stores/remotes/memory/remote.ts';
import { emptyFolder, write } from '../folders.ts';
import { value } from './stores.ts';

/** So few milliseconds that a remote that hangs is given up soon. */
export const SHORT: Patience = { silence: 50, pause: 1 };

/** All the time that a remote needs, and no pause between two tries. */
const LONG: Patience = { silence: 60_000, pause: 1 };

/** The files of the output `model`. */
export const files = { 'weights.bin': 'some weights', 'below/names.txt': 'cat\ndog\n' };

const ingredients = { params: { lr: 0.1 }, cpu: 2 } as unknown as Ingredients;

export const wanted: WantedResult = {
  fingerprint: sha256('some work'),
  workDigest: sha256('work'),
  stage: 'train',
  ingredients,
  outputs: { model: { kind: 'dir', suffix: '' }, card: { kind: 'file', suffix: '.txt' } },
  travels: true,
};

/** A store with remotes, and what was told of them. */
export interface Open {
  readonly store: Store;
  readonly errand: Errand;
  readonly notices: string[];
}

interface OpenOptions {
  readonly signal?: AbortSignal;
  readonly patience?: Patience;
}

export function openWith(
  remotes: readonly Remote[],
  { signal = new AbortController().signal, patience = LONG }: OpenOptions = {},
  local = value(openLocalStore(join(emptyFolder(), 'artifacts'))),
): Open {
  const notices: string[] = [];
  // As those of runs are: everything that is asked at once listens.
  setMaxListeners(0, signal);
  const store = withRemotes(local, remotes, patience);
  return { store, notices, errand: { signal, notice: (message) => void notices.push(message) } };
}

/** Does the work in a store and keeps its result; returns the attempt. */
export function execute({ store }: Open): Attempt {
  const folder = emptyFolder();
  mkdirSync(join(folder, 'model'));
  write(join(folder, 'model'), files);
  writeFileSync(join(folder, 'card.txt'), 'a card');
  const model: Artifact = value(store.artifacts.collect(join(folder, 'model'), 'dir', ''));
  const card: Artifact = value(store.artifacts.collect(join(folder, 'card.txt'), 'file', '.txt'));
  const attempt: Attempt = {
    outputs: { model, card },
    metrics: { accuracy: { value: 0.9, measured: false } },
    run: 'run-1',
    node: 'student',
    seconds: 3,
    facts: { host: 'there' },
  };
  void store.results.keep(
    { format: RESULT_FORMAT, fingerprint: wanted.fingerprint, stage: 'train', ingredients, attempts: [attempt] },
    wanted.workDigest,
  );
  return attempt;
}

/** A remote to which one store has given the result of the work. */
export async function filled(remote = new MemoryRemote('shelf')): Promise<{ readonly remote: MemoryRemote; readonly attempt: Attempt }> {
  const from = openWith([remote]);
  const attempt = execute(from);
  from.store.results.share(wanted, from.errand);
  await from.store.results.shared(from.errand);
  if (from.notices.length > 0) throw new Error(from.notices.join('\n'));
  return { remote, attempt };
}

/** Where the record of the work lies. */
export const RECORD = `shelf/results/${wanted.fingerprint.slice(0, 2)}/${wanted.fingerprint}.json`;

/** What the record of a remote says, as it was sealed. */
export function payloadIn(remote: MemoryRemote, key = RECORD): Record<string, unknown> {
  const { payload } = JSON.parse(String(Buffer.from(remote.objects.get(key) ?? ''))) as { payload: string };
  return JSON.parse(payload) as Record<string, unknown>;
}

/** Puts a text in the place of what a record says, with the digest that it then has. */
export function seal(remote: MemoryRemote, payload: string, key = RECORD): void {
  remote.objects.set(key, Buffer.from(JSON.stringify({ payload, digest: sha256(payload), signatures: [] })));
}

/** The keys of a memory's packs. */
export function packsIn(remote: MemoryRemote): string[] {
  return [...remote.objects.keys()].filter((key) => key.includes('/packs/'));
}

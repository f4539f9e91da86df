import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sha256 } from '../../src/model/canonical.ts';
import type { Remote } from '../../src/model/remote.ts';
import { RESULT_FORMAT } from '../../src/model/result.ts';
import { clearShelf } from '../../src/stores/layered/far-upkeep.ts';
import { GuardedRemote } from '../../src/stores/layered/guarded-remote.ts';
import { Shelf } from '../../src/stores/layered/shelf.ts';
import { MemoryRemote } from '../../src/stores/remotes/memory/remote.ts';
import { emptyFolder, write } from '../folders.ts';
import { openWith, payloadIn, wanted } from './far.ts';
import { value } from './stores.ts';

const DAY = 24 * 60 * 60 * 1000;

/** More than travels in a pack. */
const LARGE = Buffer.alloc(1024 * 1024 + 1, 'large');

/** A store that has made a result with content of all kinds, and sends it; what it sends is the same each time, its name is not. */
function sender(remote: Remote, name: string): { send(): Promise<void>; readonly fingerprint: string } {
  const open = openWith([remote]);
  const { store, errand } = open;
  const folder = emptyFolder();
  write(folder, { 'model/a.txt': 'one', 'model/b.txt': 'two' });
  writeFileSync(join(folder, 'card.txt'), LARGE);
  const model = value(store.artifacts.collect(join(folder, 'model'), 'dir', ''));
  const card = value(store.artifacts.collect(join(folder, 'card.txt'), 'file', '.txt'));
  const fingerprint = sha256(name);
  const { ingredients, workDigest, stage } = wanted;
  const attempt = { outputs: { model, card }, metrics: {}, run: 'run-1', node: 'student', seconds: 1, facts: {} };
  void store.results.keep({ format: RESULT_FORMAT, fingerprint, stage, ingredients, attempts: [attempt] }, workDigest);
  return {
    fingerprint,
    async send() {
      store.results.share({ ...wanted, fingerprint }, errand);
      await store.results.shared(errand);
    },
  };
}

/** The same remote, of which the request of that number waits until something else was done. */
function interrupted(remote: MemoryRemote, at: number, between: () => Promise<unknown>): { readonly remote: Remote; count(): number } {
  let count = 0;
  const wait = async (): Promise<void> => {
    count += 1;
    if (count === at) await between();
  };
  const { name, trust, write: prefix } = remote;
  const waiting: Remote = {
    name,
    trust,
    write: prefix,
    get: (key, asked) => wait().then(() => remote.get(key, asked)),
    size: (key) => wait().then(() => remote.size(key)),
    put: (key, bytes) => wait().then(() => remote.put(key, bytes)),
    list: (prefixed, from) => wait().then(() => remote.list(prefixed, from)),
    delete: (keys) => wait().then(() => remote.delete(keys)),
  };
  return { remote: waiting, count: () => count };
}

const errand = { signal: new AbortController().signal, notice: () => undefined };

function clear(remote: Remote): ReturnType<typeof clearShelf> {
  return clearShelf(new Shelf(new GuardedRemote(remote, { silence: 60_000, pause: 1 }), 'shelf/'), { days: 30, isRemoved: true, errand });
}

/** A remote that has had content for long of which no record tells that is young. */
async function oldRemote(): Promise<MemoryRemote> {
  const remote = new MemoryRemote('shelf');
  await sender(remote, 'long ago').send();
  for (const key of remote.objects.keys()) remote.times.set(key, Date.now() - 100 * DAY);
  return remote;
}

/** What records of a remote name and what is not there. */
function missing(remote: MemoryRemote): string[] {
  const records = [...remote.objects.keys()].filter((key) => key.startsWith('shelf/results/'));
  const named = records.flatMap((key) => {
    const { packs, blobs } = payloadIn(remote, key) as { packs: readonly { digest: string }[]; blobs: readonly string[] };
    return [
      ...packs.map(({ digest }) => `shelf/packs/${digest.slice(0, 2)}/${digest}`),
      ...blobs.map((blob) => `shelf/blobs/${blob.slice(0, 2)}/${blob}`),
    ];
  });
  return named.filter((key) => !remote.objects.has(key));
}

const hasRecord = (remote: MemoryRemote, fingerprint: string): boolean =>
  [...remote.objects.keys()].some((key) => key.startsWith('shelf/results/') && key.includes(fingerprint));

test('whatever is sent while it is cleared, no record names what is gone, and what did not arrive is sent the next time', async () => {
  for (let at = 1, last = 1; at <= last; at += 1) {
    const remote = await oldRemote();
    const sending = sender(remote, 'new');
    const waiting = interrupted(remote, at, () => sending.send());
    await clear(waiting.remote);
    last = waiting.count();
    expect([at, missing(remote)]).toEqual([at, []]);
    await sending.send();
    expect([at, hasRecord(remote, sending.fingerprint), missing(remote)]).toEqual([at, true, []]);
  }
}, 60_000);

test('whenever it is cleared while something is sent, no record names what is gone', async () => {
  for (let at = 1, last = 1; at <= last; at += 1) {
    const remote = await oldRemote();
    const waiting = interrupted(remote, at, () => clear(remote));
    const sending = sender(waiting.remote, 'new');
    await sending.send();
    last = waiting.count();
    expect([at, hasRecord(remote, sending.fingerprint), missing(remote)]).toEqual([at, true, []]);
  }
}, 60_000);

test('what was cleared is gone with old claims, and nothing of it stays behind', async () => {
  const remote = await oldRemote();
  await sender(remote, 'new').send();
  for (const key of remote.objects.keys()) remote.times.set(key, Date.now() - 100 * DAY);
  expect(await clear(remote)).toMatchObject({ results: 2 });
  expect([...remote.objects.keys()]).toEqual([]);
});

test('two do not clear at once; one that was killed is forgotten', async () => {
  const remote = await oldRemote();
  let other: unknown;
  const waiting = interrupted(remote, 5, async () => {
    other = await clear(remote);
  });
  expect(await clear(waiting.remote)).toMatchObject({ results: 1 });
  expect(other).toMatch(/^somebody else has been clearing it since 20/);
  const killed = await oldRemote();
  killed.objects.set('shelf/clearing.json', Buffer.from(JSON.stringify({ id: 'other', since: Date.now() - DAY })));
  expect(await clear(killed)).toMatchObject({ results: 1 });
  expect([...killed.objects.keys()]).toEqual([]);
});

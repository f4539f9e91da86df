import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Artifact } from '../../src/model/artifact.ts';
import { sha256 } from '../../src/model/canonical.ts';
import { RESULT_FORMAT } from '../../src/model/result.ts';
import { RemoteRefusal } from '../../src/model/remote.ts';
import { PART } from '../../src/stores/layered/parts.ts';
import { openLocalStore } from '../../src/stores/local/store.ts';
import { LocalResults } from '../../src/stores/local/results.ts';
import { openRemote as openFolder } from '../../src/stores/remotes/folder/remote.ts';
import { MemoryRemote } from '../../src/stores/remotes/memory/remote.ts';
import { emptyFolder } from '../folders.ts';
import { execute, filled, files, openWith, packsIn, RECORD, SHORT, wanted } from './far.ts';
import { keepsTheContractOfRemotes, keysOf, payloadOf } from './remote-contract.ts';
import { collect, value } from './stores.ts';

describe('a remote in memory', () => {
  keepsTheContractOfRemotes(async () => new MemoryRemote('memory'));
});

describe('a remote that is a folder', () => {
  const open = (path: string) =>
    openFolder({ name: 'drive', trust: ['ci/'], write: 'ci/', settings: { path }, root: '/', environment: {} });
  keepsTheContractOfRemotes(async () => open(emptyFolder()));

  test('that is not there is no empty one: what is asked is refused with a hint', async () => {
    const remote = open(join(emptyFolder(), 'unplugged'));
    const { signal } = new AbortController();
    const questions = [
      () => remote.get('ci/a', { most: 9 }, signal),
      () => remote.size('ci/a', signal),
      () => remote.put('ci/a', Buffer.from('a'), signal),
    ];
    for (const ask of questions) await expect(ask()).rejects.toBeInstanceOf(RemoteRefusal);
    const store = openWith([remote]);
    expect(await store.store.results.find(wanted, store.errand)).toBeUndefined();
    expect(store.notices.join('\n')).toMatch(/is not there .*; connect the drive or make the folder/);
  });

  test('holds nothing half written', async () => {
    const folder = emptyFolder();
    const remote = open(folder);
    await filled(Object.assign(new MemoryRemote('shelf'), { put: remote.put.bind(remote) }));
    expect((await keysOf(remote)).filter((key) => !/^shelf\/(?:results|packs)\/[0-9a-f]{2}\/[0-9a-f]{64}(?:\.json)?$/.test(key))).toEqual(
      [],
    );
  });
});

describe('a result that was kept', () => {
  test('is found in another store through a remote, with all its bytes', async () => {
    const { remote, attempt } = await filled();
    const open = openWith([new MemoryRemote('empty'), remote]);
    const found = await open.store.results.find(wanted, open.errand);
    expect(found).toEqual({ attempt: { ...attempt, facts: { host: 'there', remote: 'shelf' } }, remote: 'shelf' });
    const folder = emptyFolder();
    open.store.artifacts.place(found?.attempt.outputs['model'] as Artifact, join(folder, 'model'));
    for (const [path, text] of Object.entries(files)) expect(readFileSync(join(folder, 'model', path), 'utf8')).toBe(text);
    expect(open.notices).toEqual([]);
  });

  test('is at home then: it is found again without the remote, by its work too, and is whole', async () => {
    const { remote } = await filled();
    const open = openWith([remote]);
    await open.store.results.find(wanted, open.errand);
    remote.objects.clear();
    expect(await open.store.results.find(wanted, open.errand)).toMatchObject({ remote: undefined });
    expect(open.store.results.ofWork(wanted.workDigest)).toHaveLength(1);
    expect((await open.store.maintenance.verify()).damaged).toEqual([]);
  });

  test('stays where it was measured, and is not looked for elsewhere', async () => {
    const { remote } = await filled();
    const measured = { ...wanted, travels: false };
    const open = openWith([remote]);
    expect(await open.store.results.find(measured, open.errand)).toBeUndefined();
    const empty = new MemoryRemote('empty');
    const from = openWith([empty]);
    execute(from);
    from.store.results.share(measured, from.errand);
    await from.store.results.shared(from.errand);
    expect(empty.objects.size).toBe(0);
  });

  test('is not planned with: only who claims the work asks a remote', async () => {
    const { remote } = await filled();
    const open = openWith([remote]);
    expect(open.store.results.read(wanted.fingerprint)).toBeUndefined();
    expect(open.store.results.whole(wanted.fingerprint)).toBeUndefined();
    expect(open.store.results.ofWork(wanted.workDigest)).toEqual([]);
  });

  test('is put last and never overwrites a record that is there', async () => {
    const { remote } = await filled();
    const record = remote.objects.get(RECORD);
    const other = openWith([remote]);
    execute(other);
    other.store.results.share(wanted, other.errand);
    await other.store.results.shared(other.errand);
    expect(remote.objects.get(RECORD)).toBe(record);
    expect([...remote.objects.keys()].filter((key) => !key.includes('/claims/')).at(-1)).toBe(RECORD);
    expect(other.notices).toEqual([]);
  });

  test('that was kept by a run that was killed before it could share it is sent by the next one', async () => {
    const remote = new MemoryRemote('shelf');
    const local = value(openLocalStore(join(emptyFolder(), 'artifacts')));
    const killed = openWith([remote], {}, local);
    killed.store.results.promise?.(wanted);
    execute(killed);
    const next = openWith([remote], {}, local);
    await next.store.results.shared(next.errand);
    expect(remote.objects.has(RECORD)).toBe(true);
  });

  test('that is kept after another run has looked for what was left to send is sent by the next one, if its own does not live to', async () => {
    const remote = new MemoryRemote('shelf');
    const local = value(openLocalStore(join(emptyFolder(), 'artifacts')));
    const killed = openWith([remote], {}, local);
    killed.store.results.promise?.(wanted);
    const other = openWith([remote], {}, local);
    await other.store.results.shared(other.errand);
    expect(other.notices).toEqual([]);
    execute(killed);
    const next = openWith([remote], {}, local);
    await next.store.results.shared(next.errand);
    expect(remote.objects.has(RECORD)).toBe(true);
  });

  test('that another run is still sending is for that one to tell of', async () => {
    const [remote, hanging] = [new MemoryRemote('shelf'), new MemoryRemote('shelf')];
    const local = value(openLocalStore(join(emptyFolder(), 'artifacts')));
    const [one, other] = [openWith([remote], {}, local), openWith([hanging], {}, local)];
    const attempt = execute(one);
    const fingerprint = sha256('of the other');
    const { ingredients, stage, workDigest } = wanted;
    void local.results.keep({ format: RESULT_FORMAT, fingerprint, stage, ingredients, attempts: [attempt] }, workDigest);
    let goOn: () => void = () => undefined;
    const isWaited = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    hanging.put = () => isWaited.then(() => true);
    remote.put = async (key, bytes) => {
      // It begins when this one has looked what there is to send.
      other.store.results.share({ ...wanted, fingerprint }, other.errand);
      return MemoryRemote.prototype.put.call(remote, key, bytes);
    };
    one.store.results.share(wanted, one.errand);
    await one.store.results.shared(one.errand);
    expect(one.notices).toEqual([]);
    goOn();
    await other.store.results.shared(other.errand);
  });

  test('is no result of a remote unless all its content arrived there, and is sent by the next who has the store', async () => {
    const remote = new MemoryRemote('full');
    const { put } = remote;
    remote.put = async (key, bytes) => {
      if (key.includes('/packs/')) throw new Error('no room');
      return put.call(remote, key, bytes);
    };
    const local = value(openLocalStore(join(emptyFolder(), 'artifacts')));
    const from = openWith([remote], {}, local);
    execute(from);
    from.store.results.share(wanted, from.errand);
    await from.store.results.shared(from.errand);
    expect(remote.objects.has(RECORD)).toBe(false);
    expect(from.notices).toEqual([
      expect.stringMatching(/^the remote full: no room \(put shelf\/packs\//),
      '1 result did not arrive at the remote full: stillroom push --remote full',
    ]);
    remote.put = put;
    const next = openWith([remote], {}, local);
    await next.store.results.shared(next.errand);
    expect([remote.objects.has(RECORD), next.notices]).toEqual([true, []]);
    remote.objects.clear();
    const last = openWith([remote], {}, local);
    await last.store.results.shared(last.errand);
    expect(remote.objects.size).toBe(0);
  });

  test('is looked for below the prefixes that are trusted, in their order, and nowhere else', async () => {
    const { remote } = await filled(new MemoryRemote('shelf', { trust: ['branch/'] }));
    const seenBy = async (trust: readonly string[]) => {
      const reader = Object.assign(new MemoryRemote('shelf', { trust }), { objects: remote.objects });
      const open = openWith([reader]);
      const found = await open.store.results.find(wanted, open.errand);
      return [found?.remote, open.notices];
    };
    expect(await seenBy(['ci/'])).toEqual([undefined, []]);
    expect(await seenBy(['ci/', 'branch/'])).toEqual(['shelf (branch/)', []]);
  });

  test('is sent nowhere where a remote is only read', async () => {
    const remote = Object.assign(new MemoryRemote('shelf'), { write: undefined });
    const from = openWith([remote]);
    execute(from);
    from.store.results.share(wanted, from.errand);
    await from.store.results.shared(from.errand);
    expect([remote.objects.size, from.notices]).toEqual([0, []]);
  });
});

describe('many small files', () => {
  const many = (count: number, from = 0): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`${index + from}.txt`, `file ${index + from}`]));

  async function share(remote: MemoryRemote, contents: Record<string, string>, store = openWith([remote])) {
    const model = value(collect(store.store, contents));
    const own = { ...wanted, fingerprint: sha256(JSON.stringify(contents)), outputs: { model: { kind: 'dir', suffix: '' } } } as const;
    const attempt = { outputs: { model }, metrics: {}, run: 'run-1', node: 'student', seconds: 3, facts: {} };
    await store.store.results.keep(
      { format: 2, fingerprint: own.fingerprint, stage: 'train', ingredients: own.ingredients, attempts: [attempt] },
      own.workDigest,
    );
    store.store.results.share(own, store.errand);
    await store.store.results.shared(store.errand);
    expect(store.notices).toEqual([]);
    return { own, store, model };
  }

  test('travel as a few objects, and arrive', async () => {
    const remote = new MemoryRemote('shelf');
    const { own, model } = await share(remote, many(500));
    expect(remote.objects.size).toBe(2);
    const reader = openWith([remote]);
    expect((await reader.store.results.find(own, reader.errand))?.attempt.outputs['model']).toEqual(model);
    expect(reader.store.artifacts.broken({ model }, true)).toEqual([]);
  });

  test('that are there already are not sent again, and only those are fetched that are not here', async () => {
    const remote = new MemoryRemote('shelf');
    const first = await share(remote, many(200));
    const [pack = ''] = packsIn(remote);
    const size = remote.objects.get(pack)?.length ?? 0;
    const { own } = await share(remote, { ...many(200), ...many(3, 200) }, first.store);
    const second = packsIn(remote).find((key) => key !== pack) ?? '';
    expect(remote.objects.get(second)?.length).toBeLessThan(size);
    const reader = openWith([remote]);
    await reader.store.results.find(first.own, reader.errand);
    const read: string[] = [];
    const { get } = remote;
    remote.get = (key, how) => {
      read.push(key);
      return get.call(remote, key, how);
    };
    expect(await reader.store.results.find(own, reader.errand)).toMatchObject({ remote: 'shelf' });
    expect(read.filter((key) => key.includes('/blobs/'))).toEqual([]);
  });

  test('of which few are wanted are fetched by where they lie', async () => {
    const remote = new MemoryRemote('shelf');
    const noise = (seed: number) => Array.from({ length: 1000 }, (_, index) => sha256(`${seed} ${index}`)).join('');
    const large = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${index}.txt`, noise(index)]));
    const { store } = await share(remote, large);
    const { own } = await share(remote, { '7.txt': large['7.txt'] ?? '' }, store);
    let bytes = 0;
    const { get } = remote;
    remote.get = async (key, how) => {
      const got = await get.call(remote, key, how);
      bytes += got?.length ?? 0;
      return got;
    };
    const reader = openWith([remote]);
    expect(await reader.store.results.find(own, reader.errand)).toMatchObject({ remote: 'shelf' });
    expect(bytes).toBeLessThan(100_000);
  });

  test('whose pack is gone are sent anew by the next who sends them', async () => {
    const remote = new MemoryRemote('shelf');
    const first = await share(remote, many(50));
    for (const key of packsIn(remote)) remote.objects.delete(key);
    const later = openWith([remote], {}, first.store.store);
    const { own } = await share(remote, { ...many(50), 'more.txt': 'more' }, later);
    const reader = openWith([remote]);
    expect(await reader.store.results.find(own, reader.errand)).toMatchObject({ remote: 'shelf' });
  });
});

test('a disk that fails is a notice: nothing is fetched or shared', async () => {
  const { remote } = await filled();
  const open = openWith([remote]);
  const full = () => {
    throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  };
  const { keep, read } = LocalResults.prototype;
  try {
    LocalResults.prototype.keep = full;
    expect(await open.store.results.find(wanted, open.errand)).toBeUndefined();
    LocalResults.prototype.keep = keep;
    execute(open);
    LocalResults.prototype.read = full;
    open.store.results.share(wanted, open.errand);
    await open.store.results.shared(open.errand);
  } finally {
    Object.assign(LocalResults.prototype, { keep, read });
  }
  expect(open.notices.slice(0, 2)).toEqual(Array(2).fill('a result could not be exchanged with the remotes: no space left'));
});

const hang = () => new Promise<never>(() => undefined);
const fail = () => Promise.reject(new Error('no route to host'));

describe('a remote that is of no use', () => {
  test.each<[string, (remote: MemoryRemote) => void, string]>([
    ['throws', (remote) => void Object.assign(remote, { get: fail }), 'the remote first: no route to host (get shelf/results/'],
    ['hangs', (remote) => void Object.assign(remote, { get: hang }), 'no sign of life'],
    [
      'hangs when asked for content',
      (remote) => {
        const { get } = remote;
        remote.get = (key, how) => (key.includes('/packs/') ? hang() : get.call(remote, key, how));
      },
      'no sign of life',
    ],
  ])('%s: the next one is asked', async (_, spoil, notice) => {
    const { remote: first } = await filled();
    const { remote: second } = await filled();
    spoil(first);
    const open = openWith([Object.assign(first, { name: 'first' }), Object.assign(second, { name: 'second' })], { patience: SHORT });
    expect(await open.store.results.find(wanted, open.errand)).toMatchObject({ remote: 'second' });
    expect(open.notices.join('\n')).toContain(notice);
  });

  test('throws or hangs when something is put there: sharing ends with a notice', async () => {
    for (const spoiled of [fail, hang]) {
      const remote = Object.assign(new MemoryRemote('shelf'), { put: spoiled });
      const from = openWith([remote], { patience: SHORT });
      execute(from);
      from.store.results.share(wanted, from.errand);
      await from.store.results.shared(from.errand);
      expect(from.notices.length).toBeGreaterThan(0);
    }
  });

  test.each<[string, () => Promise<never>, number]>([
    ['hung', hang, 1],
    ['refused', () => Promise.reject(new RemoteRefusal('you may not', 'ask')), 1],
    ['failed three times in a row, each after five tries', fail, 15],
  ])('is left alone once it has %s', async (_, spoiled, times) => {
    let asked = 0;
    const remote = Object.assign(new MemoryRemote('shelf'), {
      get: () => {
        asked += 1;
        return spoiled();
      },
    });
    const open = openWith([remote], { patience: SHORT });
    for (let index = 0; index < 5; index += 1) await open.store.results.find(wanted, open.errand);
    expect(asked).toBe(times);
    expect(open.notices.filter((notice) => notice.includes('it is left alone from now on'))).toHaveLength(1);
  });

  test('that fails four times in a row is asked a fifth time, and nothing is told', async () => {
    const { remote } = await filled();
    let failures = 0;
    const { get } = remote;
    remote.get = (key, how) => {
      failures += 1;
      return failures % 5 === 0 ? get.call(remote, key, how) : fail();
    };
    const open = openWith([remote]);
    expect(await open.store.results.find(wanted, open.errand)).toMatchObject({ remote: 'shelf' });
    expect(open.notices).toEqual([]);
  });

  test('is not waited for when the run is stopped, which is nothing to tell of', async () => {
    const stop = new AbortController();
    const remote = Object.assign(new MemoryRemote('shelf'), {
      get: () => {
        setImmediate(() => stop.abort());
        return hang();
      },
    });
    const open = openWith([remote], { signal: stop.signal });
    expect(await open.store.results.find(wanted, open.errand)).toBeUndefined();
    expect(open.notices).toEqual([]);
  });
});

describe('bytes from elsewhere', () => {
  test('are taken in if they have their digest, and leave nothing if they have not', async () => {
    const { store } = openWith([]);
    const bytes = Buffer.from('some weights');
    const digest = sha256(bytes);
    expect(await store.artifacts.receive(digest, payloadOf(bytes).bytes(), bytes.length - 1)).toBe(false);
    expect(await store.artifacts.receive(digest, payloadOf(Buffer.from('other bytes!')).bytes(), 100)).toBe(false);
    expect(store.artifacts.read(digest)).toBeUndefined();
    expect(store.artifacts.payload(digest)).toBeUndefined();
    expect(await store.artifacts.receive(digest, payloadOf(bytes).bytes(), bytes.length)).toBe(true);
    expect(store.artifacts.read(digest)).toEqual(bytes);
    expect(store.maintenance.findGarbage({ runs: undefined, days: undefined }).paths).toEqual([]);
  });
});

describe('large content', () => {
  const bytes = Buffer.alloc(2 * PART + 1000, 'a large file ');
  const own = { ...wanted, outputs: { card: { kind: 'file', suffix: '' } } } as const;

  async function sent(remote: MemoryRemote) {
    const open = openWith([remote]);
    const digest = open.store.artifacts.add(bytes);
    const card = { kind: 'file', digest, size: bytes.length, suffix: '' } as const;
    const attempt = { outputs: { card }, metrics: {}, run: 'run-1', node: 'student', seconds: 3, facts: {} };
    const { fingerprint, stage, workDigest } = own;
    await open.store.results.keep({ format: 2, fingerprint, stage, ingredients: own.ingredients, attempts: [attempt] }, workDigest);
    open.store.results.share(own, open.errand);
    await open.store.results.shared(open.errand);
    return open;
  }

  test('travels in parts, of which those that have arrived are not sent again', async () => {
    const remote = new MemoryRemote('shelf');
    const { put } = remote;
    const keys: string[] = [];
    remote.put = async (key, part) => {
      keys.push(key);
      if (key.endsWith('.2') && keys.length < 9) throw new RemoteRefusal('the line broke', 'try again');
      return put.call(remote, key, part);
    };
    const { store } = await sent(remote);
    expect([...remote.objects.keys()].map((key) => key.slice(-2)).sort()).toEqual(['.0', '.1']);
    remote.put = async (key, part) => {
      keys.push(key);
      return put.call(remote, key, part);
    };
    keys.length = 0;
    const later = openWith([remote], {}, store);
    await later.store.results.shared(later.errand);
    expect(keys).toEqual([expect.stringMatching(/\.2$/), expect.stringMatching(/\/claims\//), RECORD]);
    const reader = openWith([remote]);
    const found = await reader.store.results.find(own, reader.errand);
    expect(reader.store.artifacts.broken(found?.attempt.outputs ?? { none: { kind: 'file', digest: '' } }, true)).toEqual([]);
  });

  test.each([
    ['.0', undefined],
    ['.2', 'other bytes'],
  ])('of which the part %s is gone or changed is a miss', async (end, change) => {
    const remote = new MemoryRemote('shelf');
    await sent(remote);
    const key = [...remote.objects.keys()].find((one) => one.endsWith(end)) ?? '';
    if (change === undefined) remote.objects.delete(key);
    else remote.objects.set(key, Buffer.from(change));
    const reader = openWith([remote]);
    expect(await reader.store.results.find(own, reader.errand)).toBeUndefined();
    expect(reader.notices).toEqual([expect.stringContaining('"card" is missing or damaged')]);
  });
});

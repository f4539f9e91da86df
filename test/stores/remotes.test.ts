import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lineText, sealedLine } from '../../src/files/sealed.ts';
import type { Artifact } from '../../src/model/artifact.ts';
import { sha256 } from '../../src/model/canonical.ts';
import type { Remote } from '../../src/model/remote.ts';
import { type Attempt, type Ingredients, RESULT_FORMAT } from '../../src/model/result.ts';
import type { Errand, Store, WantedResult } from '../../src/model/store.ts';
import { withRemotes } from '../../src/stores/layered/results.ts';
import { LocalResults } from '../../src/stores/local/results.ts';
import { openLocalStore } from '../../src/stores/local/store.ts';
import { MemoryRemote } from '../../src/stores/remotes/memory/remote.ts';
import { emptyFolder, write } from '../folders.ts';
import { keepsTheContractOfRemotes, payloadOf } from './remote-contract.ts';
import { value } from './stores.ts';

describe('a remote in memory', () => {
  keepsTheContractOfRemotes(async () => new MemoryRemote('memory'));
});

/** Milliseconds: so few that a remote that hangs is given up soon. Remotes that answer are given all the time that they need. */
const SHORT = 50;

const files = { 'weights.bin': 'some weights', 'below/names.txt': 'cat\ndog\n' };
const ingredients = { params: { lr: 0.1 }, cpu: 2 } as unknown as Ingredients;
const wanted: WantedResult = {
  fingerprint: sha256('some work'),
  workDigest: sha256('work'),
  stage: 'train',
  ingredients,
  outputs: { model: { kind: 'dir', suffix: '' }, card: { kind: 'file', suffix: '.txt' } },
  travels: true,
};

interface Open {
  readonly store: Store;
  readonly errand: Errand;
  readonly notices: string[];
}

interface OpenOptions {
  readonly signal?: AbortSignal;
  /** A remote that is asked before the others, and that is of no use. */
  readonly useless?: Remote;
}

function openWith(remotes: readonly Remote[], { signal = new AbortController().signal, useless }: OpenOptions = {}): Open {
  const notices: string[] = [];
  const local = value(openLocalStore(join(emptyFolder(), 'artifacts')));
  const store = withRemotes(useless === undefined ? local : withRemotes(local, [useless], SHORT), remotes);
  return { store, notices, errand: { signal, notice: (message) => void notices.push(message) } };
}

/** Does the work in a store and keeps its result; returns the attempt. */
function execute({ store }: Open): Attempt {
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
async function filled(): Promise<{ readonly remote: MemoryRemote; readonly attempt: Attempt }> {
  const remote = new MemoryRemote('shelf');
  const from = openWith([remote]);
  const attempt = execute(from);
  from.store.results.share(wanted, from.errand);
  await from.store.results.shared();
  expect(from.notices).toEqual([]);
  return { remote, attempt };
}

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
    remote.results.clear();
    remote.blobs.clear();
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
    await from.store.results.shared();
    expect([empty.results.size, empty.blobs.size]).toEqual([0, 0]);
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
    const record = remote.results.get(wanted.fingerprint);
    const other = openWith([remote]);
    execute(other);
    other.store.results.share(wanted, other.errand);
    await other.store.results.shared();
    expect(remote.results.get(wanted.fingerprint)).toBe(record);
    expect(other.notices).toEqual([]);
  });

  test('is no result of a remote unless all its content arrived there', async () => {
    const remote = new MemoryRemote('full');
    const put = remote.put.bind(remote);
    remote.put = async (digest, content, signal) => {
      if (digest === sha256('a card')) throw new Error('no room');
      await put(digest, content, signal);
    };
    const from = openWith([remote]);
    execute(from);
    from.store.results.share(wanted, from.errand);
    await from.store.results.shared();
    expect(remote.results.size).toBe(0);
    expect(from.notices).toEqual(['the remote full: no room (put)']);
  });
});

/** A record with something else in its attempt. */
const changed = (change: (attempt: Record<string, unknown>) => void) => (record: string) => {
  const parsed = JSON.parse(record) as { attempts: Record<string, unknown>[] };
  change(parsed.attempts[0] ?? {});
  return JSON.stringify(parsed);
};
const output = (port: string, change: object) =>
  changed((attempt) => {
    const outputs = attempt['outputs'] as Record<string, object>;
    outputs[port] = { ...outputs[port], ...change };
  });

describe('what a remote gives is a miss with a notice', () => {
  test.each<[string, (record: string) => string]>([
    ['torn', (record) => record.slice(0, record.length / 2)],
    ['empty', () => ''],
    ['no object', () => '[]'],
    ['nested too deeply', (record) => record.replace('{"host":"there"}', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)],
    ['of a newer format', (record) => record.replace('"format":2', '"format":3')],
    ['of other work by name', (record) => record.replace(wanted.fingerprint, sha256('other'))],
    ['of other work by its ingredients', (record) => record.replace('"lr":0.1', '"lr":0.2')],
    ['without attempts', (record) => record.replace(/"attempts":.*/, '"attempts":[]}')],
    ['with a port too many', output('more', { kind: 'file', digest: sha256('a card'), size: 6, suffix: '' })],
    ['with another kind', output('card', { kind: 'dir' })],
    ['with a suffix that leads out of a folder', output('card', { suffix: '/../../evil' })],
    ['with a digest that is a path', output('card', { digest: '../../../etc/passwd' })],
    ['with a smaller size', output('card', { size: 3 })],
    ['with a larger size', output('card', { size: 300 })],
    ['with another folder size', output('model', { size: 3 })],
    [
      'with a metric that is no number',
      changed((attempt) => Object.assign(attempt, { metrics: { accuracy: { value: '1', measured: false } } })),
    ],
    ['with a run that is a path', changed((attempt) => Object.assign(attempt, { run: '../run' }))],
    ['with a node of control characters', changed((attempt) => Object.assign(attempt, { node: 'a\u001b[2J' }))],
  ])('where its record is %s', async (_, change) => {
    const { remote } = await filled();
    const record = lineText(remote.results.get(wanted.fingerprint) ?? '') ?? '';
    remote.results.set(wanted.fingerprint, sealedLine(change(record)));
    const open = openWith([remote]);
    expect(await open.store.results.find(wanted, open.errand)).toBeUndefined();
    expect(open.notices).toEqual([expect.stringContaining('what the remote shelf has of this work is not used: ')]);
    expect(open.store.results.read(wanted.fingerprint)).toBeUndefined();
  });

  test('where a character of its record was changed on the way', async () => {
    const { remote } = await filled();
    const record = remote.results.get(wanted.fingerprint) ?? '';
    remote.results.set(wanted.fingerprint, record.replace('"value":0.9', '"value":0.8'));
    expect(remote.results.get(wanted.fingerprint)).not.toBe(record);
    const open = openWith([remote]);
    expect(await open.store.results.find(wanted, open.errand)).toBeUndefined();
    expect(open.notices).toEqual([expect.stringContaining('its record is damaged')]);
  });

  test.each<[string, (remote: MemoryRemote, digest: string) => void]>([
    ['missing', (remote, digest) => void remote.blobs.delete(digest)],
    ['torn', (remote, digest) => void remote.blobs.set(digest, (remote.blobs.get(digest) ?? Buffer.alloc(0)).subarray(0, 3))],
    [
      'other bytes of the same length',
      (remote, digest) => void remote.blobs.set(digest, Buffer.alloc(remote.blobs.get(digest)?.length ?? 0)),
    ],
    ['longer than it says', (remote, digest) => void remote.blobs.set(digest, Buffer.alloc(1000))],
  ])('where content of a file, of a folder or of its manifest is %s', async (_, damage) => {
    const { attempt } = await filled();
    for (const digest of [sha256('a card'), sha256('some weights'), attempt.outputs['model']?.digest ?? '']) {
      const { remote } = await filled();
      damage(remote, digest);
      const open = openWith([remote]);
      expect(await open.store.results.find(wanted, open.errand)).toBeUndefined();
      expect(open.notices).toEqual([expect.stringContaining('missing or damaged there')]);
      expect(open.store.artifacts.read(digest)).toBeUndefined();
      expect(open.store.results.read(wanted.fingerprint)).toBeUndefined();
    }
  });

  test('and damaged content is repaired by who executes the work', async () => {
    const { remote } = await filled();
    remote.blobs.set(sha256('a card'), Buffer.from('zzzzzz'));
    const open = openWith([remote]);
    expect(await open.store.results.find(wanted, open.errand)).toBeUndefined();
    execute(open);
    open.store.results.share(wanted, open.errand);
    await open.store.results.shared();
    const later = openWith([remote]);
    expect(await later.store.results.find(wanted, later.errand)).toMatchObject({ remote: 'shelf' });
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
    await open.store.results.shared();
  } finally {
    Object.assign(LocalResults.prototype, { keep, read });
  }
  expect(open.notices).toEqual(Array(2).fill('a result could not be exchanged with the remotes: no space left'));
});

const hang = () => new Promise<never>(() => undefined);
const fail = () => Promise.reject(new Error('no route to host'));

describe('a remote that is of no use', () => {
  test.each<[string, (remote: MemoryRemote) => void, string]>([
    [
      'throws when asked for a record',
      (remote) => void Object.assign(remote, { getResult: fail }),
      'the remote shelf: no route to host (getResult)',
    ],
    ['throws when asked for content', (remote) => void Object.assign(remote, { get: fail }), 'the remote shelf: no route to host (get)'],
    ['hangs when asked for a record', (remote) => void Object.assign(remote, { getResult: hang }), 'no sign of life'],
    ['hangs when asked for content', (remote) => void Object.assign(remote, { get: hang }), 'no sign of life'],
    [
      'hangs amid content',
      (remote) => {
        remote.get = async () =>
          (async function* () {
            yield Buffer.from('a');
            await hang();
          })();
      },
      'no sign of life',
    ],
  ])('%s: the next one is asked', async (_, spoil, notice) => {
    const { remote: first } = await filled();
    const { remote: second } = await filled();
    spoil(first);
    const open = openWith([Object.assign(second, { name: 'second' })], { useless: first });
    expect(await open.store.results.find(wanted, open.errand)).toMatchObject({ remote: 'second' });
    expect(open.notices.join('\n')).toContain(notice);
  });

  test.each(['has', 'put', 'putResult'] as const)('throws or hangs at %s: sharing ends with a notice', async (name) => {
    for (const spoiled of [fail, hang]) {
      const remote = Object.assign(new MemoryRemote('shelf'), { [name]: spoiled });
      const from = openWith([], { useless: remote });
      execute(from);
      from.store.results.share(wanted, from.errand);
      await from.store.results.shared();
      expect(from.notices.length).toBeGreaterThan(0);
    }
  });

  test('is left alone once it has hung, or failed three times in a row', async () => {
    for (const [spoiled, times] of [
      [hang, 1],
      [fail, 3],
    ] as const) {
      let asked = 0;
      const remote = Object.assign(new MemoryRemote('shelf'), {
        getResult: () => {
          asked += 1;
          return spoiled();
        },
      });
      const open = openWith([], { useless: remote });
      for (let index = 0; index < 5; index += 1) await open.store.results.find(wanted, open.errand);
      expect(asked).toBe(times);
      expect(open.notices.filter((notice) => notice.includes('it is left alone from now on'))).toHaveLength(1);
    }
  });

  test('is not waited for when the run is stopped, which is nothing to tell of', async () => {
    const stop = new AbortController();
    const remote = Object.assign(new MemoryRemote('shelf'), {
      getResult: () => {
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

import { existsSync, lstatSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { namesIn } from '../../src/files/folder.ts';
import { tryLockFile } from '../../src/files/lock.ts';
import { sha256 } from '../../src/model/canonical.ts';
import type { Ingredients } from '../../src/model/result.ts';
import { RECORD_FORMAT, type RunNode, type RunRecord } from '../../src/model/run.ts';
import type { Store } from '../../src/model/store.ts';
import type { Garbage, KeepPolicy } from '../../src/model/upkeep.ts';
import { writeSealed } from '../../src/files/sealed.ts';
import { write } from '../folders.ts';
import { stretchOf } from '../stored.ts';
import { workPath } from '../../src/stores/local/claims.ts';
import { collect, damage, keepResult, open, recordOf, value, workFingerprint } from './stores.ts';

/** What was synced, by its path at that time. */
const synced = vi.hoisted((): string[] => []);

vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  const fsyncSync = (descriptor: number): void => {
    synced.push(real.readlinkSync(`/proc/self/fd/${descriptor}`));
    real.fsyncSync(descriptor);
  };
  return { ...real, fsyncSync };
});

const DAY = 24 * 60 * 60 * 1000;
const EVERY = { runs: undefined, days: undefined };
const node: RunNode = { state: 'executed', stage: 'train', cause: '', params: {} };

let store: Store;
let folder: string;

beforeEach(() => {
  ({ store, folder } = open());
});

/** Writes the record of a run that began some days ago. */
function ran(id: string, { daysAgo = 0, ...more }: Partial<RunRecord> & { readonly daysAgo?: number } = {}): void {
  store.runs.write({ ...recordOf(id), started: new Date(Date.now() - daysAgo * DAY).toISOString(), ...more });
}

const found = (policy: Partial<KeepPolicy> = {}): Garbage => store.maintenance.findGarbage({ ...EVERY, ...policy });
const isThere = (path: string): boolean => existsSync(join(store.location, path));

/** Writes a file of the store as it was left so many days ago. */
function leave(path: string, daysAgo = 0): void {
  const file = join(store.location, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, 'left');
  const time = (Date.now() - daysAgo * DAY) / 1000;
  for (const one of [file, dirname(file)]) utimesSync(one, time, time);
}

describe('a run stays', () => {
  test('with the reason why, of which the strongest is told', () => {
    for (const id of ['1', '2', '3', '4', '5', '6']) ran(id);
    store.tags.set('best', '1');
    store.tags.pin('1');
    store.tags.pin('2');
    const lock = store.runs.start('3');
    ran('3', { state: 'live' });
    const kept = found({ runs: 1 });
    expect([...kept.keptRuns]).toEqual([
      ['6', 'among the newest 1'],
      ['3', 'live'],
      ['2', 'pinned'],
      ['1', 'tagged best'],
    ]);
    expect(kept.removedRuns).toEqual(['5', '4']);
    lock.release();
    expect([...found().keptRuns.values()]).toEqual([...Array(4).fill('every run is kept'), 'pinned', 'tagged best']);
    expect(found({ runs: 0 }).removedRuns).toEqual(['6', '5', '4', '3']);
  });

  test('as long as it is of the last days, or among the newest', () => {
    ran('1', { daysAgo: 3.5 });
    ran('2', { daysAgo: 2.5 });
    ran('3', { daysAgo: 1.5 });
    expect([...found({ days: 3 }).keptRuns]).toEqual([
      ['3', 'of the last 3 days'],
      ['2', 'of the last 3 days'],
    ]);
    expect([...found({ days: 2, runs: 2 }).keptRuns]).toEqual([
      ['3', 'among the newest 2'],
      ['2', 'among the newest 2'],
    ]);
    expect(found({ days: 1 }).removedRuns).toEqual(['3', '2', '1']);
  });

  test('that came after a younger one, though its clock said otherwise', () => {
    ran('1', { daysAgo: 9 });
    ran('2', { daysAgo: 1 });
    ran('3', { daysAgo: 99 });
    expect([...found({ days: 2 }).keptRuns.keys()]).toEqual(['3', '2']);
  });
});

/** A run with an output of so many bytes that no other has. */
function made(id: string, bytes: number): void {
  const output = value(collect(store, { 'a.bin': id.repeat(bytes) }));
  ran(id, { nodes: { a: { ...node, outputs: { model: { ...output, measured: false } } } } });
}

describe('to fit in a size', () => {
  const KIB = 1024;

  test('the oldest runs go, as few as will do, and the freed room is given back', () => {
    for (const id of ['1', '2', '3', '4', '5']) made(id, 100 * KIB);
    const { size } = found();
    expect(found({ size })).toMatchObject({ removedRuns: [], bytes: 0, ofRuns: 0 });
    expect(found({ size: size - 1 }).removedRuns).toEqual(['1']);
    const most = size - 250 * KIB;
    const garbage = found({ size: most });
    expect(garbage.removedRuns).toEqual(['3', '2', '1']);
    expect([...garbage.keptRuns.values()]).toEqual(Array(2).fill(expect.stringMatching(/^among the newest that fit in \d+ KiB$/)));
    expect(garbage.ofRuns).toBe(garbage.bytes);
    store.maintenance.remove(garbage, { thorough: true });
    const after = found();
    expect(after.size).toBeLessThanOrEqual(most);
    expect(after.size).toBeGreaterThan(most - 100 * KIB);
    expect(store.runs.ids()).toEqual(['5', '4']);
  });

  test('tagged, pinned and live ones stay, and what else is let go of goes first', () => {
    for (const id of ['1', '2', '3', '4']) made(id, 100 * KIB);
    store.tags.set('best', '1');
    store.tags.pin('2');
    const { size } = found();
    expect(found({ size: size - 50 * KIB }).removedRuns).toEqual(['3']);
    expect(found({ size: size - 50 * KIB, without: ['4'] }).removedRuns).toEqual(['4']);
    expect(found({ size: 1 })).toMatchObject({ removedRuns: ['4', '3'], keptRuns: { size: 2 } });
  });

  test('a run whose outputs others share frees nothing of them', () => {
    made('1', 100 * KIB);
    const [first] = store.runs.all();
    ran('2', { nodes: first?.nodes ?? {} });
    made('3', 100 * KIB);
    const { size } = found();
    expect(found({ size: size - 50 * KIB }).removedRuns).toEqual(['2', '1']);
  });

  test('room that is idle in segments counts for nothing, and is given back though most of them counts', () => {
    const small = Array.from({ length: 9 }, (_, index) => store.artifacts.add(Buffer.alloc(60 * KIB, String(index))));
    for (const [index, code] of small.entries()) if (index > 1) ran(String(index), { nodes: { a: { ...node, code } } });
    const segments = (): number =>
      namesIn(join(store.location, 'segments')).reduce((sum, name) => sum + lstatSync(join(store.location, 'segments', name)).size, 0);
    store.maintenance.remove(found());
    const idle = segments();
    expect(idle).toBeGreaterThan(9 * 60 * KIB);
    const { size } = found();
    expect(size).toBeLessThan(idle - 60 * KIB);
    const garbage = found({ size });
    expect(garbage.removedRuns).toEqual([]);
    store.maintenance.remove(garbage, { thorough: true });
    expect(segments()).toBeLessThan(8 * 60 * KIB);
    expect(store.artifacts.read(small[2] ?? '')?.length).toBe(60 * KIB);
  });
});

test('a run that is to go goes alone, with what only it holds', () => {
  for (const id of ['1', '2', '3']) made(id, 100_000);
  leave('logs/9/events.jsonl');
  const garbage = found({ without: ['2'] });
  expect(garbage).toMatchObject({ removedRuns: ['2'], blobs: { length: 2 }, paths: ['logs/9'] });
  expect(garbage.bytes - garbage.ofRuns).toBe(4);
  expect(garbage.ofRuns).toBeGreaterThan(100_000);
  expect([...garbage.keptRuns.values()]).toEqual(['every run is kept', 'every run is kept']);
});

test('what takes room in a store is told by what it is for', () => {
  made('1', 100_000);
  const big = store.artifacts.add(Buffer.alloc(90_000));
  leave('logs/9/events.jsonl');
  leave('checkpoints/9/a');
  write(folder, { 'poems/a.txt': 'a poem'.repeat(20_000) });
  value(
    store.sources.keep(
      { name: 'poems', path: join(folder, 'poems') },
      value(store.sources.snapshot({ name: 'poems', path: join(folder, 'poems') })),
    ),
  );
  const { rooms, bytes, reclaimable } = store.maintenance.usage();
  const by = Object.fromEntries(rooms.map(({ room, bytes: own }) => [room, own]));
  expect(by).toMatchObject({ outputs: 190_000, logs: 4, checkpoints: 4 });
  expect(by['sources']).toBeGreaterThanOrEqual(120_000);
  expect(bytes).toBe(found().size);
  expect(rooms.map((one) => one.bytes)).toEqual(rooms.map((one) => one.bytes).toSorted((a, b) => b - a));
  expect(reclaimable).toBe(found().bytes);
  expect(found().blobs).toContain(big);
});

describe('garbage is not', () => {
  test('what a kept run reaches: outputs, all attempts of its results, code, sources', () => {
    const output = value(collect(store, { 'a.txt': 'an output' }));
    const [one, two] = ['one', 'two'].map((text) => value(collect(store, { 'a.txt': text })));
    if (one === undefined || two === undefined) throw new Error('nothing collected');
    keepResult(store, one, 'run-0');
    keepResult(store, two, 'run-1');
    const code = store.artifacts.add(Buffer.from('code'));
    const noteless = store.artifacts.add(Buffer.from('code without a note'));
    store.bundles.keep(sha256('raw'), { digest: code, map: store.artifacts.add(Buffer.from('map')), files: {} });
    write(folder, { 'poems/a.txt': 'a poem' });
    const source = { name: 'poems', path: join(folder, 'poems') };
    const snapshot = value(store.sources.snapshot(source));
    value(store.sources.keep(source, snapshot));
    const nodes = {
      a: { ...node, outputs: { model: { ...output, measured: false } } },
      b: { ...node, fingerprint: workFingerprint, code },
      c: { ...node, code: noteless },
    };
    ran('run-2', { nodes, sources: { poems: { ...snapshot, kept: true } } });
    for (const log of ['run-0', 'run-1', 'run-2', 'run-3']) leave(`logs/${log}/events.jsonl`);
    const garbage = found();
    expect([garbage.results, garbage.blobs, garbage.paths]).toEqual([[], [], ['logs/run-3']]);
    store.maintenance.remove(garbage);
    expect(store.artifacts.broken({ output, one, two }, true)).toEqual([]);
    expect([store.bundles.isWhole(code), store.sources.kept(snapshot.digest)?.digest]).toEqual([true, snapshot.digest]);

    const all = found({ runs: 0 });
    expect(all.results).toEqual([workFingerprint]);
    expect(new Set(all.paths)).toEqual(
      new Set([
        `bundles/${code}.json`,
        `bundles/raw/${sha256('raw')}`,
        `sources/${snapshot.digest}.json`,
        ...['run-0', 'run-1', 'run-2'].map((id) => `logs/${id}`),
      ]),
    );
    store.maintenance.remove(all);
    expect(found({ runs: 0 })).toMatchObject({ removedRuns: [], results: [], blobs: [], paths: [], bytes: 0 });
    expect([store.runs.ids(), store.artifacts.read(output.digest)]).toEqual([[], undefined]);
  });

  test('a checkpoint as old as the oldest run that is kept for its age; nothing where every run is', () => {
    ran('1', { daysAgo: 9 });
    ran('2', { daysAgo: 4 });
    ran('3');
    store.tags.set('old', '1');
    leave('checkpoints/old/complete-1/weights', 5);
    leave('checkpoints/new/complete-1/weights', 3);
    leave('checkpoints/mixed/complete-1/weights', 5);
    leave('checkpoints/mixed/complete-2/weights', 3);
    for (const name of ['old', 'new', 'mixed']) {
      const time = (Date.now() - 5 * DAY) / 1000;
      utimesSync(join(store.location, 'checkpoints', name), time, time);
    }
    expect(found().paths).toEqual([]);
    expect(found({ runs: 2 }).paths).toEqual(['checkpoints/old']);
    expect(found({ days: 7 }).paths).toEqual(['checkpoints/old']);
    expect(found({ runs: 3 }).paths).toEqual(['checkpoints/old']);
    expect(found({ runs: 0 }).paths).toEqual(['checkpoints/mixed', 'checkpoints/new', 'checkpoints/old']);
  });

  test('the checkpoint of finished work that someone may go on from: the newest run, one with a name, or whoever asked for it', () => {
    const works = ['asked', 'named', 'newest', 'nobody'].map((name) => [name, sha256(name)] as const);
    for (const [index, [name, fingerprint]] of works.entries()) {
      leave(`checkpoints/${name}/complete-1/weights`);
      leave(`checkpoints/${name}/complete-2/weights`);
      const run = String({ newest: 9 }[name] ?? index);
      ran(run, { nodes: { a: { ...node, fingerprint } } });
      store.workplaces.checkpoints(name).keepNewest({ run, fingerprint, asked: name === 'asked' });
      expect(isThere(`checkpoints/${name}/complete-1`)).toBe(false);
    }
    store.tags.set('named', '1');
    expect(found()).toMatchObject({ paths: ['checkpoints/nobody'], ofRuns: 0 });
    leave('checkpoints/nobody/complete-3/weights');
    expect(found().paths).toEqual([]);
  });

  test('a checkpoint where the kept runs are said to be from the future', () => {
    ran('1', { daysAgo: -9 });
    leave('checkpoints/old/complete-1/weights', 5);
    expect(found({ runs: 1 }).paths).toEqual([]);
  });

  test.each([
    ['holds', (work: string) => workPath(store.location, work)],
    ['holds by the lock of a former store', (work: string) => join(store.location, 'locks', work)],
  ])('the folder of an attempt whose work someone %s', (_, pathOf) => {
    const [held, left] = [sha256('held'), sha256('left')];
    const attempts = [held, left].map((work) => `scratch/${work.slice(0, 16)}-0123456789ab`);
    for (const attempt of attempts) leave(`${attempt}/out.txt`);
    leave('quarantine/a-0123');
    const lock = tryLockFile(pathOf(held));
    expect(found().paths).toEqual([attempts[1], 'quarantine/a-0123']);
    lock?.release();
    expect(new Set(found().paths)).toEqual(new Set([...attempts, 'quarantine/a-0123']));
  });
});

describe('what is freed', () => {
  test('is told in bytes: of blobs, records, and all that lies in folders', () => {
    store.artifacts.add(Buffer.from('12345'));
    leave('logs/run-0/events.jsonl');
    leave('logs/run-0/below/train.log');
    leave('quarantine/a-0123');
    expect(found().bytes).toBe(5 + 3 * 'left'.length);
    expect(found().kinds).toEqual([
      { kind: 'logs', count: 1, bytes: 2 * 'left'.length },
      { kind: 'contents', count: 1, bytes: 5 },
      { kind: 'quarantine', count: 1, bytes: 'left'.length },
    ]);
    ran('run-1');
    const before = found({ runs: 1 }).bytes;
    expect(found({ runs: 0 }).bytes - before).toBe(lstatSync(join(store.location, 'runs/run-1.json')).size);
    const artifact = value(collect(store, {}));
    keepResult(store, artifact, 'run-1');
    const { size: record } = stretchOf(store.location, workFingerprint, 'result');
    expect(found().bytes - before).toBe(record + stretchOf(store.location, artifact.digest).size);
  });

  test('counts each record once, and only those that go', () => {
    const attempt = { outputs: {}, metrics: {}, run: 'run-1', node: 'a', seconds: 1, facts: {} };
    const result = { format: 2, stage: 'train', ingredients: {} as Ingredients, attempts: [attempt] as const };
    // Of a former store: a file each.
    for (const name of ['one', 'two', 'three'])
      writeSealed(join(store.location, 'results', `${sha256(name)}.json`), { ...result, fingerprint: sha256(name) });
    const lost = { ...node, fingerprint: sha256('lost') };
    for (const id of ['run-1', 'run-2', 'run-3']) ran(id, { nodes: { a: { ...node, fingerprint: sha256('one') }, lost } });
    const size = (path: string): number => lstatSync(join(store.location, path)).size;
    const going = [...['two', 'three'].map((name) => `results/${sha256(name)}.json`), 'runs/run-1.json', 'runs/run-2.json'];
    const garbage = found({ runs: 1 });
    expect(garbage.bytes).toBe(going.reduce((sum, path) => sum + size(path), 0));
    synced.length = 0;
    store.maintenance.remove(garbage);
    expect(synced).toEqual(expect.arrayContaining(['runs', 'results'].map((name) => join(store.location, name))));
    expect(going.some(isThere)).toBe(false);
  });

  test('leaves other results of the same work', async () => {
    keepResult(store, value(collect(store, { 'a.txt': 'a poem' })), 'run-1');
    const other = sha256('other inputs');
    const attempt = { outputs: {}, metrics: {}, run: 'run-1', node: 'a', seconds: 1, facts: {} };
    const result = { format: 2, stage: 'train', ingredients: {} as Ingredients, attempts: [attempt] as const };
    await store.results.keep({ ...result, fingerprint: other }, sha256('work'));
    await store.results.keep({ ...result, fingerprint: sha256('third') }, sha256('other work'));
    ran('run-1', { nodes: { a: { ...node, fingerprint: other } } });
    const garbage = found();
    expect(new Set(garbage.results)).toEqual(new Set([workFingerprint, sha256('third')]));
    expect(store.maintenance.remove(garbage)).toEqual([]);
    expect(store.results.ofWork(sha256('other work'))).toEqual([]);
    expect(store.results.ofWork(sha256('work')).map(({ fingerprint }) => fingerprint)).toEqual([other]);
  });

  test('are locks that nobody holds, but never that of the store', () => {
    const held = tryLockFile(join(store.location, 'locks', 'held'));
    tryLockFile(join(store.location, 'locks', 'left'))?.release();
    leave('locks/left');
    leave('locks/store');
    store.maintenance.remove(found());
    expect([isThere('locks/held'), isThere('locks/left'), isThere('locks/store')]).toEqual([true, false, true]);
    held?.release();
    store.maintenance.remove(found());
    expect(isThere('locks/held')).toBe(false);
  });
});

describe('half-written files', () => {
  const part = '0123456789ab.part';

  test.each([
    ...['', 'runs/', 'results/', 'tags/', 'pins/', 'bundles/', 'bundles/raw/', 'sources/', 'segments/', 'sweeps/', 'latest/'].map(
      (at) => `${at}a.${part}`,
    ),
    `blobs/a.${part}`,
    `blobs/ab/cd.${part}`,
    `index/a/b/c.${part}`,
  ])('are garbage: %s', (path) => {
    leave(path);
    leave(`${dirname(path)}/kept.txt`);
    expect(found().paths.filter((one) => one.endsWith('.part'))).toEqual([path]);
  });

  test('elsewhere are no business of the store', () => {
    leave(`else/a.${part}`);
    leave('index/a/whole');
    expect(found().paths).toEqual([]);
  });
});

describe('which runs stay cannot be decided', () => {
  test('where records, tags or pins are damaged, or records are newer', () => {
    expect(store.maintenance.undecidable()).toEqual({ damaged: [], newer: [] });
    for (const id of ['run-1', 'run-2', 'run-3']) ran(id, { format: RECORD_FORMAT });
    store.tags.set('best', 'run-1');
    store.tags.pin('run-1');
    expect(store.maintenance.undecidable()).toEqual({ damaged: [], newer: [] });
    damage(join(store.location, 'runs/run-1.json'));
    damage(join(store.location, 'tags/best'));
    damage(join(store.location, 'pins/run-1.json'));
    writeSealed(join(store.location, 'runs/run-2.json'), { format: RECORD_FORMAT + 1, id: 'run-2' });
    expect(store.maintenance.undecidable()).toEqual({
      damaged: ['the record of the run run-1', 'the tag best', 'the pin of run-1'],
      newer: ['the record of the run run-2'],
    });
  });

  test('blobs are garbage, but no file that merely lies among them', () => {
    const digest = store.artifacts.add(Buffer.from('loose'));
    leave(`blobs/${digest.slice(0, 2)}/strange`);
    expect(found().blobs).toEqual([digest]);
    store.maintenance.remove(found());
    expect([store.artifacts.read(digest), isThere(`blobs/${digest.slice(0, 2)}/strange`)]).toEqual([undefined, true]);
  });
});

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { sha256 } from '../../src/model/canonical.ts';
import { localStore } from '../../src/stores/local/store.ts';
import { write } from '../folders.ts';
import { collect, open, value } from './stores.ts';
import { rot } from '../stored.ts';

// On a bad disk bytes change and no stamp does.
vi.mock('../../src/files/stamp.ts', async (original) => ({
  ...(await original<typeof import('../../src/files/stamp.ts')>()),
  fileStamp: () => 'as ever',
}));

const quarantined = (location: string): number =>
  existsSync(join(location, 'quarantine')) ? readdirSync(join(location, 'quarantine')).length : 0;

test('wrong bytes are not placed, whatever the stamp says: they go to quarantine, and nothing is left where they should lie', () => {
  const { store, folder } = open();
  const artifact = value(collect(store, { 'a.txt': 'a poem', 'b.txt': 'another' }));
  rot(store.location, sha256('another'));
  expect(store.artifacts.broken({ model: artifact })).toEqual([]);
  expect(store.artifacts.place(artifact, join(folder, 'in'))).toBeUndefined();
  expect(readdirSync(join(folder, 'in'))).toEqual(['a.txt']);
  expect(quarantined(store.location)).toBe(1);
  expect(store.artifacts.broken({ model: artifact })).toEqual([{ port: 'model', damage: 'missing' }]);
  expect(value(collect(store, { 'a.txt': 'a poem', 'b.txt': 'another' }))).toEqual(artifact);
  expect(store.artifacts.place(artifact, join(folder, 'again'))).toBeDefined();
});

test('wrong bytes are not published, nor put anywhere, and what was published stays', () => {
  const { store, folder } = open();
  const artifact = value(collect(store, { 'a.txt': 'a poem' }));
  const outputs = new Map([['train', new Map([['model', artifact]])]]);
  rot(store.location, sha256('a poem'));
  expect(store.published.outputs('demo', outputs).lost).toEqual([{ node: 'train', port: 'model' }]);
  expect(store.published.placeIn(join(folder, 'mine'), outputs).lost).toEqual([{ node: 'train', port: 'model' }]);
  expect(readdirSync(join(store.location, 'latest'))).toEqual([]);
});

test('wrong bytes are not read: whole, in part, as a manifest or as a stream', async () => {
  const { store } = open();
  const folder = value(collect(store, { 'a.txt': 'a poem' }));
  const texts = ['whole', 'a part', 'a stream'].map((text) => store.artifacts.add(Buffer.from(text)));
  for (const digest of [...texts, folder.digest]) rot(store.location, digest);
  const [whole = '', , stream = ''] = texts;
  expect(store.artifacts.read(whole)).toBeUndefined();
  expect(store.artifacts.manifest(folder.digest)).toBeUndefined();
  const drain = async (): Promise<void> => {
    for await (const _ of store.artifacts.payload(stream)?.bytes() ?? []);
  };
  await expect(drain()).rejects.toThrow('is damaged');
  expect(quarantined(store.location)).toBe(3);
});

test('wrong bytes that another process has known as right are found as soon as they are used, or looked at thoroughly', () => {
  const { store } = open();
  const [one, two] = ['one', 'two'].map((text) => store.artifacts.add(Buffer.from(text))) as [string, string];
  store.flush();
  for (const digest of [one, two]) rot(store.location, digest);
  const { artifacts } = localStore(store.location);
  const ports = { one: { kind: 'file', digest: one }, two: { kind: 'file', digest: two } } as const;
  expect(artifacts.broken(ports)).toEqual([]);
  expect(artifacts.readRange(one, 0, 1)).toBeUndefined();
  expect(artifacts.broken({ two: ports.two })).toEqual([]);
  expect(artifacts.broken({ two: ports.two }, true)).toEqual([{ port: 'two', damage: 'damaged' }]);
});

test('a kept source whose bytes are wrong is not placed, and is kept again', () => {
  const { store, folder } = open();
  write(folder, { 'poems/a.txt': 'a poem', 'poems/b/c.txt': 'another' });
  const source = { name: 'poems', path: join(folder, 'poems') };
  const snapshot = value(store.sources.snapshot(source));
  expect(value(store.sources.keep(source, snapshot))).toBe(true);
  rot(store.location, sha256('a poemanother'));
  expect(store.sources.kept(snapshot.digest)).toBeDefined();
  expect(store.sources.place(snapshot, join(folder, 'in'))).toBeUndefined();
  expect(store.sources.kept(snapshot.digest)).toBeUndefined();
  expect(value(store.sources.keep(source, snapshot))).toBe(true);
  expect(store.sources.place(snapshot, join(folder, 'again'))).toBeDefined();
});

test('a scratch store is made of right bytes only', () => {
  const { store, folder } = open();
  write(folder, { 'poems/a.txt': 'a poem' });
  const source = { name: 'poems', path: join(folder, 'poems') };
  const snapshot = value(store.sources.snapshot(source));
  store.sources.keep(source, snapshot);
  const reach = { blobs: new Set<string>(), bundles: new Set<string>(), sources: new Set<string>() };
  expect(store.contents.addSource(snapshot.digest, reach)).toBe(true);
  rot(store.location, sha256('a poem'));
  expect(store.contents.scratch('test', reach)).toMatchObject({ ok: false, problems: [{ code: 'missing-content' }] });
  expect(readdirSync(join(store.location, 'scratch'))).toEqual([]);
});

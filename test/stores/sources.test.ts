import { chmodSync, lstatSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../src/model/canonical.ts';
import type { Source } from '../../src/model/pipeline.ts';
import type { Store } from '../../src/model/store.ts';
import { localStore } from '../../src/stores/local/store.ts';
import { write } from '../folders.ts';
import { blobOf, damage, open, value } from './stores.ts';

/** A store, and a folder of poems that is a source. */
function openWithPoems(more: Partial<Source> = {}): { store: Store; folder: string; source: Source } {
  const { store, folder } = open();
  write(folder, { 'poems/a.txt': 'a poem', 'poems/below/b.txt': 'another' });
  return { store, folder, source: { name: 'poems', path: join(folder, 'poems'), ...more } };
}

/** The notes that a store has of sources. */
function notesOf({ location }: Store): string[] {
  const folder = join(location, 'index/sources');
  return readdirSync(folder).map((name) => join(folder, name));
}

describe('a source', () => {
  test('has a digest of its content, wherever it lies and whenever it was written', () => {
    const { store, folder, source } = openWithPoems();
    const snapshot = value(store.sources.snapshot(source));
    expect(snapshot).toMatchObject({ kind: 'dir', size: 'a poemanother'.length, suffix: '' });
    write(folder, { 'elsewhere/below/b.txt': 'another', 'elsewhere/a.txt': 'a poem' });
    expect(value(store.sources.snapshot({ name: 'poems', path: join(folder, 'elsewhere') }))).toEqual(snapshot);
    write(folder, { 'poems/a.txt': 'b poem' });
    expect(value(store.sources.snapshot(source)).digest).not.toBe(snapshot.digest);
    const file = value(store.sources.snapshot({ name: 'a', path: join(folder, 'poems/a.txt') }));
    expect(file).toEqual({ kind: 'file', digest: sha256('b poem'), size: 6, suffix: '.txt' });
  });

  test('that keeps its size and times is read again where anything else of its files changed', () => {
    const { store, source } = openWithPoems();
    const path = join(source.path, 'a.txt');
    const { atime, mtime } = statSync(path);
    const before = value(store.sources.snapshot(source));
    writeFileSync(path, 'A poem');
    utimesSync(path, atime, mtime);
    expect(value(localStore(store.location).sources.snapshot(source)).digest).not.toBe(before.digest);
  });

  test('that the store lies in is without the store, kept or not', () => {
    const { store, folder } = openWithPoems();
    const whole = { name: 'whole', path: folder };
    const before = value(store.sources.snapshot(whole));
    const stamp = store.artifacts.stamp(folder);
    value(store.sources.keep(whole, before));
    store.artifacts.add(Buffer.from('more'));
    expect(value(store.sources.snapshot(whole))).toEqual(before);
    expect(store.artifacts.stamp(folder)).toBe(stamp);
    store.sources.place(before, join(folder, 'placed'));
    expect(readdirSync(join(folder, 'placed'))).toEqual(['poems']);
  });

  test('is read again where the note of an earlier reading is damaged', () => {
    const { store, source } = openWithPoems();
    const before = value(store.sources.snapshot(source));
    for (const text of ['', '{"files"', '[]', '{"files":{"a.txt":3}}', '\0\0\0']) {
      for (const note of notesOf(store)) writeFileSync(note, text);
      expect(value(localStore(store.location).sources.snapshot(source))).toEqual(before);
    }
  });

  test('that is missing is a problem with a hint', () => {
    const { store, source } = openWithPoems();
    const read = store.sources.snapshot({ ...source, path: join(source.path, 'no') });
    expect(read.ok ? [] : read.problems).toMatchObject([{ code: 'missing-source', hint: expect.any(String) }]);
  });
});

describe('a source that is kept', () => {
  test('is given from the store as it was, whatever becomes of its files', () => {
    const { store, folder, source } = openWithPoems({ keep: true });
    chmodSync(join(source.path, 'a.txt'), 0o755);
    const snapshot = value(store.sources.snapshot(source));
    expect(store.sources.kept(snapshot.digest)).toBeUndefined();
    expect(value(store.sources.keep(source, snapshot))).toBe(true);
    rmSync(source.path, { recursive: true });
    expect(store.sources.kept(snapshot.digest)).toEqual(snapshot);
    store.sources.place(snapshot, join(folder, 'placed'));
    expect(readFileSync(join(folder, 'placed/below/b.txt'), 'utf8')).toBe('another');
    expect(lstatSync(join(folder, 'placed/a.txt')).mode & 0o777).toBe(0o555);
  });

  test('is kept only if it may be, and only as it was read', () => {
    const { store, source } = openWithPoems({ keep: false });
    const snapshot = value(store.sources.snapshot(source));
    expect(value(store.sources.keep(source, snapshot))).toBe(false);
    write(source.path, { 'a.txt': 'changed' });
    const kept = store.sources.keep({ ...source, keep: true }, snapshot);
    expect(kept.ok ? [] : kept.problems).toMatchObject([{ code: 'source-changed' }]);
    expect(store.sources.kept(snapshot.digest)).toBeUndefined();
  });

  test('counts as not kept where its bytes or its note are damaged, and is kept anew', () => {
    const { store, folder } = openWithPoems();
    const source: Source = { name: 'poem', path: join(folder, 'poems/a.txt'), keep: true };
    const snapshot = value(store.sources.snapshot(source));
    value(store.sources.keep(source, snapshot));
    damage(blobOf(store, sha256('a poem')));
    expect(store.sources.kept(snapshot.digest)).toBeUndefined();
    value(store.sources.keep(source, snapshot));
    writeFileSync(join(store.location, 'sources', `${snapshot.digest}.json`), '{"kind":"file"');
    expect(store.sources.kept(snapshot.digest)).toBeUndefined();
    value(store.sources.keep(source, snapshot));
    expect(store.sources.kept(snapshot.digest)).toEqual({ ...snapshot, suffix: '' });
  });
});

test('a bundle is found by its digest and by its raw sources as long as its note and its bytes are whole', () => {
  const { store } = open();
  const record = {
    digest: store.artifacts.add(Buffer.from('code')),
    map: store.artifacts.add(Buffer.from('map')),
    files: { 'run.ts': sha256('a') },
  };
  store.bundles.keep(sha256('raw'), record);
  expect([store.bundles.read(record.digest), store.bundles.ofSources(sha256('raw'))]).toEqual([record, record]);
  expect([store.bundles.read(sha256('other')), store.bundles.ofSources(sha256('other'))]).toEqual([undefined, undefined]);
  damage(blobOf(store, record.digest));
  expect(store.bundles.ofSources(sha256('raw'))).toBeUndefined();
  writeFileSync(join(store.location, 'bundles', `${record.digest}.json`), '{"digest":1}');
  expect(store.bundles.read(record.digest)).toBeUndefined();
});

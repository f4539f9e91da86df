import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeSealed } from '../../src/files/sealed.ts';
import { sha256 } from '../../src/model/canonical.ts';
import type { Store } from '../../src/model/store.ts';
import { write } from '../folders.ts';
import { open } from './stores.ts';
import { rot } from '../stored.ts';

describe('the note of a bundle', () => {
  const [raw, code, map] = ['raw', 'code', 'map'].map((text) => sha256(text)) as [string, string, string];
  const record = { digest: code, map, files: {} };
  const written = (note: string, pointer = code): Store => {
    const { store } = open();
    for (const text of ['code', 'map']) store.artifacts.add(Buffer.from(text));
    write(store.location, { [`bundles/${code}.json`]: note, [`bundles/raw/${raw}`]: pointer });
    return store;
  };

  test('and what leads to it had no seal formerly', () => {
    const { bundles } = written(JSON.stringify(record));
    expect([bundles.read(code), bundles.ofSources(raw), bundles.isWhole(code)]).toEqual([record, record, true]);
    expect(written(JSON.stringify(record), `${code}\n`).bundles.ofSources(raw)).toBeUndefined();
  });

  test.each<[string, object]>([
    ['other code', { digest: map }],
    ['no digest', { digest: 'a' }],
    ['no source map', { map: 1 }],
    ['no files', { files: undefined }],
  ])('that names %s is none', (_, more) => {
    const { bundles } = written(JSON.stringify({ ...record, ...more }));
    expect([bundles.read(code), bundles.ofSources(raw), bundles.isWhole(code)]).toEqual([undefined, undefined, false]);
  });

  test('is whole with its map, and found without it', () => {
    const { store } = open();
    store.artifacts.add(Buffer.from('code'));
    store.bundles.keep(raw, record);
    expect([store.bundles.isWhole(code), store.bundles.ofSources(raw)]).toEqual([false, record]);
    store.artifacts.add(Buffer.from('map'));
    expect(store.bundles.isWhole(code)).toBe(true);
    cpSync(join(store.location, 'bundles/raw', raw), join(store.location, 'bundles/raw', map));
    expect(store.bundles.ofSources(map)).toBeUndefined();
    for (const pointer of [{ raw }, { raw: 'a', digest: code }, { raw, digest: 1 }]) {
      writeSealed(join(store.location, 'bundles/raw', raw), pointer);
      expect(store.bundles.ofSources(raw)).toBeUndefined();
    }
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
  rot(store.location, record.digest);
  expect(store.bundles.ofSources(sha256('raw'))).toBeUndefined();
  writeFileSync(join(store.location, 'bundles', `${record.digest}.json`), '{"digest":1}');
  expect(store.bundles.read(record.digest)).toBeUndefined();
});

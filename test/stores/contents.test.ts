import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../src/model/canonical.ts';
import { emptyFolder, write } from '../folders.ts';
import { bytesOf } from './remote-contract.ts';
import { blobOf, collect, damage, open, recordOf, value } from './stores.ts';

/** A store with a bundle, a kept source and an output, and the record of a run that has them. */
function filled() {
  const { store } = open();
  const folder = emptyFolder();
  write(folder, { 'a.txt': 'a poem', 'below/b.txt': 'another' });
  const source = { name: 'poems', path: folder, keep: true };
  const snapshot = value(store.sources.snapshot(source));
  value(store.sources.keep(source, snapshot));
  const code = store.artifacts.add(Buffer.from('code'));
  store.bundles.keep(sha256('raw'), { digest: code, map: store.artifacts.add(Buffer.from('map')), files: {} });
  const model = { ...value(collect(store, { 'weights.bin': 'some weights' })), measured: false };
  const node = { state: 'executed' as const, stage: 'train', cause: '', params: {}, code, outputs: { model } };
  const recipe = { node: 'train', work: { kind: 'stage', packages: {} } };
  const record = {
    ...recordOf('run-1'),
    sources: { poems: { ...snapshot, kept: true } },
    nodes: { train: { ...node, recipe: recipe as never } },
  };
  return { store, record, code, snapshot, model };
}

describe('what a run reaches', () => {
  test('is its code and the manifests of its outputs, or all their bytes; its sources are added', () => {
    const { store, record, code, snapshot, model } = filled();
    const reach = store.contents.ofRecord(record, new Set(['train']), { outputs: false });
    expect(reach.missing).toEqual([]);
    expect(reach.bundles).toEqual(new Set([code]));
    expect(reach.blobs).toEqual(new Set([code, sha256('map'), model.digest]));
    const whole = store.contents.ofRecord(record, new Set(['train']), { outputs: true });
    expect(whole.blobs).toEqual(new Set([...reach.blobs, sha256('some weights')]));
    expect(store.contents.addSource(snapshot.digest, reach)).toBe(true);
    expect(reach.sources).toEqual(new Set([snapshot.digest]));
    expect(store.contents.addSource(sha256('other'), reach)).toBe(false);
  });

  test('names what is missing or damaged', () => {
    const { store, record, code } = filled();
    damage(blobOf(store, code));
    damage(blobOf(store, sha256('some weights')));
    expect(store.contents.ofRecord(record, new Set(['train']), { outputs: true }).missing).toEqual([
      `the code of train (${code.slice(0, 12)})`,
      `the output train.model (${sha256('some weights').slice(0, 12)})`,
    ]);
    expect(store.contents.ofRecord(record, new Set(), { outputs: true }).missing).toEqual([]);
    expect(store.contents.flawOf(record)).toBe('the code of train is missing or damaged');
  });

  test('makes a store of its own that is gone when it is removed', () => {
    const { store, record, code, snapshot, model } = filled();
    const reach = store.contents.ofRecord(record, new Set(['train']), { outputs: false });
    store.contents.addSource(snapshot.digest, reach);
    const scratch = value(store.contents.scratch('reproduce', reach));
    expect(scratch.store.contents.flawOf(record)).toBeUndefined();
    expect(scratch.store.bundles.read(code)?.digest).toBe(code);
    expect(scratch.store.artifacts.broken({ model })).toEqual([{ port: 'model', damage: 'missing' }]);
    const folder = emptyFolder();
    scratch.store.sources.place(snapshot, join(folder, 'poems'));
    expect(readFileSync(join(folder, 'poems/below/b.txt'), 'utf8')).toBe('another');
    scratch.remove();
    expect(value(store.contents.scratch('other')).store.contents.flawOf(record)).toBe('the code of train is missing or damaged');
  });

  test('is given as the files of a pack', async () => {
    const { store, code } = filled();
    const entries = [...store.contents.entries({ blobs: new Set([code]), bundles: new Set([code]), sources: new Set() })];
    expect(entries.map(({ name }) => name)).toEqual([`blobs/${code.slice(0, 2)}/${code.slice(2)}`, `bundles/${code}.json`]);
    expect((await bytesOf(entries[0]?.bytes()))?.toString()).toBe('code');
    expect(entries[0]?.size).toBe(4);
  });
});

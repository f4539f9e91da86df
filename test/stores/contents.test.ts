import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../src/model/canonical.ts';
import { emptyFolder, write } from '../folders.ts';
import { bytesOf } from './remote-contract.ts';
import { collect, open, recordOf, value } from './stores.ts';
import { lose, rot } from '../stored.ts';

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
    rot(store.location, code);
    rot(store.location, sha256('some weights'));
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

describe('the flaw of what a run is made of', () => {
  const source = 'the source "poems"';

  test('is none where all is as its record says, also where outputs are not here', () => {
    const { store, record, model } = filled();
    expect(store.contents.flawOf(record)).toBeUndefined();
    lose(store.location, model.digest);
    lose(store.location, sha256('some weights'));
    expect(store.contents.flawOf(record)).toBeUndefined();
    expect(store.contents.flawOf({ ...record, nodes: {}, sources: {} })).toBeUndefined();
  });

  test('is an output of another size, or whose manifest is none', () => {
    const { store, record, model } = filled();
    const { train } = record.nodes;
    const withModel = (more: object) => ({ ...record, nodes: { train: { ...train, outputs: { model: { ...model, ...more } } } } });
    const flaw = 'the output train.model is not of the size that its record states';
    expect(store.contents.flawOf(withModel({ size: model.size + 1 }))).toBe(flaw);
    const file = { kind: 'file', digest: sha256('some weights') };
    expect(store.contents.flawOf(withModel({ ...file, size: 'some weights'.length }))).toBeUndefined();
    expect(store.contents.flawOf(withModel({ ...file, size: 1 }))).toBe(flaw);
    expect(store.contents.flawOf(withModel({ digest: sha256('some weights'), size: 'some weights'.length }))).toBe(flaw);
    const entry = { path: 'a', size: 2, digest: sha256('some weights'), executable: false };
    const manifest = store.artifacts.add(Buffer.from(JSON.stringify([entry])));
    expect(store.contents.flawOf(withModel({ digest: manifest, size: 2 }))).toBe(flaw);
  });

  test.each([undefined, 'code', 'map'])('is code that is lost, but not its source map (%s)', (lost) => {
    const { store, record } = filled();
    if (lost !== undefined) lose(store.location, sha256(lost));
    const { code: _code, ...codeless } = record.nodes.train;
    const flaw = 'the code of train is missing or damaged';
    expect(store.contents.flawOf(record)).toBe(lost === 'code' ? flaw : undefined);
    expect(store.contents.flawOf({ ...record, nodes: { train: codeless } })).toBe(flaw);
    expect(store.contents.flawOf({ ...record, nodes: { train: { ...codeless, recipe: undefined as never } } })).toBeUndefined();
  });

  test('is a source that is missing, damaged, or another one', () => {
    const { store, record, snapshot } = filled();
    const withSource = (more: object) => ({ ...record, sources: { poems: { ...record.sources.poems, ...more } } });
    expect(store.contents.flawOf(withSource({ digest: sha256('none') }))).toBe(`${source} is missing`);
    expect(store.contents.flawOf(withSource({ kind: 'file' }))).toBe(`${source} is damaged`);
    expect(store.contents.flawOf(withSource({ size: snapshot.size + 1 }))).toBe(`${source} is not of the size that its record states`);
    expect(store.contents.flawOf(withSource({ size: undefined }))).toBeUndefined();
    const file = join(store.location, 'sources', `${snapshot.digest}.json`);
    const note = JSON.parse(readFileSync(file, 'utf8')) as { manifest: string; pack: string; kind: 'dir' };
    const put = (more: object): void =>
      writeFileSync(file, JSON.stringify({ kind: 'dir', manifest: note.manifest, pack: note.pack, ...more }));
    put({ manifest: sha256('other') });
    expect(store.contents.flawOf(record)).toBe(`${source} has another digest than its run read`);
    put({ pack: store.artifacts.add(Buffer.from('a poeanotherr')) });
    expect(store.contents.flawOf(record)).toBe(`${source} is damaged: its files do not fill its bytes`);
    put({ pack: store.artifacts.add(Buffer.from('a poemanother one')) });
    expect(store.contents.flawOf(record)).toBe(`${source} is damaged: its files do not fill its bytes`);
    put({ pack: sha256('nothing') });
    expect(store.contents.flawOf(record)).toBe(`${source} is missing, damaged, or has paths that leave it`);
    put({});
    expect(store.contents.flawOf(record)).toBeUndefined();
    writeFileSync(file, 'torn');
    expect(store.contents.flawOf(record)).toBe(`${source} is damaged`);
  });

  test('of a source that is a file is one that holds more than it', () => {
    const { store, record } = filled();
    const folder = emptyFolder();
    write(folder, { 'a.txt': 'a poem' });
    const read = { name: 'poem', path: join(folder, 'a.txt'), keep: true };
    const snapshot = value(store.sources.snapshot(read));
    value(store.sources.keep(read, snapshot));
    const poem = { ...record, sources: { poem: { ...snapshot, kept: true } } };
    expect(store.contents.flawOf(poem)).toBeUndefined();
    const entry = (path: string, text: string) => ({ path, size: text.length, digest: sha256(text), executable: false });
    const manifest = store.artifacts.add(Buffer.from(JSON.stringify([entry('a', 'a '), entry('b', 'poem')])));
    const note = JSON.stringify({ kind: 'file', manifest, pack: snapshot.digest });
    writeFileSync(join(store.location, 'sources', `${snapshot.digest}.json`), note);
    expect(store.contents.flawOf(poem)).toBe('the source "poem" is damaged: its files do not fill its bytes');
  });
});

describe('what is left out of a reach', () => {
  test('is a source map that is lost', () => {
    const { store, record, code } = filled();
    lose(store.location, sha256('map'));
    const reach = store.contents.ofRecord(record, new Set(['train']), { outputs: false });
    expect([reach.missing, reach.leftOut, [...reach.bundles]]).toEqual([[], [sha256('map')], [code]]);
    expect(store.contents.ofRecord(record, new Set(), { outputs: true })).toMatchObject({ missing: [], leftOut: [] });
  });

  test('is nothing of a source of which anything is lost', () => {
    const { store, record, snapshot } = filled();
    const reach = store.contents.ofRecord(record, new Set(), { outputs: false });
    lose(store.location, sha256('a poemanother'));
    expect(store.contents.addSource(snapshot.digest, reach)).toBe(false);
    expect([reach.sources.size, reach.blobs.size]).toEqual([0, 0]);
  });

  test('is told by name: code without a digest, and a scratch store that lacks what was there', () => {
    const { store, record, code } = filled();
    const { code: _code, ...codeless } = record.nodes.train;
    const reach = store.contents.ofRecord({ ...record, nodes: { train: codeless } }, new Set(['train']), { outputs: false });
    expect(reach.missing).toEqual(['the code of train (unknown)']);
    lose(store.location, code);
    const scratch = store.contents.scratch('test', { blobs: new Set([code]), bundles: new Set(), sources: new Set() });
    expect(scratch).toEqual({
      ok: false,
      problems: [
        {
          kind: 'store',
          code: 'missing-content',
          message: `the content ${code.slice(0, 12)} of the store was damaged meanwhile`,
          hint: 'try again: what is damaged went to quarantine, and what can be made again is',
        },
      ],
    });
    expect(readdirSync(join(store.location, 'scratch'))).toEqual([]);
    const empty = value(store.contents.scratch('test'));
    expect([readdirSync(join(store.location, 'scratch'))[0]?.startsWith('test-'), empty.store.format]).toEqual([true, store.format]);
    expect(value(store.contents.scratch('former', undefined, 1)).store.format).toBe(1);
    empty.remove();
    expect(existsSync(empty.store.location)).toBe(false);
  });
});

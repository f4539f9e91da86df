import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeSealed } from '../../src/files/sealed.ts';
import { sha256 } from '../../src/model/canonical.ts';
import { makeLeases } from '../../src/files/lease-folder.ts';
import type { Store } from '../../src/model/store.ts';
import { openLocalStore } from '../../src/stores/local/store.ts';
import { emptyFolder } from '../folders.ts';
import { collect, keepResult, keptResult, open, recordOf, value, workFingerprint } from './stores.ts';
import { lose, rot } from '../stored.ts';

describe('verify', () => {
  test('names the node of what is damaged or missing', async () => {
    const { store } = open();
    const artifact = value(collect(store, { 'a.txt': 'a poem', 'b.txt': 'another', 'c.txt': 'a third' }));
    await keptResult(store, artifact, 'run-1');
    store.flush();
    expect((await store.maintenance.verify()).damaged).toEqual([]);
    rot(store.location, sha256('a poem'));
    lose(store.location, sha256('another'));
    const { damaged } = await store.maintenance.verify();
    const cost = 'the next run makes it again';
    expect(new Set(damaged)).toEqual(
      new Set([
        { kind: 'content', id: sha256('a poem'), name: 'output student.model/a.txt', damage: 'damaged', cost },
        { kind: 'content', id: sha256('another'), name: 'output student.model/b.txt', damage: 'missing', cost },
      ]),
    );
  });

  test('names records of results that are damaged, once: they go to quarantine', async () => {
    const { store } = open();
    keepResult(store, value(collect(store, { 'a.txt': 'a poem' })), 'run-1');
    store.runs.write(recordOf('run-1'));
    rot(store.location, workFingerprint, 'result');
    writeFileSync(join(store.location, 'runs/run-1.json'), '{"attempts":[{}],"nodes":3');
    mkdirSync(join(store.location, 'results'));
    const [torn, strange, newer] = [workFingerprint, sha256('other'), sha256('newer')];
    writeFileSync(join(store.location, 'results', `${strange}.json`), '[1, 2]');
    writeSealed(join(store.location, 'results', `${newer}.json`), { format: 1000 });
    const { damaged } = await store.maintenance.verify();
    expect(new Set(damaged.map(({ kind, id }) => `${kind} ${id}`))).toEqual(new Set([`result ${torn}`, `result ${strange}`, 'run run-1']));
    expect((await store.maintenance.verify()).damaged).toEqual([]);
  });
});

describe('garbage', () => {
  test('is not what leads from raw sources to the code of a kept run', () => {
    const { store } = open();
    const [kept, loose] = ['kept', 'loose'].map((text) => {
      const digest = store.artifacts.add(Buffer.from(text));
      store.bundles.keep(sha256(`raw ${text}`), { digest, map: digest, files: {} });
      return digest;
    });
    store.runs.write({
      ...recordOf('run-1'),
      nodes: { student: { state: 'executed', stage: 'train', cause: '', params: {}, code: kept as string } },
    });
    store.maintenance.remove(store.maintenance.findGarbage({ runs: undefined, days: undefined }));
    expect([store.bundles.ofSources(sha256('raw kept'))?.digest, store.bundles.read(loose as string)]).toEqual([kept, undefined]);
    expect(existsSync(join(store.location, 'bundles/raw', sha256('raw loose')))).toBe(false);
  });

  test('is what killed processes left half written, and nothing that is in use', () => {
    const { store } = open();
    const artifact = value(collect(store, { 'a.txt': 'a poem' }));
    keepResult(store, artifact, 'run-1');
    store.runs.write({
      ...recordOf('run-1'),
      nodes: { student: { state: 'reused', stage: 'train', cause: '', params: {}, fingerprint: workFingerprint } },
    });
    store.tags.set('best', 'run-1');
    const outputs = new Map([['student', new Map([['model', artifact]])]]);
    store.published.outputs('quickstart', outputs);
    const [published = ''] = readdirSync(join(store.location, 'latest')).filter((name) => name.endsWith('.json'));
    const part = '0123456789ab.part';
    const left = [
      `runs/run-2.json.${part}`,
      `tags/best.${part}`,
      `pins/run-1.${part}`,
      `blobs/${sha256('a poem').slice(0, 2)}/${sha256('a poem').slice(2)}.${part}`,
      `segments/${sha256('a poem').slice(0, 24)}.${part}`,
      `index/declarations/train.json.${part}`,
      `pipeline.schema.json.${part}`,
      'latest/.quickstart-00000000/student/model/a.txt',
      'latest/.quickstart-00000000.json',
    ];
    for (const file of left) {
      mkdirSync(dirname(join(store.location, file)), { recursive: true });
      writeFileSync(join(store.location, file), 'torn');
    }
    symlinkSync('.quickstart-00000000', join(store.location, 'latest/.quickstart-00000000.link'));
    expect([store.tags.all(), store.tags.pins()]).toEqual([[{ name: 'best', run: 'run-1' }], []]);
    store.maintenance.remove(store.maintenance.findGarbage({ runs: undefined, days: undefined }));
    expect(left.filter((file) => existsSync(join(store.location, file)))).toEqual([]);
    expect(readdirSync(join(store.location, 'latest')).sort()).toEqual([published.replace(/\.json$/, ''), published, 'quickstart'].sort());
    expect([store.tags.all(), store.artifacts.broken({ model: artifact })]).toEqual([[{ name: 'best', run: 'run-1' }], []]);
  });

  test('is what no kept run reaches; a damaged result is some too', () => {
    const { store } = open();
    const kept = value(collect(store, { 'a.txt': 'a poem' }));
    store.artifacts.add(Buffer.from('loose'));
    const node = { state: 'executed' as const, stage: 'train', cause: '', params: {}, outputs: { model: { ...kept, measured: false } } };
    store.runs.write({ ...recordOf('run-1'), nodes: { student: node } });
    store.runs.write(recordOf('run-2'));
    store.tags.set('best', 'run-1');
    keepResult(store, kept, 'run-1');
    rot(store.location, workFingerprint, 'result');
    const garbage = store.maintenance.findGarbage({ runs: 0, days: undefined });
    expect(garbage).toMatchObject({ removedRuns: ['run-2'], results: [workFingerprint], blobs: [sha256('loose')] });
    store.maintenance.remove(garbage);
    expect(store.runs.ids()).toEqual(['run-1']);
    expect(store.artifacts.broken({ model: kept })).toEqual([]);
    expect(store.artifacts.read(sha256('loose'))).toBeUndefined();
    expect(store.maintenance.findGarbage({ runs: 0, days: undefined })).toMatchObject({ removedRuns: [], results: [], blobs: [] });
  });
});

describe('where machines share a store', () => {
  /** Opens a store as a process of its own does, and keeps a text in it. */
  const added = (root: string, text: string): Store => {
    const store = value(openLocalStore(root));
    store.artifacts.add(Buffer.from(text));
    return store;
  };
  const leave = (store: Store): void => {
    store.flush();
    store.maintenance.leave();
  };
  const segments = (root: string): string[] => readdirSync(join(root, 'segments'));

  test('the small files that each process leaves are joined by the last one that leaves, and nothing of them is lost', async () => {
    const root = join(emptyFolder(), 'artifacts');
    makeLeases(join(root, 'locks/leases'));
    const texts = Array.from({ length: 70 }, (_, at) => `text ${at}`);
    let most = 0;
    for (const text of texts) {
      leave(added(root, text));
      most = Math.max(most, segments(root).length);
    }
    expect(most).toBeGreaterThan(5);
    expect(segments(root).length).toBeLessThan(most);
    const store = value(openLocalStore(root));
    for (const text of texts) expect(Buffer.from(store.artifacts.read(sha256(text)) ?? '').toString()).toBe(text);
    expect((await store.maintenance.verify()).damaged).toEqual([]);
    leave(store);
  });

  test('nothing is joined as long as anyone else uses the store', () => {
    const root = join(emptyFolder(), 'artifacts');
    makeLeases(join(root, 'locks/leases'));
    const other = added(root, 'of another');
    for (let at = 0; at < 40; at += 1) leave(added(root, `text ${at}`));
    expect(segments(root).length).toBe(41);
    leave(other);
    leave(added(root, 'the last'));
    expect(segments(root).length).toBeLessThan(5);
  });
});

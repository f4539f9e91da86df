import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../src/model/canonical.ts';
import { blobOf, collect, damage, keepResult, open, recordOf, value, workFingerprint } from './stores.ts';

describe('verify', () => {
  test('names the node of what is damaged or missing', async () => {
    const { store } = open();
    const artifact = value(collect(store, { 'a.txt': 'a poem', 'b.txt': 'another', 'c.txt': 'a third' }));
    keepResult(store, artifact, 'run-1');
    expect(await store.maintenance.verify()).toEqual({ checked: 4, damaged: [] });
    damage(blobOf(store, sha256('a poem')));
    rmSync(blobOf(store, sha256('another')));
    const { checked, damaged } = await store.maintenance.verify();
    expect(checked).toBe(4);
    const byDigest = (one: { digest: string }, other: { digest: string }): number => (one.digest < other.digest ? -1 : 1);
    expect(damaged.toSorted(byDigest)).toEqual(
      [
        { digest: sha256('a poem'), node: 'student' },
        { digest: sha256('another'), node: 'student' },
      ].sort(byDigest),
    );
  });

  test('names records of results that are damaged, once: they go to quarantine', async () => {
    const { store } = open();
    keepResult(store, value(collect(store, { 'a.txt': 'a poem' })), 'run-1');
    store.runs.write(recordOf('run-1'));
    for (const file of [`results/${workFingerprint}.json`, 'runs/run-1.json'])
      writeFileSync(join(store.location, file), '{"attempts":[{}],"nodes":3');
    const [torn, strange, newer] = [workFingerprint, sha256('other'), sha256('newer')];
    writeFileSync(join(store.location, 'results', `${strange}.json`), '[1, 2]');
    writeFileSync(join(store.location, 'results', `${newer}.json`), '{"format":1000}');
    const { checked, damaged } = await store.maintenance.verify();
    expect([checked, new Set(damaged.map(({ digest }) => digest))]).toEqual([4, new Set([torn, strange])]);
    expect(await store.maintenance.verify()).toEqual({ checked: 2, damaged: [] });
  });
});

describe('garbage', () => {
  test('is what no kept run reaches; a damaged result is some too', () => {
    const { store } = open();
    const kept = value(collect(store, { 'a.txt': 'a poem' }));
    store.artifacts.add(Buffer.from('loose'));
    const node = { state: 'executed' as const, stage: 'train', cause: '', params: {}, outputs: { model: { ...kept, measured: false } } };
    store.runs.write({ ...recordOf('run-1'), nodes: { student: node } });
    store.runs.write(recordOf('run-2'));
    store.tags.set('best', 'run-1');
    writeFileSync(join(store.location, 'runs', 'run-2.json'), JSON.stringify(recordOf('run-2')));
    keepResult(store, kept, 'run-1');
    writeFileSync(join(store.location, 'results', `${workFingerprint}.json`), '{');
    const garbage = store.maintenance.findGarbage({ runs: 0, days: undefined });
    expect(garbage).toMatchObject({ removedRuns: ['run-2'], results: [workFingerprint], blobs: [sha256('loose')] });
    store.maintenance.remove(garbage);
    expect(store.runs.ids()).toEqual(['run-1']);
    expect(store.artifacts.broken({ model: kept })).toEqual([]);
    expect(store.artifacts.read(sha256('loose'))).toBeUndefined();
    expect(store.maintenance.findGarbage({ runs: 0, days: undefined })).toMatchObject({ removedRuns: [], results: [], blobs: [] });
  });
});

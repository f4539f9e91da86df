import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../src/model/canonical.ts';
import { localStore } from '../../src/stores/local/store.ts';
import { blobOf, collect, keepResult, open, value, workFingerprint as fingerprint } from './stores.ts';

describe('results', () => {
  test('keep attempts with other bytes behind the newest, and one with the same bytes once', () => {
    const { store } = open();
    const [a, b] = ['a', 'b'].map((text) => value(collect(store, { 'a.txt': text })));
    if (a === undefined || b === undefined) throw new Error('nothing collected');
    keepResult(store, a, 'run-1');
    keepResult(store, b, 'run-2');
    keepResult(store, b, 'run-3');
    expect(store.results.read(fingerprint)?.attempts.map(({ run, outputs }) => [run, outputs['model']?.digest])).toEqual([
      ['run-3', b.digest],
      ['run-1', a.digest],
    ]);
    expect(store.results.ofWork(sha256('work')).map((result) => result.fingerprint)).toEqual([fingerprint]);
  });

  test.each(['blobs', 'result'])('survive a half-written file of a crash among the %s', async (where) => {
    const { store } = open();
    const artifact = value(collect(store, { 'a.txt': 'a poem' }));
    keepResult(store, artifact, 'run-1');
    const file = where === 'blobs' ? blobOf(store, sha256('half')) : join(store.location, 'results', 'f.json');
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(`${file}.0123456789ab.part`, 'ha');
    const later = localStore(store.location);
    expect(later.results.read(fingerprint)?.attempts).toHaveLength(1);
    expect((await later.maintenance.verify()).damaged).toEqual([]);
  });

  test.each<[string, (text: string) => string]>([
    ['torn', (text) => text.slice(0, text.length / 2)],
    ['zeroed by a power cut', (text) => '\0'.repeat(text.length)],
    ['empty', () => ''],
    ['of another shape', () => '{"attempts":[]}'],
    ['of an attempt without outputs', (text) => text.replace('"outputs"', '"other"')],
    ['of other work', (text) => text.replace(fingerprint, sha256('other work'))],
  ])('whose record is %s are as if they were missing, and are made anew', (_, change) => {
    const { store } = open();
    const artifact = value(collect(store, { 'a.txt': 'a poem' }));
    keepResult(store, artifact, 'run-1');
    const file = join(store.location, 'results', `${fingerprint}.json`);
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    expect([store.results.read(fingerprint), store.results.whole(fingerprint)]).toEqual([undefined, undefined]);
    expect(store.results.ofWork(sha256('work'))).toEqual([]);
    keepResult(store, artifact, 'run-2');
    expect(store.results.whole(fingerprint)?.run).toBe('run-2');
  });
});

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeSealed } from '../../src/files/sealed.ts';
import { sha256 } from '../../src/model/canonical.ts';
import { type Ingredients, RESULT_FORMAT } from '../../src/model/result.ts';
import type { Artifacts, WantedResult } from '../../src/model/store.ts';
import { ClaimMarks } from '../../src/stores/local/claim-marks.ts';
import { LocalResults } from '../../src/stores/local/results.ts';
import { Segments } from '../../src/stores/local/segments/segments.ts';
import { localStore } from '../../src/stores/local/store.ts';
import { emptyFolder, write } from '../folders.ts';
import { collect, keptResult, keepResult, open, value, workFingerprint as fingerprint } from './stores.ts';
import { rot } from '../stored.ts';

/** Nobody waits for what is looked for. */
const errand = { signal: new AbortController().signal, notice: () => undefined };

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

  test.each(['blobs/ab/cd', 'results/f.json', 'segments/0123456789abcdef01234567'])(
    'survive a half-written file of a crash at %s',
    async (file) => {
      const { store } = open();
      const artifact = value(collect(store, { 'a.txt': 'a poem' }));
      keepResult(store, artifact, 'run-1');
      write(store.location, { [`${file}.0123456789ab.part`]: 'ha' });
      const later = localStore(store.location);
      expect(later.results.read(fingerprint)?.attempts).toHaveLength(1);
      expect((await later.maintenance.verify()).damaged).toEqual([]);
    },
  );

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
    rot(store.location, fingerprint, 'result', (bytes) => Buffer.from(change(bytes.toString())));
    expect([store.results.read(fingerprint), store.results.whole(fingerprint)]).toEqual([undefined, undefined]);
    expect(store.results.ofWork(sha256('work'))).toEqual([]);
    keepResult(store, artifact, 'run-2');
    expect(store.results.whole(fingerprint)?.run).toBe('run-2');
  });

  test('are whole as long as all bytes of the newest attempt are', async () => {
    const { store } = open();
    const artifact = value(collect(store, { 'a.txt': 'a poem' }));
    const wanted = { fingerprint } as WantedResult;
    expect([store.results.whole(fingerprint), await store.results.find(wanted, errand)]).toEqual([undefined, undefined]);
    await keptResult(store, artifact, 'run-1');
    store.flush();
    const attempt = store.results.read(fingerprint)?.attempts[0];
    expect(store.results.whole(fingerprint)).toEqual(attempt);
    expect(await store.results.find(wanted, errand)).toEqual({ attempt, remote: undefined });
    rot(store.location, sha256('a poem'));
    const { results } = localStore(store.location);
    expect([results.whole(fingerprint), await results.find(wanted, errand)]).toEqual([undefined, undefined]);
    expect(results.read(fingerprint)?.attempts).toHaveLength(1);
  });

  test('give the same attempt as long as its record stands as it was read, and no longer', async () => {
    const { store } = open();
    const { results } = store;
    const [a, b] = ['a', 'b'].map((text) => value(collect(store, { 'a.txt': text })));
    if (a === undefined || b === undefined) throw new Error('nothing collected');
    expect(await keptResult(store, a, 'run-1')).toBeUndefined();
    const first = results.attempt(fingerprint);
    expect(first?.run).toBe('run-1');
    expect([results.attempt(fingerprint), results.whole(fingerprint)].map((one) => one === first)).toEqual([true, true]);
    rot(store.location, fingerprint, 'result', (bytes) => Buffer.from(bytes.toString().replaceAll('run-', 'ran-')));
    expect([results.attempt(fingerprint), first?.run]).toEqual([undefined, 'run-1']);
    await keptResult(store, a, 'run-2');
    expect(results.attempt(fingerprint)?.run).toBe('run-2');
    expect((await keptResult(store, b, 'run-3'))?.run).toBe('run-2');
    expect([results.attempt(fingerprint)?.run, first?.run]).toEqual(['run-3', 'run-1']);
  });

  test('of the same work on other inputs are found beside each other; those of other work are not', async () => {
    const { store } = open();
    const attempt = { outputs: {}, metrics: {}, run: 'run-1', node: 'student', seconds: 1, facts: {} };
    const keep = (name: string, work: string): Promise<unknown> =>
      store.results.keep(
        { format: 1, fingerprint: sha256(name), stage: 'train', ingredients: {} as Ingredients, attempts: [attempt] },
        sha256(work),
      );
    await keep('one', 'work');
    await keep('two', 'work');
    await keep('three', 'other work');
    expect(store.results.ofWork(sha256('work')).map((one) => one.fingerprint)).toEqual([sha256('one'), sha256('two')].sort());
    expect(store.results.ofWork(sha256('third work'))).toEqual([]);
  });
});

describe('the record of a result', () => {
  const records = (root: string): LocalResults => new LocalResults(root, {} as Artifacts, new Segments(root), new ClaimMarks(root));
  const attempt = { outputs: {}, metrics: {}, run: 'run-1', node: 'a' };
  const shape = (format: number, more: object = {}) => ({ format, fingerprint, stage: 'a', ingredients: {}, attempts: [attempt], ...more });
  const written = (text: string): LocalResults => {
    const root = emptyFolder();
    write(root, { [`results/${fingerprint}.json`]: text });
    return records(root);
  };

  test('of the first format had no seal; all later ones have', () => {
    const indented = (value: object): string => `${JSON.stringify(value, null, 1)}\n`;
    const first = written(indented(shape(1)));
    expect([first.read(fingerprint), first.isIntact(fingerprint)]).toEqual([shape(1), true]);
    for (const text of [JSON.stringify(shape(1)), indented(shape(2)), indented(shape(1, { attempts: [] }))]) {
      expect([written(text).read(fingerprint), written(text).isIntact(fingerprint)]).toEqual([undefined, false]);
    }
  });

  test('of a newer format is intact, though it cannot be read; nothing else without a shape is', () => {
    const sealed = (value: Record<string, unknown>): [unknown, boolean] => {
      const root = emptyFolder();
      writeSealed(join(root, 'results', `${fingerprint}.json`), value);
      return [records(root).read(fingerprint), records(root).isIntact(fingerprint)];
    };
    expect(sealed({ format: RESULT_FORMAT + 1 })).toEqual([undefined, true]);
    for (const value of [{ format: RESULT_FORMAT }, { format: String(RESULT_FORMAT + 1) }, {}])
      expect(sealed(value)).toEqual([undefined, false]);
    expect(records(emptyFolder()).isIntact(fingerprint)).toBe(false);
  });

  test('counts under its own name only', () => {
    const root = emptyFolder();
    const other = sha256('other work');
    for (const name of [fingerprint, other]) writeSealed(join(root, 'results', `${name}.json`), shape(2));
    expect([records(root).read(fingerprint)?.fingerprint, records(root).read(other)]).toEqual([fingerprint, undefined]);
  });

  test('of a former store stays where it is, and stays beneath what is kept since', async () => {
    const { store } = open();
    const root = store.location;
    writeSealed(join(root, 'results', `${fingerprint}.json`), shape(2));
    write(root, { [`index/work/${sha256('work')}/${fingerprint}`]: '' });
    expect(store.results.ofWork(sha256('work')).map((one) => one.fingerprint)).toEqual([fingerprint]);
    await keptResult(store, value(collect(store, { 'a.txt': 'a poem' })), 'run-2');
    expect(store.results.read(fingerprint)?.attempts.map(({ run }) => run)).toEqual(['run-2', 'run-1']);
    expect([store.results.ofWork(sha256('work')).length, records(root).fingerprints()]).toEqual([1, [fingerprint]]);
  });

  test('is listed though it is damaged', () => {
    expect([written('{').fingerprints(), records(emptyFolder()).fingerprints()]).toEqual([[fingerprint], []]);
  });
});

test('a store alone shares nothing, and waits for nothing', async () => {
  const { store } = open();
  expect(await store.results.shared({ signal: new AbortController().signal, notice: () => undefined })).toBeUndefined();
});

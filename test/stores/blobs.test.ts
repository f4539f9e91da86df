import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { sha256 } from '../../src/model/canonical.ts';
import { RESULT_FORMAT } from '../../src/model/result.ts';
import { RECORD_FORMAT } from '../../src/model/run.ts';
import type { WantedResult } from '../../src/model/store.ts';
import { LocalArtifacts } from '../../src/stores/local/artifacts.ts';
import { Blobs } from '../../src/stores/local/blobs.ts';
import { ClaimMarks } from '../../src/stores/local/claim-marks.ts';
import { LooseBlobs } from '../../src/stores/local/loose-blobs.ts';
import { LocalResults } from '../../src/stores/local/results.ts';
import { Segments } from '../../src/stores/local/segments/segments.ts';
import { StampBook } from '../../src/stores/local/stamps.ts';
import { emptyFolder, write } from '../folders.ts';
import { looseBlob, rot } from '../stored.ts';
import { bytesOf } from './remote-contract.ts';

/** What was synced, by its path at that time. */
const synced = vi.hoisted((): string[] => []);

/** Why the disk refuses to make anything durable, if it does. */
const refusal = vi.hoisted((): { code?: string } => ({}));

vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  const pathOf = (descriptor: number): string => real.readlinkSync(`/proc/self/fd/${descriptor}`);
  const fsyncSync = (descriptor: number): void => {
    synced.push(pathOf(descriptor));
    real.fsyncSync(descriptor);
  };
  const fsync = (descriptor: number, done: (error: Error | null) => void): void => {
    const path = pathOf(descriptor);
    real.fsync(descriptor, (error) => {
      synced.push(path);
      done(refusal.code === undefined ? error : Object.assign(new Error('refused'), refusal));
    });
  };
  return { ...real, fsyncSync, fsync };
});

let root: string;
let segments: Segments;
let blobs: Blobs;

const stamps = (): StampBook => new StampBook(join(root, 'index/blobs'));
const opened = (): Blobs => new Blobs(root, stamps(), new Segments(root));
const poem = Buffer.from('a poem');
const digest = sha256('a poem');
const large = Buffer.from('large '.repeat(20_000));
const text = (bytes: Uint8Array | undefined): string | undefined => (bytes === undefined ? undefined : Buffer.from(bytes).toString());
const segment = (): string => join(root, 'segments', readdirSync(join(root, 'segments'))[0] ?? '');

/** Bytes in pieces, and whether they were read to their end or given up. */
function pieces(...parts: readonly (string | Uint8Array)[]): {
  readonly stream: AsyncGenerator<Uint8Array>;
  readonly isLeft: () => boolean;
} {
  let isLeft = false;
  async function* given(): AsyncGenerator<Uint8Array> {
    try {
      for (const part of parts) yield Buffer.from(part);
    } finally {
      isLeft = true;
    }
  }
  return { stream: given(), isLeft: () => isLeft };
}

beforeEach(() => {
  root = emptyFolder();
  segments = new Segments(root);
  blobs = new Blobs(root, stamps(), segments);
  synced.length = 0;
});

describe('content', () => {
  test('lies in a segment where it is small, else in a file', () => {
    expect([blobs.state(digest), blobs.size(digest), blobs.read(digest), blobs.isProven(digest)]).toEqual(['missing', 0, undefined, false]);
    for (const bytes of [poem, large]) {
      const added = blobs.add(bytes);
      expect([blobs.state(added), blobs.size(added), text(blobs.read(added)), blobs.isProven(added)]).toEqual([
        'whole',
        bytes.length,
        text(bytes),
        true,
      ]);
    }
    expect([existsSync(looseBlob(root, digest)), existsSync(looseBlob(root, sha256(large)))]).toEqual([false, true]);
    expect(new Set(blobs.all())).toEqual(new Set([digest, sha256(large)]));
  });

  test('is written once', () => {
    blobs.add(poem);
    const { size } = lstatSync(segment());
    blobs.add(poem);
    opened().add(poem);
    expect(lstatSync(segment()).size).toBe(size);
  });

  test('of a former store is used where it lies', () => {
    new LooseBlobs(root, stamps()).write(digest, poem);
    expect([blobs.state(digest), text(blobs.read(digest)), blobs.add(poem), [...blobs.all()]]).toEqual([
      'whole',
      'a poem',
      digest,
      [digest],
    ]);
    expect(existsSync(join(root, 'segments'))).toBe(false);
  });

  test('that is damaged is made again, and found', () => {
    blobs.add(poem);
    blobs.commitNow();
    rot(root, digest);
    expect([blobs.state(digest), blobs.state(digest), blobs.losses]).toEqual(['damaged', 'missing', 1]);
    blobs.add(poem);
    expect([blobs.state(digest, true), opened().state(digest, true)]).toEqual(['whole', 'whole']);
  });

  test('that is damaged in a segment counts where it is whole in a file', () => {
    new LooseBlobs(root, stamps()).write(digest, poem);
    segments.add([{ kind: 'content', key: digest, order: 0, body: poem }]);
    segments.commitNow();
    rot(root, digest);
    expect([blobs.state(digest, true), text(blobs.read(digest))]).toEqual(['whole', 'a poem']);
  });

  test('is given in pieces, and an error where they are wrong or missing', async () => {
    for (const bytes of [poem, large]) expect(text(await bytesOf(blobs.pieces(blobs.add(bytes))))).toBe(text(bytes));
    blobs.commitNow();
    for (const bytes of [poem, large]) {
      rot(root, sha256(bytes));
      await expect(bytesOf(blobs.pieces(sha256(bytes)))).rejects.toThrow(`the content ${sha256(bytes).slice(0, 12)} is damaged`);
    }
    await expect(bytesOf(blobs.pieces(sha256('none')))).rejects.toThrow('is damaged');
  });
});

/** The files of a folder as they are listed. */
function found(folder: string): { readonly path: string; readonly size: number }[] {
  return readdirSync(folder).map((path) => ({ path, size: statSync(join(folder, path)).size }));
}

describe('files', () => {
  test('are taken in: of links what they lead to, and equal ones once', () => {
    const folder = emptyFolder();
    write(folder, { a: 'a poem', b: 'a poem', c: large });
    const taken = blobs.takeAll(folder, found(folder));
    expect(taken).toEqual([
      { digest, size: 6 },
      { digest, size: 6 },
      { digest: sha256(large), size: large.length },
    ]);
    expect([existsSync(join(folder, 'c')), blobs.isProven(digest), blobs.isProven(sha256(large))]).toEqual([false, true, true]);
    expect([...segments.keys('content')]).toEqual([digest]);
  });

  test('are taken in however many they are', () => {
    const folder = emptyFolder();
    const texts = Array.from({ length: 100 }, (_, index) => `${index} `.repeat(15_000));
    write(folder, Object.fromEntries(texts.map((one, index) => [String(index), one])));
    blobs.takeAll(folder, found(folder));
    for (const one of texts) expect(blobs.state(sha256(one), true)).toBe('whole');
  });
});

describe('bytes that come from elsewhere', () => {
  test.each([
    ['small', [poem.subarray(0, 2), poem.subarray(2)]],
    ['large', [large.subarray(0, 50_000), large.subarray(50_000, 90_000), large.subarray(90_000)]],
  ])('are taken where they are those of the digest: %s', async (_, parts) => {
    const whole = Buffer.concat(parts);
    const wrong = pieces(...parts);
    expect(await blobs.receive(sha256('other'), wrong.stream, whole.length)).toBe(false);
    const more = pieces(...parts);
    expect([await blobs.receive(sha256(whole), more.stream, whole.length - 1), more.isLeft()]).toEqual([false, true]);
    expect(blobs.state(sha256(whole))).toBe('missing');
    const right = pieces(...parts);
    expect([await blobs.receive(sha256(whole), right.stream, whole.length), right.isLeft()]).toEqual([true, true]);
    expect(text(blobs.read(sha256(whole)))).toBe(text(whole));
    const never = pieces('never');
    expect([await blobs.receive(sha256(whole), never.stream, whole.length), never.isLeft()]).toEqual([true, false]);
  });
});

describe('what is kept is on the disk', () => {
  test('when a commit has ended: one sync serves all that was added before', async () => {
    blobs.add(poem);
    synced.length = 0;
    const before = ['b', 'c'].map((one) => {
      blobs.add(Buffer.from(one));
      return blobs.commit();
    });
    await Promise.all(before);
    expect(synced).toEqual([segment()]);
    blobs.add(poem);
    await blobs.commit();
    expect(synced).toHaveLength(1);
  });

  test('a moment later where it may wait, with what came meanwhile', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const patient = ['b', 'c'].map((one) => {
      blobs.add(Buffer.from(one));
      return segments.commit(true);
    });
    synced.length = 0;
    vi.runAllTimers();
    await Promise.all(patient);
    expect(synced).toEqual([segment()]);
  });

  test('at once where others cannot wait, and with it what could', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    blobs.add(Buffer.from('b'));
    const patient = segments.commit(true);
    blobs.add(Buffer.from('c'));
    synced.length = 0;
    await Promise.all([patient, segments.commit()]);
    expect(synced).toEqual([segment()]);
    blobs.add(Buffer.from('d'));
    const other = segments.commit(true);
    segments.hurry();
    await other;
    expect(synced).toHaveLength(2);
  });

  test('of what comes while a sync goes on by the next one', async () => {
    blobs.add(poem);
    await blobs.commit();
    synced.length = 0;
    const ended: string[] = [];
    const commit = async (name: string): Promise<void> => {
      blobs.add(Buffer.from(name));
      await blobs.commit();
      ended.push(`${name} ${synced.length}`);
    };
    const first = commit('first');
    await new Promise((resolve) => process.nextTick(resolve));
    await Promise.all([first, commit('second'), commit('third')]);
    expect(ended).toEqual(['first 1', 'second 2', 'third 2']);
  });

  test('or is not there: what the disk refuses to make durable is taken back, from all who wait for it', async () => {
    blobs.add(poem);
    await blobs.commit();
    onTestFinished(() => void delete refusal.code);
    refusal.code = 'EIO';
    const refused = ['b', 'c'].map((one) => {
      blobs.add(Buffer.from(one));
      return blobs.commit();
    });
    for (const one of refused) await expect(one).rejects.toMatchObject({ code: 'EIO', path: segment() });
    delete refusal.code;
    for (const one of [blobs, opened()]) expect(['b', 'c'].map((name) => one.state(sha256(name)))).toEqual(['missing', 'missing']);
    blobs.add(Buffer.from('b'));
    await blobs.commit();
    for (const one of [blobs, opened()]) expect([one.state(digest, true), one.state(sha256('b'), true)]).toEqual(['whole', 'whole']);
  });

  test('where another process added a result, before that is reused', async () => {
    const artifacts = new LocalArtifacts(root, blobs, RECORD_FORMAT);
    const [other, results] = [new Segments(root), new LocalResults(root, artifacts, segments, new ClaimMarks(root))];
    const errand = { signal: new AbortController().signal, notice: () => undefined };
    const wanted = { fingerprint: sha256('result') } as WantedResult;
    const attempt = { outputs: {}, metrics: {}, run: 'run-1', node: 'a', seconds: 1, facts: {} };
    const record = { format: RESULT_FORMAT, fingerprint: wanted.fingerprint, stage: 's', ingredients: {}, attempts: [attempt] };
    expect([results.whole(wanted.fingerprint), await results.find(wanted, errand)]).toEqual([undefined, undefined]);
    other.add([{ kind: 'result', key: wanted.fingerprint, work: digest, order: 1, body: Buffer.from(JSON.stringify(record)) }]);
    synced.length = 0;
    expect(await results.find(wanted, errand)).toMatchObject({ attempt: { run: 'run-1' } });
    expect(synced).toEqual([segment()]);
  });

  test('where another process wrote it, before it is relied upon', () => {
    opened().add(poem);
    synced.length = 0;
    blobs.add(poem);
    expect(synced).toEqual([segment()]);
  });
});

describe('content is given', () => {
  test.each([
    [false, 0o444],
    [true, 0o555],
  ])('as a file of its own that nobody may write (executable: %s)', (executable, bits) => {
    for (const bytes of [poem, large]) {
      const path = join(root, `in/below/${bytes.length}.txt`);
      expect(blobs.place(blobs.add(bytes), path, executable)).toBe(true);
      expect([readFileSync(path, 'utf8'), lstatSync(path).mode & 0o777]).toEqual([text(bytes), bits]);
      chmodSync(path, 0o644);
      writeFileSync(path, 'other');
      expect(text(blobs.read(sha256(bytes)))).toBe(text(bytes));
    }
  });

  test('only if it is whole; else nothing is left where it should lie', () => {
    const path = join(root, 'in');
    expect(blobs.place(digest, path, false)).toBe(false);
    blobs.add(poem);
    blobs.commitNow();
    rot(root, digest);
    expect([blobs.place(digest, path, false), existsSync(path), blobs.losses]).toEqual([false, false, 1]);
  });
});

import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { sha256 } from '../../src/model/canonical.ts';
import { HEAD, type NewEntry } from '../../src/stores/local/segments/entry.ts';
import { Segments } from '../../src/stores/local/segments/segments.ts';
import { readNote } from '../../src/stores/local/segments/table.ts';
import { emptyFolder } from '../folders.ts';

let root: string;

beforeEach(() => {
  root = emptyFolder();
});

const content = (text: string): NewEntry => ({ kind: 'content', key: sha256(text), order: 0, body: Buffer.from(text) });
const result = (name: string, order: number, text: string): NewEntry => ({
  kind: 'result',
  key: sha256(name),
  work: sha256('work'),
  order,
  body: Buffer.from(text),
});
const names = (): string[] => readdirSync(join(root, 'segments'));
const file = (index = 0): string => join(root, 'segments', names()[index] ?? '');
const read = (segments: Segments, text: string): string | undefined => segments.read('content', sha256(text))?.toString();

/** A store of segments that was written and left, with these contents. */
function left(...texts: readonly string[]): Segments {
  const segments = new Segments(root);
  segments.add(texts.map(content));
  segments.commitNow();
  segments.rest();
  return segments;
}

/** Whether each text is there for who opens the store anew; with the index and without it. */
function found(...texts: readonly string[]): boolean[] {
  const of = (): boolean[] => texts.map((text) => read(new Segments(root), text) === text);
  const withIndex = of();
  rmSync(join(root, 'index'), { recursive: true, force: true });
  expect(of()).toEqual(withIndex);
  return withIndex;
}

function change(at: number, bytes: Buffer): void {
  const all = readFileSync(file());
  bytes.copy(all, at < 0 ? all.length + at : at);
  writeFileSync(file(), all);
}

describe('entries', () => {
  test('are read back by whoever opens the store, from one file', async () => {
    const segments = new Segments(root);
    expect([read(segments, 'a'), segments.standing('content', sha256('a'), 'stamp')]).toEqual([undefined, 'missing']);
    segments.add([content('a'), content('')]);
    await segments.commit();
    segments.add([result('one', 1, 'first'), result('two', 1, 'second')]);
    await segments.commit();
    for (const one of [segments, new Segments(root)]) {
      expect([read(one, 'a'), read(one, ''), one.read('result', sha256('one'))?.toString()]).toEqual(['a', '', 'first']);
      expect([...one.keys('content')].sort()).toEqual([sha256('a'), sha256('')].sort());
      expect([...one.ofWork(sha256('work'))].sort()).toEqual([sha256('one'), sha256('two')].sort());
    }
    expect(names()).toHaveLength(1);
  });

  test('of results count by their order, not by when they were found', () => {
    const segments = new Segments(root);
    segments.add([result('one', 2, 'newer'), result('one', 1, 'older')]);
    expect(segments.read('result', sha256('one'))?.toString()).toBe('newer');
    segments.rest();
    expect(new Segments(root).read('result', sha256('one'))?.toString()).toBe('newer');
  });

  test('are found that another process adds meanwhile', () => {
    const [one, two] = [new Segments(root), new Segments(root)];
    one.add([content('a')]);
    expect(read(two, 'a')).toBe('a');
    two.add([content('b')]);
    expect(read(one, 'b')).toBe('b');
    one.add([content('c')]);
    expect([read(two, 'c'), names().length]).toEqual(['c', 2]);
  });

  test('are added where another process left off, with and without the index', () => {
    left('a');
    left('b');
    rmSync(join(root, 'index'), { recursive: true });
    left('c');
    expect(names()).toHaveLength(1);
    expect(found('a', 'b', 'c')).toEqual([true, true, true]);
  });

  test('are known by the note alone as long as nothing was written to the segment', () => {
    left('a', 'b');
    expect(new Segments(root).standing('content', sha256('a'), 'stamp')).toBe('whole');
    change(HEAD, Buffer.from('x'));
    const segments = new Segments(root);
    expect([segments.standing('content', sha256('b'), 'stamp'), segments.standing('content', sha256('a'), 'stamp')]).toEqual([
      'whole',
      'damaged',
    ]);
  });

  describe('that were added to a segment which is noted', () => {
    const note = (): string => join(root, 'index/segments', names()[0] ?? '');
    const written = (): Buffer => readFileSync(note());
    const isWhole = (segments: Segments, text: string): boolean => segments.untrusted('content', [sha256(text)]).length === 0;

    test('are added to its note in its place, as long as they are few', () => {
      left('a', 'b');
      const before = written();
      left('c');
      left('d', 'e');
      expect(written().subarray(0, before.length)).toEqual(before);
      const length = written().length;
      left('f');
      left();
      expect(written().length - length).toBe(80);
      expect(['a', 'c', 'e', 'f'].map((text) => isWhole(new Segments(root), text))).toEqual([true, true, true, true]);
      left(...Array.from({ length: 300 }, (_, index) => `many ${index}`));
      expect(written().subarray(0, before.length)).not.toEqual(before);
      expect(['a', 'f', 'many 299'].map((text) => isWhole(new Segments(root), text))).toEqual([true, true, true]);
      expect(found('a', 'c', 'f', 'many 0')).toEqual([true, true, true, true]);
    });

    test('are read from the segment where that is half written', () => {
      left('a');
      const before = written();
      left('b', 'c');
      const after = written();
      for (const length of [before.length, before.length + 10, after.length - 1]) {
        writeFileSync(note(), after.subarray(0, length));
        // What is not whole is told by `verify`.
        expect(readNote(note()) === undefined).toBe(length > before.length);
        expect(read(new Segments(root), 'c')).toBe('c');
      }
      left('d');
      expect(['a', 'b', 'd'].map((text) => isWhole(new Segments(root), text))).toEqual([true, true, true]);
    });

    test('are not added to another note that has come in its place, nor where entries count no more', () => {
      left('a');
      const one = new Segments(root);
      expect(read(one, 'a')).toBe('a');
      const other = new Segments(root);
      other.void('content', new Set([sha256('a')]));
      other.add([content('b')]);
      other.rest();
      one.add([content('c')]);
      one.rest();
      expect(['a', 'b', 'c'].map((text) => isWhole(new Segments(root), text))).toEqual([false, true, true]);
      expect(found('a', 'b', 'c')).toEqual([false, true, true]);
    });
  });

  test('leave no file open when what was learned is noted', () => {
    const open = (): number => readdirSync('/proc/self/fd').length;
    const before = open();
    left('a');
    const segments = new Segments(root);
    read(segments, 'a');
    segments.rest();
    expect(open()).toBe(before);
  });
});

describe('what a kill or a power cut leaves at the end', () => {
  test.each<[string, () => void]>([
    ['half a head', () => appendFileSync(file(), readFileSync(file()).subarray(0, 50))],
    ['half a body', () => truncateSync(file(), statSync(file()).size - 3)],
    ['zeros in place of the last entry', () => change(-(HEAD + 6), Buffer.alloc(HEAD + 6))],
    ['zeros in place of the last body', () => change(-6, Buffer.alloc(6))],
    ['zeros behind it', () => appendFileSync(file(), Buffer.alloc(5000))],
    ['a copy of an entry from elsewhere', () => appendFileSync(file(), readFileSync(file()).subarray(0, HEAD + 1))],
  ])('counts as not written, and is cut off by who adds next: %s', (_, damage) => {
    left('a', 'b');
    const whole = statSync(file()).size;
    const segments = new Segments(root);
    segments.add([content('latest')]);
    const end = statSync(file()).size;
    damage();
    const isThere = statSync(file()).size > end;
    expect(found('a', 'b', 'latest')).toEqual([true, true, isThere]);
    const killed = names()[0] ?? '';
    // The lock of the one that was killed is gone.
    copyFileSync(join(root, 'segments', killed), join(root, 'copy'));
    rmSync(join(root, 'segments', killed));
    copyFileSync(join(root, 'copy'), join(root, 'segments', killed));
    left('more');
    expect([names(), statSync(file()).size]).toEqual([[killed], (isThere ? end : whole) + HEAD + 4]);
    expect(found('a', 'b', 'latest', 'more')).toEqual([true, true, isThere, true]);
  });

  test('takes all with it that was written after it and had not been synced either', () => {
    left('a');
    const segments = new Segments(root);
    segments.add([content('b'), content('c')]);
    change(HEAD + 1 + HEAD, Buffer.from('x'));
    rmSync(join(root, 'index'), { recursive: true });
    expect(found('a', 'b', 'c')).toEqual([true, false, false]);
  });
});

describe('an entry that was durable and is damaged', () => {
  test.each([
    ['its body', HEAD],
    ['its head', 40],
    ['its first byte', 0],
  ])('costs no other: %s', (_, at) => {
    left('a', 'b');
    left('c');
    change(at, Buffer.from([0xff]));
    const segments = new Segments(root);
    expect([read(segments, 'a'), read(segments, 'b'), read(segments, 'c')]).toEqual([undefined, 'b', 'c']);
    expect([segments.losses, readdirSync(join(root, 'quarantine')).length]).toEqual([1, 1]);
    segments.rest();
    left('a');
    expect(names()).toHaveLength(1);
    expect(found('a', 'b', 'c')).toEqual([true, true, true]);
  });

  test('is missing for others once one has found it, and found again once it is made again', () => {
    left('a', 'b');
    const other = new Segments(root);
    read(other, 'b');
    change(HEAD, Buffer.from('x'));
    const one = new Segments(root);
    expect(one.standing('content', sha256('a'), 'all')).toBe('damaged');
    expect(other.standing('content', sha256('a'), 'all')).toBe('missing');
    one.add([content('a')]);
    expect([read(other, 'a'), other.losses]).toEqual(['a', 0]);
  });

  test('is not used where it cannot be brought to quarantine', () => {
    left('a');
    change(HEAD, Buffer.from('x'));
    writeFileSync(join(root, 'quarantine'), 'in the way');
    const segments = new Segments(root);
    for (let again = 0; again < 2; again += 1) expect(segments.standing('content', sha256('a'), 'stamp')).toBe('damaged');
    segments.add([content('a')]);
    expect(read(segments, 'a')).toBe('a');
  });
});

describe('what counts no more', () => {
  test('is gone at once, and its room is given back', () => {
    const long = 'long '.repeat(1000);
    left('a', long, 'b');
    const before = statSync(file()).size;
    const segments = new Segments(root);
    segments.void('content', new Set([sha256(long)]));
    expect(found('a', long, 'b')).toEqual([true, false, true]);
    segments.compact();
    expect(statSync(file()).size).toBe(before - HEAD - long.length);
    expect(found('a', long, 'b')).toEqual([true, false, true]);
    expect([read(segments, 'a'), read(segments, long)]).toEqual(['a', undefined]);
    segments.void('content', new Set([sha256('a'), sha256('b')]));
    segments.compact();
    expect([names(), existsSync(join(root, 'index/segments')) ? readdirSync(join(root, 'index/segments')) : []]).toEqual([[], []]);
  });

  test('are older results, and copies, when small segments become one', () => {
    const [one, two] = [new Segments(root), new Segments(root)];
    one.add([content('a'), result('one', 1, 'older')]);
    two.add([content('b'), result('one', 2, 'newer')]);
    for (const each of [one, two]) each.rest();
    expect(names()).toHaveLength(2);
    new Segments(root).compact();
    expect([names().length, statSync(file()).size]).toEqual([1, 3 * HEAD + 2 + 5]);
    expect(new Segments(root).read('result', sha256('one'))?.toString()).toBe('newer');
    expect(found('a', 'b')).toEqual([true, true]);
  });

  test('comes back with nothing else where removing was cut off, and goes the next time', () => {
    const [one, two] = [new Segments(root), new Segments(root)];
    one.add([content('a'), content('b'), result('one', 1, 'older')]);
    two.add([content('c'), result('one', 2, 'newer')]);
    for (const each of [one, two]) each.rest();
    new Segments(root).void('content', new Set([sha256('b')]));
    const kept = join(root, 'kept');
    cpSync(join(root, 'segments'), kept, { recursive: true });
    new Segments(root).compact();
    cpSync(kept, join(root, 'segments'), { recursive: true });
    expect(names()).toHaveLength(3);
    expect(found('a', 'b', 'c')).toEqual([true, false, true]);
    expect(new Segments(root).read('result', sha256('one'))?.toString()).toBe('newer');
    new Segments(root).compact();
    expect(names()).toHaveLength(1);
    expect(found('a', 'b', 'c')).toEqual([true, false, true]);
    expect(statSync(file()).size).toBe(3 * HEAD + 2 + 5);
  });

  test('is passed over by a segment that grows meanwhile', () => {
    const one = new Segments(root);
    one.add([content('a'), content('b')]);
    one.commitNow();
    new Segments(root).void('content', new Set([sha256('a')]));
    one.add([content('c')]);
    one.commitNow();
    one.rest();
    expect(found('a', 'b', 'c')).toEqual([false, true, true]);
    one.add([content('a')]);
    expect(found('a', 'b', 'c')).toEqual([true, true, true]);
  });
});

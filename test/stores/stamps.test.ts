import { existsSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { StampBook } from '../../src/stores/local/stamps.ts';
import { emptyFolder, write } from '../folders.ts';

let root: string;

/** A file whose stamp is noted. */
function file(): string {
  const folder = emptyFolder();
  write(folder, { out: 'a poem' });
  return join(folder, 'out');
}

beforeEach(() => {
  root = emptyFolder();
});

describe('a book of stamps', () => {
  const stats = (path: string) => lstatSync(path, { bigint: true });
  const book = (): string => join(root, 'index/blobs');
  const lines = (): string[] => readFileSync(book(), 'utf8').split('\n').slice(0, -1);

  test('knows a file as long as it stands as noted, in later processes too', () => {
    const [path, stamps] = [file(), new StampBook(book())];
    expect(stamps.isKnown('a', stats(path))).toBe(false);
    stamps.note('a', stats(path));
    expect([stamps.isKnown('a', stats(path)), stamps.isKnown('b', stats(path))]).toEqual([true, false]);
    expect(existsSync(book())).toBe(false);
    stamps.flush();
    expect(new StampBook(book()).isKnown('a', stats(path))).toBe(true);
    writeFileSync(path, 'changed');
    expect([stamps.isKnown('a', stats(path)), new StampBook(book()).isKnown('a', stats(path))]).toEqual([false, false]);
  });

  test('writes each line once, and the newest counts', () => {
    const [path, stamps] = [file(), new StampBook(book())];
    for (let times = 0; times < 2; times += 1) {
      stamps.note('a', stats(path));
      stamps.flush();
    }
    new StampBook(book()).flush();
    expect(lines()).toHaveLength(1);
    writeFileSync(path, 'changed');
    stamps.note('a', stats(path));
    stamps.flush();
    expect(lines()).toHaveLength(2);
    expect(new StampBook(book()).isKnown('a', stats(path))).toBe(true);
  });

  test('believes no damaged line', () => {
    const [path, stamps] = [file(), new StampBook(book())];
    for (const name of ['a', 'b', 'c']) stamps.note(name, stats(path));
    stamps.flush();
    const [a = '', b = '', c = ''] = lines();
    writeFileSync(book(), `${a.slice(0, -3)}\n${b.replace(' ', '')}\n no name\n${c}\n`);
    const later = new StampBook(book());
    expect(['a', 'b', 'c'].map((name) => later.isKnown(name, stats(path)))).toEqual([false, false, true]);
  });

  test.each([
    [1004, 1005],
    [1005, 2],
  ])('of %i lines for one file is written anew only when most of them are outdated', (count, left) => {
    const [path, stamps] = [file(), new StampBook(book())];
    stamps.note('a', stats(path));
    stamps.flush();
    const [line = ''] = lines();
    writeFileSync(book(), `${line}\n`.repeat(count));
    const later = new StampBook(book());
    later.note('b', stats(path));
    later.flush();
    expect(lines()).toHaveLength(left);
    const last = new StampBook(book());
    expect([last.isKnown('a', stats(path)), last.isKnown('b', stats(path))]).toEqual([true, true]);
  });

  test('that cannot be written is done without', () => {
    const [path, stamps] = [file(), new StampBook(book())];
    writeFileSync(join(root, 'index'), 'in the way');
    stamps.note('a', stats(path));
    stamps.flush();
    rmSync(join(root, 'index'));
    expect(stamps.isKnown('a', stats(path))).toBe(true);
  });
});

import {
  chmodSync,
  copyFileSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import * as hashing from '../../src/files/hash.ts';
import * as stamping from '../../src/files/stamp.ts';
import { sha256 } from '../../src/model/canonical.ts';
import type { Source } from '../../src/model/pipeline.ts';
import type { Store } from '../../src/model/store.ts';
import * as copies from '../../src/stores/local/copies.ts';
import { localStore } from '../../src/stores/local/store.ts';
import { write } from '../folders.ts';
import { open, value } from './stores.ts';
import { lose, rot } from '../stored.ts';

/** A store, and a folder of poems that is a source. */
function openWithPoems(more: Partial<Source> = {}): { store: Store; folder: string; source: Source } {
  const { store, folder } = open();
  write(folder, { 'poems/a.txt': 'a poem', 'poems/below/b.txt': 'another' });
  return { store, folder, source: { name: 'poems', path: join(folder, 'poems'), ...more } };
}

vi.mock('../../src/files/hash.ts', { spy: true });
vi.mock('../../src/files/stamp.ts', { spy: true });
vi.mock('../../src/stores/local/copies.ts', { spy: true });

/** What is read while something is done, by the names of the files. */
function readDuring(work: () => void): string[] {
  const ways = [vi.mocked(hashing.hashFile), vi.mocked(hashing.readHashed), vi.mocked(hashing.statAndHash)];
  for (const one of ways) one.mockClear();
  work();
  return ways.flatMap(({ mock }) => mock.calls.map(([path]) => basename(path))).sort();
}

/** The notes that a store has of sources. */
function notesOf({ location }: Store): string[] {
  const folder = join(location, 'index/sources');
  return readdirSync(folder).map((name) => join(folder, name));
}

describe('a source', () => {
  test('has a digest of its content, wherever it lies and whenever it was written', () => {
    const { store, folder, source } = openWithPoems();
    const snapshot = value(store.sources.snapshot(source));
    expect(snapshot).toMatchObject({ kind: 'dir', size: 'a poemanother'.length, suffix: '' });
    write(folder, { 'elsewhere/below/b.txt': 'another', 'elsewhere/a.txt': 'a poem' });
    expect(value(store.sources.snapshot({ name: 'poems', path: join(folder, 'elsewhere') }))).toEqual(snapshot);
    write(folder, { 'poems/a.txt': 'b poem' });
    expect(value(store.sources.snapshot(source)).digest).not.toBe(snapshot.digest);
    const file = value(store.sources.snapshot({ name: 'a', path: join(folder, 'poems/a.txt') }));
    expect(file).toEqual({ kind: 'file', digest: sha256('b poem'), size: 6, suffix: '.txt' });
  });

  test('that keeps its size and times is read again where anything else of its files changed', () => {
    const { store, source } = openWithPoems();
    const path = join(source.path, 'a.txt');
    const { atime, mtime } = statSync(path);
    const before = value(store.sources.snapshot(source));
    writeFileSync(path, 'A poem');
    utimesSync(path, atime, mtime);
    expect(value(localStore(store.location).sources.snapshot(source)).digest).not.toBe(before.digest);
  });

  test('that the store lies in is without the store, kept or not', () => {
    const { store, folder } = openWithPoems();
    const whole = { name: 'whole', path: folder };
    const before = value(store.sources.snapshot(whole));
    const stamp = store.artifacts.stamp(folder);
    value(store.sources.keep(whole, before));
    store.artifacts.add(Buffer.from('more'));
    expect(value(store.sources.snapshot(whole))).toEqual(before);
    expect(store.artifacts.stamp(folder)).toBe(stamp);
    store.sources.place(before, join(folder, 'placed'));
    expect(readdirSync(join(folder, 'placed'))).toEqual(['poems']);
  });

  test('is read again where the note of an earlier reading is damaged', () => {
    const { store, source } = openWithPoems();
    const before = value(store.sources.snapshot(source));
    for (const text of ['', '{"files"', '[]', '{"files":{"a.txt":3}}', '\0\0\0']) {
      for (const note of notesOf(store)) writeFileSync(note, text);
      expect(value(localStore(store.location).sources.snapshot(source))).toEqual(before);
    }
  });

  test('that is missing is a problem with a hint', () => {
    const { store, source } = openWithPoems();
    const read = store.sources.snapshot({ ...source, path: join(source.path, 'no') });
    expect(read.ok ? [] : read.problems).toMatchObject([{ code: 'missing-source', hint: expect.any(String) }]);
  });
});

describe('the files of a source', () => {
  test('are read once as long as they stand as they did, and again where one is new or changed', () => {
    vi.mocked(stamping.isFresh).mockReturnValue(false);
    const { store, source } = openWithPoems();
    const read = (): void => void value(localStore(store.location).sources.snapshot(source));
    expect([readDuring(read), readDuring(read)]).toEqual([['a.txt', 'b.txt'], []]);
    const written = (): (readonly [number, string])[] => notesOf(store).map((note) => [lstatSync(note).ino, readFileSync(note, 'utf8')]);
    const before = written();
    read();
    expect(written()).toEqual(before);
    write(source.path, { 'c.txt': 'a third' });
    expect([readDuring(read), readDuring(read)]).toEqual([['c.txt'], []]);
    rmSync(join(source.path, 'c.txt'));
    read();
    expect(written().map(([, text]) => text)).toEqual(before.map(([, text]) => text));
    vi.mocked(stamping.isFresh).mockReset();
  });

  test('that were written just now are read each time: another writing could have the same stamp', () => {
    vi.mocked(stamping.isFresh).mockReturnValue(true);
    const { store, source } = openWithPoems();
    const read = (): void => void value(store.sources.snapshot(source));
    expect([readDuring(read), readDuring(read)]).toEqual([
      ['a.txt', 'b.txt'],
      ['a.txt', 'b.txt'],
    ]);
    vi.mocked(stamping.isFresh).mockReset();
  });

  test('must be such as can be kept: why not is said of the source', () => {
    const { store, source, folder } = openWithPoems();
    symlinkSync('/etc', join(source.path, 'link'));
    const message = `the source "poems" cannot be read: ${join(source.path, 'link')}: it is a link that leaves the folder`;
    const problem = { kind: 'pipeline', code: 'refused-file', message, hint: 'keep only plain files and folders there' };
    const hint = 'to read what links lead to: sources: { poems: { path: …, links: follow } }, or --follow-links';
    expect(store.sources.snapshot(source)).toEqual({ ok: false, problems: [{ ...problem, hint }] });
    const device = { name: 'zeros', path: '/dev/zero' };
    const why = 'the source "zeros" cannot be read: /dev/zero is neither a file nor a folder';
    expect(store.sources.snapshot(device)).toEqual({ ok: false, problems: [{ ...problem, message: why }] });
    const none = { name: 'none', path: join(folder, 'none') };
    expect(store.sources.snapshot(none)).toEqual({
      ok: false,
      problems: [{ kind: 'pipeline', code: 'missing-source', message: 'the source "none" does not exist', hint: `looked at ${none.path}` }],
    });
  });
});

describe('a source that is kept', () => {
  test('may be large only where that is asked for', () => {
    const { store, folder } = openWithPoems();
    const keep = (size: number, more: Partial<Source> = {}): boolean => {
      const source = { name: 'poem', path: join(folder, 'poems/a.txt'), ...more };
      return value(store.sources.keep(source, { ...value(store.sources.snapshot(source)), size }));
    };
    expect(keep(256 * 1024 * 1024 + 1)).toBe(false);
    expect(keep(256 * 1024 * 1024)).toBe(true);
    write(folder, { 'poems/a.txt': 'another one' });
    expect(keep(256 * 1024 * 1024 + 1, { keep: true })).toBe(true);
    expect(keep(256 * 1024 * 1024 + 1)).toBe(true);
    expect(readdirSync(join(store.location, 'scratch'))).toEqual([]);
  });

  test('is not kept where a file changed while it was read, which is named', async () => {
    const { store, source } = openWithPoems();
    const snapshot = value(store.sources.snapshot(source));
    const changed = (file: string) => ({
      ok: false,
      problems: [
        {
          kind: 'stage',
          code: 'source-changed',
          message: `the source "poems" changed while it was read: ${file}`,
          hint: 'run again when nobody writes to it',
        },
      ],
    });
    write(source.path, { 'a.txt': 'changed' });
    expect(store.sources.keep({ ...source, keep: true }, snapshot)).toEqual(changed(source.path));
    vi.mocked(stamping.isFresh).mockReturnValue(false);
    const read = value(store.sources.snapshot(source));
    vi.mocked(stamping.isFresh).mockReset();
    const hashed = vi.mocked(hashing.readHashed);
    const { readHashed } = await vi.importActual<typeof hashing>('../../src/files/hash.ts');
    for (const found of [sha256('another one'), undefined]) {
      hashed.mockImplementation((path, room) => (path.endsWith('b.txt') ? found : readHashed(path, room)));
      expect(store.sources.keep({ ...source, keep: true }, read)).toEqual(changed('below/b.txt'));
    }
    hashed.mockReset();
    expect(readdirSync(join(store.location, 'scratch'))).toEqual([]);
    expect(value(store.sources.keep({ ...source, keep: true }, read))).toBe(true);
  });

  test('is given from the store as it was, whatever becomes of its files', () => {
    const { store, folder, source } = openWithPoems({ keep: true });
    chmodSync(join(source.path, 'a.txt'), 0o755);
    const snapshot = value(store.sources.snapshot(source));
    expect(store.sources.kept(snapshot.digest)).toBeUndefined();
    expect(value(store.sources.keep(source, snapshot))).toBe(true);
    rmSync(source.path, { recursive: true });
    expect(store.sources.kept(snapshot.digest)).toEqual(snapshot);
    store.sources.place(snapshot, join(folder, 'placed'));
    expect(readFileSync(join(folder, 'placed/below/b.txt'), 'utf8')).toBe('another');
    expect(lstatSync(join(folder, 'placed/a.txt')).mode & 0o777).toBe(0o555);
  });

  test.each([5, 3 * 1024 * 1024, 40 * 1024 * 1024])('and is one file of %i bytes shares its blocks where the disk can', (size) => {
    const { store, folder } = open();
    for (const isShared of [true, false]) {
      const path = join(folder, `one-${isShared}.bin`);
      const bytes = Buffer.alloc(size, isShared ? 'a poem' : 'another');
      writeFileSync(path, bytes, { mode: 0o600 });
      const shared = vi.mocked(copies.clone).mockClear();
      shared.mockImplementationOnce((from, to) => {
        if (isShared) copyFileSync(from, to);
        return isShared;
      });
      const source: Source = { name: 'one', path, keep: true };
      const snapshot = value(store.sources.take(source));
      expect(shared.mock.calls.length).toBe(size > 1024 * 1024 ? 1 : 0);
      shared.mockReset();
      expect([snapshot.digest, snapshot.size, store.sources.isKept(snapshot.digest)]).toEqual([sha256(bytes), size, true]);
      writeFileSync(path, 'changed');
      expect(store.sources.place(snapshot, `${path}.placed`)).toBeDefined();
      expect(readFileSync(`${path}.placed`).equals(bytes)).toBe(true);
      expect(readdirSync(join(store.location, 'scratch'))).toEqual([]);
    }
  });

  test('is kept only if it may be, and only as it was read', () => {
    const { store, source } = openWithPoems({ keep: false });
    const snapshot = value(store.sources.snapshot(source));
    expect(value(store.sources.keep(source, snapshot))).toBe(false);
    write(source.path, { 'a.txt': 'changed' });
    const kept = store.sources.keep({ ...source, keep: true }, snapshot);
    expect(kept.ok ? [] : kept.problems).toMatchObject([{ code: 'source-changed' }]);
    expect(store.sources.kept(snapshot.digest)).toBeUndefined();
  });

  test('counts as not kept where its bytes or its note are damaged, and is kept anew', () => {
    const { store, folder } = openWithPoems();
    const source: Source = { name: 'poem', path: join(folder, 'poems/a.txt'), keep: true };
    const snapshot = value(store.sources.snapshot(source));
    value(store.sources.keep(source, snapshot));
    rot(store.location, sha256('a poem'));
    expect(store.sources.kept(snapshot.digest)).toBeUndefined();
    value(store.sources.keep(source, snapshot));
    writeFileSync(join(store.location, 'sources', `${snapshot.digest}.json`), '{"kind":"file"');
    expect(store.sources.kept(snapshot.digest)).toBeUndefined();
    value(store.sources.keep(source, snapshot));
    expect(store.sources.kept(snapshot.digest)).toEqual({ ...snapshot, suffix: '' });
  });
});

describe('a source that is taken to run with it', () => {
  test('is kept as it is read for the first time', () => {
    vi.mocked(stamping.isFresh).mockReturnValue(false);
    const { store, source } = openWithPoems();
    expect(readDuring(() => void value(store.sources.take(source)))).toEqual(['a.txt', 'b.txt']);
    const snapshot = value(store.sources.snapshot(source));
    expect(value(store.sources.take(source))).toEqual(snapshot);
    expect(store.sources.kept(snapshot.digest)).toEqual(snapshot);
    expect(value(store.sources.keep(source, snapshot))).toBe(true);
    expect(readdirSync(join(store.location, 'scratch'))).toEqual([]);
    vi.mocked(stamping.isFresh).mockReset();
  });

  test('is not kept as it is read where it may not be, was read before, or the system refuses it', () => {
    const { store, source } = openWithPoems();
    const taken = (one: Source): boolean => store.sources.kept(value(store.sources.take(one)).digest) !== undefined;
    expect(taken({ ...source, keep: false })).toBe(false);
    expect(taken(source)).toBe(false);
    const fresh = openWithPoems({ keep: true });
    write(fresh.store.location, { scratch: 'no folder' });
    expect(value(fresh.store.sources.take(fresh.source))).toEqual(value(store.sources.snapshot(source)));
    expect(() => fresh.store.sources.keep(fresh.source, value(fresh.store.sources.snapshot(fresh.source)))).toThrow('scratch');
  });

  test('is a problem where it is missing', () => {
    const { store, source } = openWithPoems();
    expect(store.sources.take({ ...source, path: join(source.path, 'no') })).toMatchObject({ problems: [{ code: 'missing-source' }] });
  });
});

describe('the note of a kept source', () => {
  /** A store with a kept folder, and how its note is replaced. */
  function kept() {
    const { store, source } = openWithPoems({ keep: true });
    const snapshot = value(store.sources.snapshot(source));
    value(store.sources.keep(source, snapshot));
    const file = join(store.location, 'sources', `${snapshot.digest}.json`);
    const { seal: _seal, ...note } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    return { store, snapshot, note, replace: (text: string) => writeFileSync(file, text) };
  }

  test('had no seal formerly, and was one line', () => {
    const { store, snapshot, note, replace } = kept();
    replace(JSON.stringify(note));
    expect(store.sources.kept(snapshot.digest)).toEqual(snapshot);
    replace(JSON.stringify(note, null, 1));
    expect(store.sources.kept(snapshot.digest)).toBeUndefined();
  });

  test.each<[string, object]>([
    ['no kind', { kind: 'link' }],
    ['no manifest', { manifest: 'a' }],
    ['no bytes', { pack: undefined }],
  ])('that says %s is none', (_, more) => {
    const { store, snapshot, note, replace } = kept();
    replace(JSON.stringify({ ...note, ...more }));
    expect([store.sources.kept(snapshot.digest), store.sources.place(snapshot, join(store.location, '../in'))]).toEqual([
      undefined,
      undefined,
    ]);
  });

  test.each(['manifest', 'pack'])('counts only while its %s is whole, and nothing is placed then', (part) => {
    const { store, snapshot, note } = kept();
    lose(store.location, String(note[part]));
    expect(store.sources.kept(snapshot.digest)).toBeUndefined();
    expect(store.sources.place(snapshot, join(store.location, '../in'))).toBeUndefined();
  });

  test('may be of a file that can be executed', () => {
    const { store, folder } = openWithPoems();
    const source: Source = { name: 'poem', path: join(folder, 'poems/a.txt'), keep: true };
    chmodSync(source.path, 0o755);
    const snapshot = value(store.sources.snapshot(source));
    value(store.sources.keep(source, snapshot));
    expect(store.sources.kept(snapshot.digest)).toEqual({ ...snapshot, suffix: '' });
    expect(store.sources.place(snapshot, join(folder, 'in'))).toBeDefined();
    expect(lstatSync(join(folder, 'in')).mode & 0o777).toBe(0o555);
  });

  test('leads to files larger than what is read at once, one after the other', () => {
    const { store, folder, source } = openWithPoems({ keep: true });
    const large = 'a poem '.repeat(400_000);
    write(source.path, { 'b.txt': large, 'c.txt': '' });
    const snapshot = value(store.sources.snapshot(source));
    value(store.sources.keep(source, snapshot));
    expect(store.sources.place(snapshot, join(folder, 'in'))).toBeDefined();
    const placed = ['a.txt', 'b.txt', 'below/b.txt', 'c.txt'].map(
      (path) => readFileSync(join(folder, 'in', path), 'utf8') === readFileSync(join(source.path, path), 'utf8'),
    );
    expect(placed).toEqual([true, true, true, true]);
    expect(lstatSync(join(folder, 'in/b.txt')).mode & 0o777).toBe(0o444);
  });
});

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { settle, tellsOfChanges } from '../../src/files/change-times.ts';
import { sha256 } from '../../src/model/canonical.ts';
import type { Artifact } from '../../src/model/artifact.ts';
import type { Store } from '../../src/model/store.ts';
import { settledStamp } from '../../src/stores/local/folders.ts';
import { openLocalStore } from '../../src/stores/local/store.ts';
import { write } from '../folders.ts';
import { bytesOf } from './remote-contract.ts';
import { open, value } from './stores.ts';
import { lose, rot } from '../stored.ts';

vi.mock('../../src/files/change-times.ts', { spy: true });

let store: Store;
let folder: string;
const at = (path: string): string => join(folder, path);

beforeEach(() => {
  ({ store, folder } = open());
  write(folder, { 'in/a.txt': 'a', 'in/below/b.txt': 'b', file: 'a' });
});

/** A copy of the folder `in` as an artifact. */
function collected(): Artifact {
  execFileSync('cp', ['-a', at('in'), at('copy')]);
  return value(store.artifacts.collect(at('copy'), 'dir', ''));
}

describe('what lies at a path', () => {
  test.each<[string, boolean, () => unknown]>([
    ['as it came', true, () => undefined],
    ['with other bytes', false, () => write(folder, { 'in/a.txt': 'b' })],
    ['with a bit', false, () => chmodSync(at('in/a.txt'), 0o755)],
    ['with a file more', false, () => write(folder, { 'in/more': '' })],
    ['with a file less', false, () => rmSync(at('in/a.txt'))],
    ['with an empty folder more', false, () => mkdirSync(at('in/empty'))],
    ['with what no artifact may hold', false, () => symlinkSync('/etc', at('in/link'))],
    ['gone', false, () => rmSync(at('in'), { recursive: true })],
    [
      'as a file',
      false,
      () => {
        rmSync(at('in'), { recursive: true });
        write(folder, { in: 'a' });
      },
    ],
  ])('%s is the folder that was given: %s', (_, same, change) => {
    const artifact = collected();
    change();
    expect(store.artifacts.isAt(at('in'), artifact)).toBe(same);
  });

  test('is a folder of the first format whatever its empty folders', () => {
    const former = value(openLocalStore(at('former'), 1));
    execFileSync('cp', ['-a', at('in'), at('copy')]);
    const artifact = value(former.artifacts.collect(at('copy'), 'dir', ''));
    mkdirSync(at('in/empty'));
    expect(former.artifacts.isAt(at('in'), artifact)).toBe(true);
  });

  test.each<[string, boolean, () => unknown]>([
    ['as it came', true, () => undefined],
    ['with other bytes', false, () => write(folder, { file: 'b' })],
    ['with a bit', false, () => chmodSync(at('file'), 0o755)],
    ['gone', false, () => rmSync(at('file'))],
    [
      'as a folder',
      false,
      () => {
        rmSync(at('file'));
        mkdirSync(at('file'));
      },
    ],
  ])('%s is the file that was given: %s', (_, same, change) => {
    change();
    expect(store.artifacts.isAt(at('file'), { kind: 'file', digest: sha256('a') })).toBe(same);
  });

  test('is an executable file only where that was given', () => {
    chmodSync(at('file'), 0o711);
    expect(store.artifacts.isAt(at('file'), { kind: 'file', digest: sha256('a'), executable: true })).toBe(true);
  });

  const links: readonly [string, boolean, string, () => unknown][] = [
    ['a file', false, 'file', () => undefined],
    ['a file with another name', true, 'file', () => linkSync(at('file'), at('other'))],
    ['a folder', false, 'in', () => undefined],
    ['a folder of which one file has another name', true, 'in', () => linkSync(at('in/below/b.txt'), at('other'))],
    ['nothing', false, 'none', () => undefined],
    ['a folder that no artifact may be', false, 'in', () => symlinkSync('/etc', at('in/link'))],
  ];

  test.each(links)('proves by how it stands what it holds, but for links where not all changes show: %s', (_, isLinked, path, change) => {
    const { artifacts } = store;
    for (const tells of [true, false]) {
      vi.mocked(tellsOfChanges).mockReturnValue(tells);
      if (tells) change();
      expect([artifacts.proves(artifacts.stamp(at(path))), artifacts.proves(settledStamp(at(path)))]).toEqual(
        Array(2).fill(tells || !isLinked),
      );
    }
  });

  test.each(links)('is settled where a file of it has another name: %s', (_, isLinked, path, change) => {
    change();
    vi.mocked(settle).mockClear();
    const stamp = settledStamp(at(path));
    expect(stamp).toBe(store.artifacts.stamp(at(path)));
    expect(vi.mocked(settle)).toHaveBeenCalledTimes(isLinked ? 1 : 0);
  });

  test.each<[string, () => unknown]>([
    ['another size', () => writeFileSync(at('in/a.txt'), 'longer')],
    ['another time of writing', () => utimesSync(at('in/below/b.txt'), 1, 1)],
    ['another name', () => renameSync(at('in/a.txt'), at('in/c.txt'))],
    ['another folder', () => renameSync(at('in/below'), at('in/above'))],
    ['an empty folder', () => mkdirSync(at('in/empty'))],
    ['one file less', () => rmSync(at('in/a.txt'))],
  ])('has a stamp that changes with %s', (_, change) => {
    const { artifacts } = store;
    const stamp = artifacts.stamp(at('in'));
    expect(artifacts.stamp(at('in'))).toBe(stamp);
    change();
    expect(artifacts.stamp(at('in'))).not.toBe(stamp);
  });

  test('has a stamp that tells where it is gone or refused', () => {
    const { artifacts } = store;
    expect(artifacts.stamp(at('file'))).toMatch(/^1:\d+:\d+:\d+$/);
    symlinkSync('/etc', at('in/link'));
    expect([artifacts.stamp(at('in')), artifacts.stamp(at('none'))]).toEqual(['refused', 'gone']);
  });
});

describe('a folder', () => {
  test('whose files are one file of several names is taken with all of them', () => {
    linkSync(at('in/a.txt'), at('in/same.txt'));
    linkSync(at('in/a.txt'), at('outside'));
    const artifact = value(store.artifacts.collect(at('in'), 'dir', ''));
    writeFileSync(at('outside'), 'changed');
    expect(store.artifacts.place(artifact, at('placed'))).toBeDefined();
    expect([readFileSync(at('placed/a.txt'), 'utf8'), readFileSync(at('placed/same.txt'), 'utf8')]).toEqual(['a', 'a']);
  });

  test('has a size, and a manifest in the order of bytes', () => {
    write(folder, { 'in/ä': 'ccc', 'in/B': '', 'in/below.txt': '' });
    const artifact = collected();
    expect([artifact.kind, artifact.size, artifact.suffix]).toEqual(['dir', 5, '']);
    const manifest = store.artifacts.manifest(artifact.digest);
    expect(manifest?.files.map(({ path }) => path)).toEqual(['B', 'a.txt', 'below.txt', 'below/b.txt', 'ä']);
    expect(manifest?.files[1]).toEqual({ path: 'a.txt', size: 1, digest: sha256('a'), executable: false });
  });

  test('is not placed where its manifest or one of its files is missing, and is broken then', () => {
    const artifact = collected();
    const { digest } = artifact;
    lose(store.location, sha256('b'));
    expect(store.artifacts.place(artifact, at('placed'))).toBeUndefined();
    expect(store.artifacts.broken({ model: artifact }, true)).toEqual([{ port: 'model', damage: 'missing' }]);
    lose(store.location, digest);
    expect(store.artifacts.place(artifact, at('again'))).toBeUndefined();
    expect(store.artifacts.manifest(digest)).toBeUndefined();
    expect(store.artifacts.broken({ one: artifact, two: { kind: 'file', digest: sha256('a') } }, true)).toEqual([
      { port: 'one', damage: 'missing' },
    ]);
  });

  test.each(['a', 'b'])('is broken whichever of its files is lost (%s)', (text) => {
    const artifact = collected();
    lose(store.location, sha256(text));
    expect(store.artifacts.broken({ model: artifact }, true)).toEqual([{ port: 'model', damage: 'missing' }]);
  });

  test('that is said to be what is no folder is not placed, and no error', () => {
    const digest = store.artifacts.add(Buffer.from('a poem'));
    expect(store.artifacts.place({ kind: 'dir', digest, size: 6, suffix: '' }, at('placed'))).toBeUndefined();
    expect(store.artifacts.broken({ model: { kind: 'dir', digest } })).toEqual([]);
  });

  test('is looked at again when something has been lost meanwhile, or thoroughly', () => {
    const artifact = collected();
    const other = store.artifacts.add(Buffer.from('other'));
    expect(store.artifacts.broken({ model: artifact })).toEqual([]);
    lose(store.location, sha256('b'));
    expect(store.artifacts.broken({ model: artifact })).toEqual([]);
    rot(store.location, other);
    expect(store.artifacts.read(other)).toBeUndefined();
    expect(store.artifacts.broken({ model: artifact })).toEqual([{ port: 'model', damage: 'missing' }]);
  });

  test.each([
    ['too deep in itself', 'd'.repeat(200), 17],
    ['not too deep', 'd'.repeat(200), 4],
  ])('that is %s', (what, name, depth) => {
    execFileSync('bash', ['-c', `cd ${at('in')}; for i in $(seq ${depth}); do mkdir ${name}; cd ${name}; done; echo > file`]);
    const made = store.artifacts.collect(at('in'), 'dir', '');
    execFileSync('rm', ['-rf', at('in')]);
    if (what === 'not too deep') expect(made.ok).toBe(true);
    else {
      const message = expect.stringContaining('it lies too deep: its path is longer than 3072 bytes');
      expect(made).toMatchObject({ ok: false, problems: [{ kind: 'stage', code: 'refused-file', message }] });
      expect(made.ok ? 0 : made.problems[0]?.message.length).toBeLessThan(300);
    }
  });

  test('with a link to a folder inside it is refused', () => {
    symlinkSync('below', at('in/link'));
    const made = store.artifacts.collect(at('in'), 'dir', '');
    const hint = 'put what the link leads to in its place';
    expect(made).toEqual({
      ok: false,
      problems: [{ kind: 'stage', code: 'refused-file', message: `${at('in/link')}: it is a link to a folder`, hint }],
    });
  });
});

describe('a manifest', () => {
  const entry = { path: 'a', size: 1, digest: 'a'.repeat(64), executable: false };
  const isRead = (...written: readonly object[]): boolean =>
    store.artifacts.manifest(store.artifacts.add(Buffer.from(JSON.stringify(written)))) !== undefined;

  test('holds files of any size, with any name', () => {
    expect(isRead(entry, { ...entry, path: '..a/.b/c..', size: 0, executable: true })).toBe(true);
    expect(isRead()).toBe(true);
  });

  test.each<[string, object]>([
    ['no path', { path: undefined }],
    ['a path of nothing', { path: '' }],
    ['a path upward', { path: 'a/../b' }],
    ['a path that stays', { path: './b' }],
    ['an absolute path', { path: '/b' }],
    ['a path with a zero', { path: 'b\0c' }],
    ['no size', { size: undefined }],
    ['half a byte', { size: 0.5 }],
    ['less than nothing', { size: -1 }],
    ['a size that is a text', { size: '1' }],
    ['another digest', { digest: 'A'.repeat(64) }],
    ['no word on its bit', { executable: undefined }],
  ])('of a file with %s is none', (_, more) => expect(isRead(entry, { ...entry, path: 'b', ...more })).toBe(false));

  test('holds no file below another, however deep, and no other thing as an empty folder', () => {
    expect(isRead({ ...entry, path: 'a/b' }, { ...entry, path: 'a/c/d' })).toBe(true);
    expect(isRead({ ...entry, path: 'a/b' }, { ...entry, path: 'a/b/c/d' })).toBe(false);
    const isFolder = (emptyFolders: readonly unknown[]): boolean =>
      store.artifacts.manifest(store.artifacts.add(Buffer.from(JSON.stringify({ files: [], emptyFolders })))) !== undefined;
    expect([isFolder(['b', 'a/c']), isFolder(['b', 1]), isFolder(['b', '../c'])]).toEqual([true, false, false]);
  });

  test('that is no JSON, or of other things, is none', () => {
    for (const text of ['', '[', '"a"', '[null]', '[1]', '{}', '{"files":[]}', '{"files":[],"emptyFolders":"a"}'])
      expect(store.artifacts.manifest(store.artifacts.add(Buffer.from(text)))).toBeUndefined();
  });
});

describe('content for others', () => {
  test('is its size and its bytes, where it is whole', async () => {
    const digest = store.artifacts.add(Buffer.from('a poem'));
    const payload = store.artifacts.payload(digest);
    expect([payload?.size, (await bytesOf(payload?.bytes()))?.toString()]).toEqual([6, 'a poem']);
    expect(store.artifacts.payload(sha256('none'))).toBeUndefined();
    expect(store.artifacts.readRange(sha256('none'), 0, 1)).toBeUndefined();
    const open = readdirSync('/proc/self/fd').length;
    expect(store.artifacts.readRange(digest, 2, 3)).toEqual(new Uint8Array(Buffer.from('poe')));
    expect(readdirSync('/proc/self/fd')).toHaveLength(open);
  });

  test('is received from others', async () => {
    const bytes = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('a poem');
    };
    expect(await store.artifacts.receive(sha256('a poem'), bytes(), 5)).toBe(false);
    expect(await store.artifacts.receive(sha256('a poem'), bytes(), 6)).toBe(true);
    expect(store.artifacts.payload(sha256('a poem'))?.size).toBe(6);
  });
});

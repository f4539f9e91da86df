import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canonicalJson, sha256 } from '../../src/model/canonical.ts';
import type { ManifestEntry } from '../../src/model/artifact.ts';
import { listFolder, manifestBytes, readManifest } from '../../src/stores/local/folders.ts';
import { holdsFiles, unpackFiles } from '../../src/stores/local/packed-files.ts';
import { emptyFolder, write } from '../folders.ts';
import { value } from './stores.ts';

/** Names whose order differs by characters and by bytes, and by whether a folder's name is taken with its slash. */
const NAMES = ['a/b', 'a.b', 'a-/c', 'a0', 'A', 'é', '\ufffd', '\uff5e', '😀', 'z/\ud7ff', 'z/😀', '"\n'];

const bytesOf = (path: string): Buffer => Buffer.from(path);

describe('a folder', () => {
  test('is listed in the order of the bytes of its paths', () => {
    const folder = emptyFolder();
    write(folder, Object.fromEntries(NAMES.map((name) => [name, name])));
    for (const empty of ['e.f', 'e', '😀e', '\uff5ee']) mkdirSync(join(folder, empty));
    const { files, emptyFolders } = value(listFolder(folder));
    const sorted = NAMES.toSorted((a, b) => Buffer.compare(bytesOf(a), bytesOf(b)));
    expect(files.map(({ path }) => path)).toEqual(sorted);
    expect(files.map(({ path }) => readFileSync(join(folder, path), 'utf8'))).toEqual(sorted);
    expect(emptyFolders).toEqual(['e', 'e.f', '\uff5ee', '😀e']);
    expect(value(listFolder(`${folder}/`)).files).toEqual(files);
  });

  test('is refused where a name is no UTF-8, also beside one that looks the same', () => {
    const folder = emptyFolder();
    write(folder, { 'in/\ufffd': '' });
    writeFileSync(Buffer.concat([bytesOf(`${folder}/in/`), Buffer.from([0xff])]), '');
    const listed = listFolder(folder);
    expect(listed.ok ? [] : listed.problems).toMatchObject([
      { message: expect.stringContaining('in/\ufffd: its name is not valid UTF-8') },
    ]);
  });

  test('has one stamp for each file, of 32 bytes', () => {
    const folder = emptyFolder();
    const names = Array.from({ length: 200 }, (_, index) => `f${index}`).sort();
    write(folder, Object.fromEntries(names.map((name) => [name, name])));
    const { stamps } = value(listFolder(folder));
    const expected = names.flatMap((name) => {
      const { size, ino, mtimeNs, ctimeNs } = lstatSync(join(folder, name), { bigint: true });
      return [size, ino, mtimeNs, ctimeNs];
    });
    expect(stamps).toEqual(BigInt64Array.from(expected));
  });
});

describe('a manifest', () => {
  const files = NAMES.map((path): ManifestEntry => ({ path, size: path.length, digest: sha256(path), executable: path === 'A' }));

  test.each([[[]], [['e', '"']]])('is written as canonical JSON has it, with the empty folders %j', (emptyFolders) => {
    const written = emptyFolders.length === 0 ? files : { files, emptyFolders };
    expect(manifestBytes({ files, emptyFolders }).toString()).toBe(canonicalJson(written));
    expect(readManifest(manifestBytes({ files, emptyFolders }))).toEqual({ files, emptyFolders });
  });
});

describe('a pack', () => {
  /** Files as a pack holds them, and what says so. */
  function packed(texts: readonly string[]): { readonly pack: string; readonly entries: ManifestEntry[]; readonly folder: string } {
    const folder = emptyFolder();
    const pack = join(folder, 'pack');
    writeFileSync(pack, texts.join(''));
    const entries = texts.map((text, index) => ({
      path: `below/f${index}`,
      size: text.length,
      digest: sha256(text),
      executable: index % 2 === 1,
    }));
    return { pack, entries, folder };
  }

  const MiB = 1024 * 1024;

  test('is taken apart, wherever its files begin and end', () => {
    const texts = ['a'.repeat(MiB - 3), 'poem', '', 'b'.repeat(3 * MiB), 'c', 'd'.repeat(MiB), ''];
    const { pack, entries, folder } = packed(texts);
    mkdirSync(join(folder, 'in'));
    expect(unpackFiles({ path: pack, offset: 0, size: 0 }, entries, join(folder, 'in'))).toBeDefined();
    expect(
      entries.map(({ path }) => readFileSync(join(folder, 'in', path), 'utf8') === texts[entries.findIndex((one) => one.path === path)]),
    ).toEqual(texts.map(() => true));
  });

  test.each([0o022, 0o077, 0o777])('gives files that all may read, though the process makes them with less: %o', (umask) => {
    const { pack, entries, folder } = packed(['a', 'b', 'c', 'd']);
    mkdirSync(join(folder, 'in', 'below'), { recursive: true });
    const before = process.umask(umask);
    try {
      expect(unpackFiles({ path: pack, offset: 0, size: 0 }, entries, join(folder, 'in'))).toBeDefined();
    } finally {
      process.umask(before);
    }
    expect(entries.map(({ path }) => lstatSync(join(folder, 'in', path)).mode & 0o777)).toEqual([0o444, 0o555, 0o444, 0o555]);
  });

  test.each<[string, (pack: string) => void, boolean]>([
    ['as it was', () => undefined, true],
    ['with another byte', (pack) => writeFileSync(pack, 'aXc'), false],
    ['with a byte less', (pack) => writeFileSync(pack, 'ab'), false],
  ])('that is %s is looked at: %s', (_, change, isWhole) => {
    const { pack, entries, folder } = packed(['a', 'b', 'c']);
    change(pack);
    expect(holdsFiles({ path: pack, offset: 0, size: 0 }, entries)).toBe(isWhole);
    expect(readdirSync(folder)).toEqual(['pack']);
  });

  test('may lie within another file', () => {
    const { pack, entries, folder } = packed(['a', 'b', 'c']);
    writeFileSync(join(folder, 'around'), `xyz${readFileSync(pack, 'utf8')}more`);
    expect(holdsFiles({ path: join(folder, 'around'), offset: 3, size: 3 }, entries)).toBe(true);
    expect(holdsFiles({ path: join(folder, 'around'), offset: 2, size: 3 }, entries)).toBe(false);
  });
});

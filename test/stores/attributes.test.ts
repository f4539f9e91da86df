import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Manifest } from '../../src/model/artifact.ts';
import type { Source } from '../../src/model/pipeline.ts';
import type { Outcome } from '../../src/model/problem.ts';
import type { Store } from '../../src/model/store.ts';
import { openLocalStore } from '../../src/stores/local/store.ts';
import { emptyFolder, write } from '../folders.ts';

let folder: string;
let store: Store;

function value<Value>(outcome: Outcome<Value>): Value {
  if (!outcome.ok) throw new Error(outcome.problems[0]?.message);
  return outcome.value;
}

beforeEach(() => {
  folder = emptyFolder();
  store = value(openLocalStore(join(folder, 'artifacts')));
});

const mode = (path: string): string => (lstatSync(join(folder, path)).mode & 0o777).toString(8);

/** A folder with empty ones in it, and without them. */
function makeTree(path: string, { withEmpty }: { readonly withEmpty: boolean }): string {
  const root = join(folder, path);
  write(root, { 'conf.txt': 'a\n', 'bin/tool': '#!/bin/sh\n' });
  chmodSync(join(root, 'bin/tool'), 0o755);
  for (const one of withEmpty ? ['logs', 'check/points', 'bin/empty', 'a'] : []) mkdirSync(join(root, one), { recursive: true });
  return root;
}

const everything = (path: string): string[] => readdirSync(join(folder, path), { recursive: true }).map(String).sort();

describe('an output', () => {
  test('that is an executable file stays one; its digest is that of its bytes', () => {
    write(folder, { plain: 'x', tool: 'x' });
    chmodSync(join(folder, 'tool'), 0o710);
    const plain = value(store.artifacts.collect(join(folder, 'plain'), 'file', ''));
    const tool = value(store.artifacts.collect(join(folder, 'tool'), 'file', ''));
    expect(plain).toEqual({ kind: 'file', digest: tool.digest, size: 1, suffix: '' });
    expect(tool).toEqual({ ...plain, executable: true });
    store.artifacts.place(plain, join(folder, 'in/plain'));
    store.artifacts.place(tool, join(folder, 'in/tool'));
    expect([mode('in/plain'), mode('in/tool')]).toEqual(['444', '555']);
  });

  test('keeps its empty folders; without any its manifest is what it always was', () => {
    const without = value(store.artifacts.collect(makeTree('one', { withEmpty: false }), 'dir', ''));
    const withEmpty = value(store.artifacts.collect(makeTree('two', { withEmpty: true }), 'dir', ''));
    expect(without.digest).toBe('4525996fa0a583e0b80759d948bcf9d38de11133d53002d52941c9fbbb364011');
    expect(withEmpty.digest).not.toBe(without.digest);
    expect(store.artifacts.manifest(withEmpty.digest)?.emptyFolders).toEqual(['a', 'bin/empty', 'check/points', 'logs']);
    store.artifacts.place(withEmpty, join(folder, 'in'));
    expect(everything('in')).toEqual(['a', 'bin', 'bin/empty', 'bin/tool', 'check', 'check/points', 'conf.txt', 'logs']);
    expect(mode('in/bin/tool')).toBe('555');
  });

  test('that is nothing but an empty folder is one', () => {
    mkdirSync(join(folder, 'out'));
    const artifact = value(store.artifacts.collect(join(folder, 'out'), 'dir', ''));
    store.artifacts.place(artifact, join(folder, 'in'));
    expect(everything('in')).toEqual([]);
  });

  test('is taken in by a store of the first format as it was then', () => {
    const former = value(openLocalStore(join(folder, 'former'), 1));
    write(folder, { tool: 'x' });
    chmodSync(join(folder, 'tool'), 0o755);
    expect(value(former.artifacts.collect(join(folder, 'tool'), 'file', '')).executable).toBeUndefined();
    const one = value(former.artifacts.collect(makeTree('one', { withEmpty: true }), 'dir', ''));
    const two = value(store.artifacts.collect(makeTree('two', { withEmpty: false }), 'dir', ''));
    expect(one.digest).toBe(two.digest);
  });

  test('is published anew when only its executable bit changed', () => {
    const publish = (bits: number): string => {
      write(folder, { tool: 'x' });
      chmodSync(join(folder, 'tool'), bits);
      const tool = value(store.artifacts.collect(join(folder, 'tool'), 'file', ''));
      return store.published.outputs('p', new Map([['build', new Map([['tool', tool]])]])).paths.get('build.tool') ?? '';
    };
    for (const bits of [0o644, 0o755, 0o644]) expect(lstatSync(publish(bits)).mode & 0o111).toBe(bits & 0o111);
  });
});

describe('a note of how files stand', () => {
  test.each<[string, (at: string) => void]>([
    ['an empty folder more', (at) => mkdirSync(join(at, 'bin/new'))],
    ['an empty folder less', (at) => rmSync(join(at, 'logs'), { recursive: true })],
    ['a bit', (at) => chmodSync(join(at, 'conf.txt'), 0o755)],
  ])('changes with %s', (_, change) => {
    const at = makeTree('in', { withEmpty: true });
    const before = store.artifacts.stamp(at);
    expect(store.artifacts.stamp(at)).toBe(before);
    change(at);
    expect(store.artifacts.stamp(at)).not.toBe(before);
  });
});

describe('a source', () => {
  const source = (path: string): Source => ({ name: path, path: join(folder, path), keep: true });

  test('is kept with its empty folders, which count', () => {
    makeTree('one', { withEmpty: false });
    makeTree('two', { withEmpty: true });
    const [one, two] = ['one', 'two'].map((path) => value(store.sources.snapshot(source(path))));
    if (one === undefined || two === undefined) throw new Error('no snapshots');
    expect(one.digest).not.toBe(two.digest);
    expect(value(store.sources.snapshot(source('two'), 1)).digest).toBe(one.digest);
    expect(value(store.sources.keep(source('two'), two))).toBe(true);
    store.sources.place(two, join(folder, 'in'));
    expect(everything('in')).toEqual(everything('two'));
    expect(store.sources.kept(two.digest)).toEqual(two);
  });

  test('that is a file is given with its own bit, whoever kept the same bytes before', () => {
    write(folder, { plain: 'x', tool: 'x' });
    chmodSync(join(folder, 'tool'), 0o755);
    const [plain, tool] = ['plain', 'tool'].map((path) => value(store.sources.snapshot(source(path))));
    if (plain === undefined || tool === undefined) throw new Error('no snapshots');
    expect(tool).toEqual({ ...plain, executable: true });
    expect(value(store.sources.keep(source('plain'), plain)) && value(store.sources.keep(source('tool'), tool))).toBe(true);
    store.sources.place(plain, join(folder, 'in/plain'));
    store.sources.place(tool, join(folder, 'in/tool'));
    expect([mode('in/plain'), mode('in/tool')]).toEqual(['444', '555']);
  });

  test('that is made executable counts as changed, though its bytes and times are the same', () => {
    write(folder, { tool: 'x' });
    const before = value(store.sources.snapshot(source('tool')));
    chmodSync(join(folder, 'tool'), 0o755);
    expect(value(store.sources.snapshot(source('tool')))).toEqual({ ...before, executable: true });
  });
});

describe('a manifest', () => {
  const entry = (path: string): object => ({ path, size: 1, digest: 'a'.repeat(64), executable: false });
  const read = (written: unknown): Manifest | undefined =>
    store.artifacts.manifest(store.artifacts.add(Buffer.from(JSON.stringify(written))));

  test('is read in both forms', () => {
    expect(read([entry('a')])).toEqual({ files: [entry('a')], emptyFolders: [] });
    expect(read({ files: [], emptyFolders: ['a', 'b/c'] })).toEqual({ files: [], emptyFolders: ['a', 'b/c'] });
  });

  test.each<[string, unknown]>([
    ['no manifest', { files: 1 }],
    ['null', null],
    ['a folder upward', { files: [], emptyFolders: ['../a'] }],
    ['an absolute folder', { files: [], emptyFolders: ['/a'] }],
    ['the folder itself', { files: [], emptyFolders: [''] }],
    ['a folder that is no text', { files: [], emptyFolders: [1] }],
    ['a folder twice', { files: [], emptyFolders: ['a', 'a'] }],
    ['a folder that is a file', { files: [entry('a')], emptyFolders: ['a'] }],
    ['a folder that is not empty', { files: [entry('a/b')], emptyFolders: ['a'] }],
    ['a folder in an empty one', { files: [], emptyFolders: ['a', 'a/b'] }],
    ['a folder below a file', { files: [entry('a')], emptyFolders: ['a/b'] }],
    ['a file below a file', [entry('a'), entry('a/b')]],
  ])('with %s is refused', (_, written) => {
    expect(read(written)).toBeUndefined();
  });

  test('gives back what any folder holds', () => {
    const name = fc.constantFrom('a', 'b', 'ü', ' ', 'a.b');
    const paths = fc.uniqueArray(
      fc.array(name, { minLength: 1, maxLength: 3 }).map((steps) => steps.join('/')),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(paths, paths, (files, folders) => {
        const at = join(emptyFolder(), 'tree');
        mkdirSync(at);
        for (const one of folders) mkdirSync(join(at, one), { recursive: true });
        for (const one of files) {
          try {
            write(at, { [one]: one });
          } catch {
            // A folder stands there.
          }
        }
        const list = (from: string): string[] =>
          readdirSync(from, { recursive: true, withFileTypes: true })
            .map(
              (one) =>
                join(one.parentPath, one.name).slice(from.length) +
                (one.isFile() ? `=${readFileSync(join(one.parentPath, one.name), 'utf8')}` : '/'),
            )
            .sort();
        const before = list(at);
        const artifact = value(store.artifacts.collect(at, 'dir', ''));
        const to = join(emptyFolder(), 'in');
        store.artifacts.place(artifact, to);
        expect(list(to)).toEqual(before);
      }),
      { numRuns: 20 },
    );
  });
});

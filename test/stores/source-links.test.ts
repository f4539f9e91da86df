import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Source } from '../../src/model/pipeline.ts';
import type { Snapshot, Store } from '../../src/model/store.ts';
import { localStore } from '../../src/stores/local/store.ts';
import { emptyFolder, write } from '../folders.ts';
import { open, value } from './stores.ts';

/** A store beside a folder of pictures that is made of links to a cache, as data tools leave them. */
function openLinked(more: Partial<Source> = {}): { store: Store; folder: string; source: Source } {
  const { store } = open();
  const folder = emptyFolder();
  write(folder, { 'cache/ab/1': 'one', 'cache/dogs/2.png': 'two', 'cache/dogs/deep/3.png': 'three', 'pictures/plain.png': 'plain' });
  mkdirSync(join(folder, 'pictures/cat'));
  symlinkSync('../../cache/ab/1', join(folder, 'pictures/cat/1.png'));
  symlinkSync(join(folder, 'cache/dogs'), join(folder, 'pictures/dog'));
  return { store, folder, source: { name: 'pictures', path: join(folder, 'pictures'), links: 'follow', ...more } };
}

const read = (store: Store, source: Source): Snapshot => value(store.sources.snapshot(source));
const again = (store: Store, source: Source): Snapshot => read(localStore(store.location), source);

function problemOf(store: Store, source: Source): readonly (string | undefined)[] {
  const taken = store.sources.snapshot(source);
  return taken.ok ? [] : taken.problems.flatMap(({ message, hint }) => [message, hint]);
}

describe('a source whose links are followed', () => {
  test('is what they lead to: the same as a copy of it', () => {
    const { store, folder, source } = openLinked();
    write(folder, { 'copy/cat/1.png': 'one', 'copy/dog/2.png': 'two', 'copy/dog/deep/3.png': 'three', 'copy/plain.png': 'plain' });
    expect(read(store, source)).toEqual(read(store, { name: 'copy', path: join(folder, 'copy') }));
    rmSync(join(folder, 'copy'), { recursive: true });
    mkdirSync(join(folder, 'copy'));
    symlinkSync('../pictures', join(folder, 'copy/all'));
    expect(read(store, { ...source, path: join(folder, 'copy') }).size).toBe('onetwothreeplain'.length);
  });

  test('has another digest once what a link leads to has changed, or a link leads elsewhere', () => {
    const { store, folder, source } = openLinked();
    const before = read(store, source);
    writeFileSync(join(folder, 'cache/ab/1'), 'uno');
    const changed = again(store, source);
    expect(changed.digest).not.toBe(before.digest);
    write(folder, { 'cache/ab/other': 'one' });
    rmSync(join(source.path, 'cat/1.png'));
    symlinkSync('../../cache/ab/other', join(source.path, 'cat/1.png'));
    expect(again(store, source).digest).toBe(before.digest);
    renameSync(join(folder, 'cache/dogs/2.png'), join(folder, 'cache/dogs/4.png'));
    expect(again(store, source).digest).not.toBe(before.digest);
  });

  test('is kept whatever its size and given as plain files: where it lies there are links', () => {
    const { store, folder, source } = openLinked();
    const snapshot = read(store, source);
    const large = { ...snapshot, size: 300 * 1024 * 1024 };
    expect(value(store.sources.keep(source, large))).toBe(true);
    rmSync(join(folder, 'cache'), { recursive: true });
    expect(store.sources.place(snapshot, join(folder, 'placed'))).toBeDefined();
    expect(readdirSync(join(folder, 'placed/dog/deep'), { withFileTypes: true }).map((entry) => entry.isFile())).toEqual([true]);
    expect(readFileSync(join(folder, 'placed/cat/1.png'), 'utf8')).toBe('one');
  });

  test('is like any other where there is no such link', () => {
    const { store, folder } = openLinked();
    const source: Source = { name: 'cache', path: join(folder, 'cache'), links: 'follow' };
    const snapshot = read(store, { ...source, keep: false });
    expect(value(store.sources.keep(source, { ...snapshot, size: 300 * 1024 * 1024 }))).toBe(false);
  });

  test('is refused where it must not be kept, or a link leads to nothing, to no file, or in a circle', () => {
    const { store, folder, source } = openLinked();
    expect(problemOf(store, { ...source, keep: false })).toEqual([
      'the source "pictures" cannot be read: its links are followed, so it has to be kept, and it says keep: false',
      'leave keep: false out, or name the folder that the links lead to',
    ]);
    const refused = (target: string): string => {
      const link = join(source.path, 'zzz');
      symlinkSync(target, link);
      const [message = ''] = problemOf(store, source);
      rmSync(link);
      return message.slice(`the source "pictures" cannot be read: ${link}: `.length);
    };
    expect(refused('nowhere')).toBe(`it is a link to nothing (${join(source.path, 'nowhere')})`);
    expect(refused('/dev/null')).toBe('it leads to neither a file nor a folder');
    expect(refused('..')).toBe(`it is a link to ${folder}, in which it lies itself: it would never end`);
    symlinkSync('../../pictures', join(folder, 'cache/dogs/back'));
    expect(problemOf(store, source)[0]).toContain(`dog/back: it is a link to ${source.path}, in which it lies itself`);
  });
});

test('a source whose links are not followed says how they would be', () => {
  const { store, source } = openLinked();
  const { links: _links, ...plain } = source;
  expect(problemOf(store, plain)).toEqual([
    `the source "pictures" cannot be read: ${join(source.path, 'cat/1.png')}: it is a link that leaves the folder`,
    'to read what links lead to: sources: { pictures: { path: …, links: follow } }, or --follow-links',
  ]);
});

test('a source that is the project itself is without the store and version control, however it is reached', () => {
  const { store, folder } = open();
  write(folder, {
    'a.txt': 'a',
    'node_modules/b/index.js': 'b',
    '.git/HEAD': 'ref',
    'vendor/c/.git': 'gitdir: elsewhere',
    'vendor/c/x': 'x',
  });
  const project: Source = { name: 'project', path: folder };
  const before = read(store, project);
  value(store.sources.keep(project, before));
  write(folder, { '.git/HEAD': 'another', '.git/index': 'more' });
  store.artifacts.add(Buffer.from('more'));
  expect(again(store, project)).toEqual(before);
  const link = join(emptyFolder(), 'link');
  symlinkSync(folder, link);
  expect(again(store, { ...project, path: link })).toEqual(before);
  const within = emptyFolder();
  symlinkSync(folder, join(within, 'project'));
  expect(again(store, { ...project, path: within, links: 'follow' }).size).toBe(before.size);
  store.sources.place(before, join(within, 'placed'));
  expect(readdirSync(join(within, 'placed'), { recursive: true }).sort()).toEqual([
    'a.txt',
    'node_modules',
    'node_modules/b',
    'node_modules/b/index.js',
    'vendor',
    'vendor/c',
    'vendor/c/x',
  ]);
  write(folder, { 'node_modules/b/index.js': 'B' });
  expect(again(store, project).digest).not.toBe(before.digest);
});

import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { Artifact } from '../../src/model/artifact.ts';
import { sha256 } from '../../src/model/canonical.ts';
import { localStore } from '../../src/stores/local/store.ts';
import { emptyFolder, write } from '../folders.ts';
import { collect, open, value } from './stores.ts';
import { looseBlob, rot, storedBytes } from '../stored.ts';

describe('blobs', () => {
  test('are named by the SHA-256 of their content; large ones are read-only files', () => {
    const { store } = open();
    const digest = store.artifacts.add(Buffer.from('a poem'));
    expect(digest).toBe(sha256('a poem'));
    expect(storedBytes(store.location, digest)?.toString()).toBe('a poem');
    const large = 'large '.repeat(20_000);
    const folder = value(collect(store, { 'a.txt': 'a poem', 'below/b.txt': large }));
    expect(lstatSync(looseBlob(store.location, sha256(large))).mode & 0o222).toBe(0);
    expect(folder.size).toBe('a poem'.length + large.length);
  });

  test('are handed out as files of their own: writing there changes nothing in the store', () => {
    const { store, folder } = open();
    const artifact = value(collect(store, { 'a.txt': 'a poem' }));
    store.artifacts.place(artifact, join(folder, 'in'));
    const stamp = store.artifacts.stamp(join(folder, 'in'));
    expect(lstatSync(join(folder, 'in/a.txt')).mode & 0o222).toBe(0);
    chmodSync(join(folder, 'in/a.txt'), 0o644);
    writeFileSync(join(folder, 'in/a.txt'), 'another');
    expect(store.artifacts.stamp(join(folder, 'in'))).not.toBe(stamp);
    expect(store.artifacts.broken({ model: artifact })).toEqual([]);
    expect(storedBytes(store.location, sha256('a poem'))?.toString()).toBe('a poem');
  });

  test('that are damaged go to quarantine, and their ports are broken; the same bytes heal them', () => {
    const { store } = open();
    const artifact = value(collect(store, { 'a.txt': 'a poem' }));
    store.flush();
    rot(store.location, sha256('a poem'));
    const later = localStore(store.location);
    expect(later.artifacts.broken({ model: artifact })).toEqual([{ port: 'model', damage: 'damaged' }]);
    expect(storedBytes(store.location, sha256('a poem'))).toBeUndefined();
    expect(readdirSync(join(store.location, 'quarantine'))).toHaveLength(1);
    expect(localStore(store.location).artifacts.broken({ model: artifact })).toEqual([{ port: 'model', damage: 'missing' }]);
    const healing = localStore(store.location);
    expect(value(collect(healing, { 'a.txt': 'a poem' }))).toEqual(artifact);
    expect(healing.artifacts.broken({ model: artifact })).toEqual([]);
  });

  test('are read in parts: so many bytes, fewer at the end, and nothing of what is damaged', () => {
    const { store } = open();
    const digest = store.artifacts.add(Buffer.from('a poem'));
    const part = (offset: number, length: number): string | undefined => {
      const bytes = store.artifacts.readRange(digest, offset, length);
      return bytes === undefined ? undefined : Buffer.from(bytes).toString();
    };
    expect([part(2, 3), part(4, 100), part(100, 1)]).toEqual(['poe', 'em', '']);
    rot(store.location, digest);
    expect([part(2, 3), store.artifacts.payload(digest), store.artifacts.read(digest)]).toEqual([undefined, undefined, undefined]);
  });
});

test('how small content stands is told without looking into it, and which content lies apart from that', async () => {
  const { store } = open();
  const large = 'large '.repeat(20_000);
  const artifact = value(collect(store, { 'a.txt': 'a poem', 'b.txt': large }));
  expect([store.artifacts.apart({ artifact }), localStore(store.location).artifacts.apart({ artifact })]).toEqual([
    [sha256(large)],
    [sha256(large)],
  ]);
  // Stamps of just now are not trusted.
  const standing = (): Promise<string> => vi.waitFor(() => store.standing() || Promise.reject(new Error('fresh')));
  const before = await standing();
  store.flush();
  expect([store.standing(), localStore(store.location).standing()]).toEqual([before, before]);
  store.artifacts.add(Buffer.from('another'));
  const added = await standing();
  expect(added).not.toBe(before);
  rot(store.location, sha256('a poem'));
  expect(store.standing()).not.toBe(added);
});

describe('a folder as an artifact', () => {
  test('has one digest whatever the umask, the times and the order of writing', () => {
    const { store } = open();
    const make = (umask: string, names: readonly string[]): Artifact => {
      const folder = join(emptyFolder(), 'model');
      const script = names.map((name) => `mkdir -p "$(dirname ${name})"; echo ${name} > ${name}`).join('; ');
      execFileSync('bash', ['-c', `umask ${umask}; mkdir ${folder}; cd ${folder}; ${script}; chmod u+x run.sh`]);
      return value(store.artifacts.collect(folder, 'dir', ''));
    };
    const names = ['b.txt', 'a/z.txt', 'run.sh', 'ä.txt'];
    expect(make('077', names)).toEqual(make('000', names.toReversed()));
  });

  test('differs where a path, a byte or the executable bit does', () => {
    const { store } = open();
    const plain = value(collect(store, { 'a.txt': 'a' }));
    expect(value(collect(store, { 'b.txt': 'a' })).digest).not.toBe(plain.digest);
    expect(value(collect(store, { 'a.txt': 'b' })).digest).not.toBe(plain.digest);
    const folder = join(emptyFolder(), 'model');
    write(folder, { 'a.txt': 'a' });
    chmodSync(join(folder, 'a.txt'), 0o755);
    const executable = value(store.artifacts.collect(folder, 'dir', ''));
    expect(executable.digest).not.toBe(plain.digest);
    store.artifacts.place(executable, join(folder, 'placed'));
    expect(lstatSync(join(folder, 'placed/a.txt')).mode & 0o777).toBe(0o555);
  });

  const refuse = async (message: string, make: (folder: string) => unknown): Promise<void> => {
    const { store } = open();
    const folder = join(emptyFolder(), 'model');
    mkdirSync(join(folder, 'below'), { recursive: true });
    write(folder, { 'a.txt': 'a' });
    await make(folder);
    const collected = store.artifacts.collect(folder, 'dir', '');
    expect(collected.ok).toBe(false);
    expect(collected.ok ? [] : collected.problems).toMatchObject([{ code: 'refused-file', hint: expect.any(String) }]);
    expect(collected.ok ? '' : collected.problems[0]?.message).toContain(message);
    const read = store.sources.snapshot({ name: 'images', path: folder });
    expect(read.ok ? [] : read.problems).toMatchObject([{ kind: 'pipeline', code: 'refused-file' }]);
    expect(read.ok ? '' : read.problems[0]?.message).toContain('the source "images"');
  };

  test('is refused with a link that leaves it', () =>
    refuse('leaves the folder', (folder) => symlinkSync('../../secret', join(folder, 'below/link'))));
  test('is refused with an absolute link elsewhere', () =>
    refuse('leaves the folder', (folder) => symlinkSync('/etc/passwd', join(folder, 'link'))));
  test('is refused with a link through a link that leaves it', () =>
    refuse('', (folder) => {
      symlinkSync('/etc', join(folder, 'below/etc'));
      symlinkSync('below/etc/passwd', join(folder, 'link'));
    }));
  test('is taken with a link to a name that begins with two dots', () => {
    const { store } = open();
    const folder = join(emptyFolder(), 'model');
    write(folder, { '..data': 'kept' });
    symlinkSync('..data', join(folder, 'link'));
    const collected = store.artifacts.collect(folder, 'dir', '');
    const { digest } = collected.ok ? collected.value : { digest: '' };
    expect(store.artifacts.manifest(digest)?.files.map(({ path }) => path)).toEqual(['..data', 'link']);
  });
  test('is refused with a link to nothing', () => refuse('link to nothing', (folder) => symlinkSync('nowhere', join(folder, 'link'))));
  test('is refused with a link to itself', () => refuse('', (folder) => symlinkSync('link', join(folder, 'link'))));
  test('is refused with a name that is not UTF-8', () =>
    refuse('not valid UTF-8', (folder) => writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x61, 0xff])]), 'x')));
  test('is refused with a named pipe', () =>
    refuse('neither a file nor a folder', (folder) => execFileSync('bash', ['-c', `mkfifo ${folder}/pipe`])));
  test('is no source if it is a named pipe itself, which nobody may ever write', () => {
    const { store, folder } = open();
    execFileSync('bash', ['-c', `mkfifo ${folder}/pipe`]);
    const read = store.sources.snapshot({ name: 'images', path: join(folder, 'pipe') });
    expect(read.ok ? [] : read.problems).toMatchObject([{ code: 'refused-file' }]);
  });
  test('is refused with a socket', async () => {
    const server = createServer();
    await refuse(
      'neither a file nor a folder',
      (folder) => new Promise<void>((resolve) => server.listen(join(folder, 'socket'), () => resolve())),
    );
    server.close();
  });

  test('takes a link that stays inside as the file it leads to', () => {
    const { store, folder } = open();
    const made = join(emptyFolder(), 'model');
    write(made, { 'a.txt': 'a poem' });
    symlinkSync('a.txt', join(made, 'link.txt'));
    symlinkSync('a.txt', join(made, '0.txt'));
    store.artifacts.place(value(store.artifacts.collect(made, 'dir', '')), join(folder, 'in'));
    expect(lstatSync(join(folder, 'in/link.txt')).isFile()).toBe(true);
    expect(readFileSync(join(folder, 'in/link.txt'), 'utf8')).toBe('a poem');
    expect(lstatSync(join(folder, 'in/0.txt')).isFile()).toBe(true);
    expect(readFileSync(join(folder, 'in/a.txt'), 'utf8')).toBe('a poem');
  });
});

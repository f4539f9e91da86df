import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { sha256 } from '../../src/model/canonical.ts';
import { LooseBlobs } from '../../src/stores/local/loose-blobs.ts';
import { StampBook } from '../../src/stores/local/stamps.ts';
import { emptyFolder, sharesBlocks, write } from '../folders.ts';
import { bytesOf } from './remote-contract.ts';
import { damage } from './stores.ts';

/** What was synced, by its path at that time. */
const synced = vi.hoisted((): string[] => []);

/** Why the system refuses to link files, if it does. */
const refusal = vi.hoisted((): { code?: string } => ({}));

vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  const fsyncSync = (descriptor: number): void => {
    synced.push(real.readlinkSync(`/proc/self/fd/${descriptor}`));
    real.fsyncSync(descriptor);
  };
  const linkSync: typeof real.linkSync = (from, to) => {
    if (refusal.code !== undefined) throw Object.assign(new Error('refused'), { code: refusal.code });
    real.linkSync(from, to);
  };
  return { ...real, fsyncSync, linkSync };
});

let root: string;
let blobs: LooseBlobs;

const opened = (): LooseBlobs => new LooseBlobs(root, new StampBook(join(root, 'index/blobs')));
const poem = Buffer.from('a poem');
const digest = sha256('a poem');
/** Writes bytes where they are not there yet. */
const add = (bytes: Uint8Array, to = blobs): string => {
  if (!to.has(sha256(bytes))) to.write(sha256(bytes), bytes);
  return sha256(bytes);
};
const mode = (path: string): number => lstatSync(path).mode & 0o777;
const namesIn = (folder: string): string[] => (existsSync(join(root, folder)) ? readdirSync(join(root, folder)) : []);
const text = (bytes: Uint8Array | undefined): string | undefined => (bytes === undefined ? undefined : Buffer.from(bytes).toString());

async function* pieces(...parts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

/** A file to be taken. */
function file(content = 'a poem'): string {
  const folder = emptyFolder();
  write(folder, { out: content });
  return join(folder, 'out');
}

beforeEach(() => {
  root = emptyFolder();
  blobs = opened();
  synced.length = 0;
});

describe('content', () => {
  test('stands in a read-only file by its digest, written once', () => {
    expect([blobs.state(digest), blobs.size(digest), text(blobs.read(digest)), blobs.isProven(digest)]).toEqual([
      'missing',
      0,
      undefined,
      false,
    ]);
    expect(add(poem)).toBe(digest);
    const path = join(root, 'blobs', digest.slice(0, 2), digest.slice(2));
    expect([blobs.path(digest), mode(path)]).toEqual([path, 0o444]);
    expect([blobs.state(digest), blobs.size(digest), text(blobs.read(digest)), blobs.isProven(digest)]).toEqual([
      'whole',
      6,
      'a poem',
      true,
    ]);
    const { ino } = lstatSync(path);
    add(poem);
    expect([lstatSync(path).ino, blobs.losses]).toEqual([ino, 0]);
  });

  test('that is damaged goes to quarantine and is counted, and is written anew', () => {
    add(poem);
    damage(blobs.path(digest));
    expect([blobs.state(digest), blobs.state(digest), blobs.losses]).toEqual(['damaged', 'missing', 1]);
    expect(namesIn('quarantine')).toEqual([expect.stringMatching(new RegExp(`^${digest}-[0-9a-f]{8}$`))]);
    add(poem);
    damage(blobs.path(digest));
    expect([blobs.isProven(digest), blobs.losses]).toEqual([false, 2]);
    add(poem);
    damage(blobs.path(digest));
    add(poem);
    expect([blobs.state(digest), namesIn('quarantine').length]).toEqual(['whole', 3]);
  });

  test('that is damaged and cannot be moved away is not used either', () => {
    add(poem);
    damage(blobs.path(digest));
    writeFileSync(join(root, 'quarantine'), 'in the way');
    expect([blobs.state(digest), blobs.state(digest), text(blobs.read(digest))]).toEqual(['damaged', 'damaged', undefined]);
    expect(existsSync(blobs.path(digest))).toBe(true);
  });

  test('is no folder that stands in its place', () => {
    mkdirSync(blobs.path(digest), { recursive: true });
    expect(text(blobs.read(digest))).toBeUndefined();
    mkdirSync(blobs.path(digest), { recursive: true });
    expect([blobs.place(digest, join(root, 'in'), false), existsSync(join(root, 'in'))]).toEqual([false, false]);
    mkdirSync(blobs.path(digest), { recursive: true });
    expect(blobs.state(digest)).toBe('damaged');
  });

  test('is known by another process, but proven only by its own reading', () => {
    const stamps = new StampBook(join(root, 'index/blobs'));
    add(poem, new LooseBlobs(root, stamps));
    stamps.flush();
    expect([opened().state(digest), opened().isProven(digest)]).toEqual(['whole', true]);
    damage(blobs.path(digest));
    expect(opened().isProven(digest)).toBe(false);
  });

  test('is listed, and nothing else that lies there', () => {
    const digests = ['a', 'b', 'c'].map((one) => add(Buffer.from(one)));
    writeFileSync(`${blobs.path(digests[0] ?? '')}.0123456789ab.part`, 'half');
    writeFileSync(`${blobs.path(digests[0] ?? '').replace(/[0-9a-f]{62}$/, 'a$&')}`, 'longer');
    writeFileSync(`${dirname(blobs.path(digests[0] ?? ''))}/x${(digests[0] ?? '').slice(3)}`, 'strange');
    expect([...blobs.all()].sort()).toEqual(digests.sort());
    expect([...new LooseBlobs(emptyFolder(), new StampBook('/none')).all()]).toEqual([]);
  });

  test('is given in pieces, which end in an error where they were wrong', async () => {
    const large = 'long '.repeat(50_000);
    const added = add(Buffer.from(large));
    expect((await bytesOf(blobs.pieces(added)))?.toString()).toBe(large);
    damage(blobs.path(added));
    const given = blobs.pieces(added);
    let last = await given.next();
    while (last.done !== true) last = await given.next();
    expect(last.value).toBe(false);
    expect([namesIn('quarantine').length, blobs.losses]).toEqual([1, 1]);
  });
});

describe('a file', () => {
  test('is taken over by moving it', () => {
    const path = file();
    const { ino } = lstatSync(path);
    expect(blobs.take(path)).toBe(digest);
    expect([existsSync(path), lstatSync(blobs.path(digest)).ino, mode(blobs.path(digest))]).toEqual([false, ino, 0o444]);
    expect(blobs.isProven(digest)).toBe(true);
  });

  test('whose content is there already is removed', () => {
    add(poem);
    const { ino } = lstatSync(blobs.path(digest));
    const path = file();
    expect(blobs.take(path)).toBe(digest);
    expect([existsSync(path), lstatSync(blobs.path(digest)).ino]).toEqual([false, ino]);
  });

  test.each<[string, (from: string, to: string) => void]>([
    ['has another name', linkSync],
    ['is a link', symlinkSync],
  ])('that %s is taken as its own: the other may be written to', (_, link) => {
    const other = file();
    const path = `${other}.link`;
    link(other, path);
    expect(blobs.take(path)).toBe(digest);
    writeFileSync(other, 'changed');
    expect([text(blobs.read(digest)), mode(blobs.path(digest)), readdirSync(dirname(path))]).toEqual(['a poem', 0o444, ['out']]);
  });

  test('with one name stays the file that it is', () => {
    const path = file();
    const { ino } = lstatSync(path);
    blobs.detach(path);
    expect(lstatSync(path).ino).toBe(ino);
  });
});

describe('bytes that come from elsewhere', () => {
  test('are taken where they are those of the digest', async () => {
    expect(await blobs.receive(digest, pieces('a ', 'poem'), 6)).toBe(true);
    expect([text(blobs.read(digest)), mode(blobs.path(digest)), namesIn('scratch')]).toEqual(['a poem', 0o444, []]);
    expect(await blobs.receive(sha256('another'), pieces('another'), 7)).toBe(true);
  });

  test.each([
    ['others', ['another'], 100],
    ['more than they may be', ['a ', 'poem'], 5],
    ['fewer', ['a '], 6],
  ])('are refused where they are %s, and nothing is left of them', async (_, parts, most) => {
    expect(await blobs.receive(digest, pieces(...parts), most)).toBe(false);
    expect([blobs.state(digest), namesIn('scratch')]).toEqual(['missing', []]);
  });

  test('leave nothing where they break off', async () => {
    const torn = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('a ');
      throw new Error('gone');
    };
    await expect(blobs.receive(digest, torn(), 6)).rejects.toThrow('gone');
    expect(namesIn('scratch')).toEqual([]);
  });
});

describe('what is kept is on the disk before anyone is told: its bytes and its name', () => {
  const folder = (): string => dirname(blobs.path(digest));

  test('of what is added, once and again', () => {
    add(poem);
    expect(synced).toContain(folder());
    synced.length = 0;
    add(poem);
    expect(synced).toEqual([folder()]);
  });

  test('of a file that is taken', () => {
    const path = file();
    blobs.take(path);
    expect(synced).toEqual(expect.arrayContaining([path, folder()]));
    expect(synced.indexOf(path)).toBeLessThan(synced.lastIndexOf(folder()));
  });

  test('of what was received', async () => {
    await blobs.receive(digest, pieces('a poem'), 6);
    expect(synced[0]).toMatch(/scratch\/received-[0-9a-f]{12}$/);
    expect(synced.at(-1)).toBe(folder());
  });
});

describe('content is given', () => {
  test.each([
    [false, 0o444],
    [true, 0o555],
  ])('as a file of its own that nobody may write (executable: %s)', (executable, bits) => {
    add(poem);
    const path = join(root, 'in/below/a.txt');
    expect(blobs.place(digest, path, executable)).toBe(true);
    expect([readFileSync(path, 'utf8'), mode(path), lstatSync(path).nlink, lstatSync(blobs.path(digest)).nlink]).toEqual([
      'a poem',
      bits,
      1,
      1,
    ]);
    chmodSync(path, 0o644);
    writeFileSync(path, 'other');
    expect(text(blobs.read(digest))).toBe('a poem');
  });

  test('and taken without leaving any file open', async () => {
    const open = (): number => readdirSync('/proc/self/fd').length;
    const before = open();
    add(poem);
    blobs.place(digest, join(root, 'in'), false);
    await blobs.receive(sha256('another'), pieces('another'), 7);
    expect(open()).toBe(before);
  });

  test('only if it is whole; else nothing is left where it should lie', () => {
    const path = join(root, 'in');
    expect(blobs.place(digest, path, false)).toBe(false);
    add(poem);
    damage(blobs.path(digest));
    expect([blobs.place(digest, path, false), existsSync(path), blobs.losses]).toEqual([false, false, 1]);
  });

  // Where the file system shares blocks, nothing is linked.
  test.runIf(!sharesBlocks())('as a link where it is large, unless it is to be executed', () => {
    const [small, large] = [0, 1].map((more) => {
      const path = file();
      truncateSync(path, 64 * 1024 * 1024 + more);
      return blobs.take(path);
    });
    const links = (one = '', executable = false): readonly [number, number] => {
      const path = join(root, `in-${one}-${executable}`);
      expect(blobs.place(one, path, executable)).toBe(true);
      return [lstatSync(path).nlink, mode(path)];
    };
    expect([links(small), links(large), links(large, true)]).toEqual([
      [1, 0o444],
      [2, 0o444],
      [1, 0o555],
    ]);
    expect(blobs.isProven(large ?? '')).toBe(true);
    onTestFinished(() => void delete refusal.code);
    for (const code of ['EXDEV', 'EPERM', 'ENOTSUP', 'EMLINK']) {
      refusal.code = code;
      rmSync(join(root, `in-${large}-false`));
      expect(links(large)).toEqual([1, 0o444]);
    }
    refusal.code = 'EIO';
    expect(() => blobs.place(large ?? '', join(root, 'other'), false)).toThrow('refused');
  });

  test('only with the bytes that were taken, though this process has hashed them: large ones are looked at before they are shared', () => {
    const path = file();
    truncateSync(path, 64 * 1024 * 1024 + 1);
    const large = blobs.take(path);
    expect(blobs.place(large, join(root, 'first'), false)).toBe(true);
    damage(blobs.path(large));
    expect([blobs.place(large, join(root, 'second'), false), existsSync(join(root, 'second')), blobs.losses]).toEqual([false, false, 1]);
  });
});

import { createHash } from 'node:crypto';
import { existsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { sha256 } from '../../src/model/canonical.ts';
import { copyHashed } from '../../src/files/copy-hashed.ts';
import * as hashing from '../../src/files/hash.ts';
import * as threads from '../../src/files/other-thread.ts';
import { emptyFolder } from '../folders.ts';

vi.mock('../../src/files/hash.ts', { spy: true });
vi.mock('../../src/files/other-thread.ts', { spy: true });

const MiB = 1024 * 1024;

/** A file of so many bytes, no two MiB of it alike. */
function fileOf(size: number): { readonly path: string; readonly bytes: Buffer } {
  const path = join(emptyFolder(), 'file');
  const bytes = Buffer.alloc(size, 'poem');
  for (let at = 0; at + 4 <= size; at += MiB) bytes.writeUInt32LE(at, at);
  writeFileSync(path, bytes);
  return { path, bytes };
}

/** What a copy of a file comes to, and what is said of it. */
function copied(path: string, size: number): { readonly digest: string; readonly copy: string; readonly bytes: number } {
  const hash = createHash('sha256');
  let bytes = 0;
  const digest = copyHashed(
    path,
    (piece) => {
      hash.update(piece);
      bytes += piece.length;
    },
    size,
  );
  return { digest, copy: hash.digest('hex'), bytes };
}

test.each([0, 5, MiB, 31 * MiB, 32 * MiB, 45 * MiB + 7])('the bytes of a file are given and hashed: %i of them', (size) => {
  const { path, bytes } = fileOf(size);
  vi.mocked(threads.startedThread).mockClear();
  expect(copied(path, size)).toEqual({ digest: sha256(bytes), copy: sha256(bytes), bytes: size });
  // On a busy machine it may not start in time.
  expect(vi.mocked(threads.startedThread)).toHaveBeenCalledTimes(size < 32 * MiB ? 0 : 1);
});

test('a file that has become another size is hashed as it is', () => {
  const { path, bytes } = fileOf(40 * MiB);
  truncateSync(path, 33 * MiB);
  const rest = sha256(bytes.subarray(0, 33 * MiB));
  expect(copied(path, 40 * MiB)).toEqual({ digest: rest, copy: rest, bytes: 33 * MiB });
});

test('a copy that fails ends there, and the next one goes well', () => {
  const { path, bytes } = fileOf(40 * MiB);
  const full = new Error('no space left');
  const fail = (): void => {
    throw full;
  };
  for (let again = 0; again < 3; again += 1) expect(() => copyHashed(path, fail, bytes.length)).toThrow(full);
  expect(copied(path, bytes.length).digest).toBe(sha256(bytes));
  const gone = join(emptyFolder(), 'gone');
  expect(() => copyHashed(gone, fail, bytes.length)).toThrow(expect.objectContaining({ code: 'ENOENT', path: gone }));
  expect(existsSync(gone)).toBe(false);
  expect(copied(path, bytes.length).digest).toBe(sha256(bytes));
});

test('where no other thread starts, this one hashes', () => {
  const { path, bytes } = fileOf(33 * MiB);
  vi.mocked(threads.startedThread).mockReturnValueOnce(undefined);
  vi.mocked(hashing.hashFile).mockClear();
  expect(copied(path, bytes.length).digest).toBe(sha256(bytes));
  expect(vi.mocked(hashing.hashFile)).toHaveBeenCalledTimes(1);
});

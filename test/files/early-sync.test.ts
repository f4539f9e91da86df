import { closeSync, openSync, readdirSync, readlinkSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { EarlySync } from '../../src/files/early-sync.ts';
import { emptyFolder } from '../folders.ts';

/** What the disk was told to write, in this order; and what it says of the last. */
const disk = vi.hoisted((): { told: string[]; error?: Error } => ({ told: [] }));

vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  const fdatasync = (descriptor: number, done: () => void): void => {
    disk.told.push('early');
    real.fdatasync(descriptor, done);
  };
  const fsyncSync = (descriptor: number): void => {
    disk.told.push('last');
    if (disk.error !== undefined) throw disk.error;
    real.fsyncSync(descriptor);
  };
  return { ...real, fdatasync, fsyncSync };
});

const MiB = 1024 * 1024;

/** Of what happens soon, however busy the machine is. */
const PATIENT = { timeout: 30_000 };

/** How often a file is open in this process. */
function openings(path: string): number {
  const paths = readdirSync('/proc/self/fd').map((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`);
    } catch {
      return '';
    }
  });
  return paths.filter((one) => one === path).length;
}

/** Writes so many MiB to a new file, one by one. */
function written(mebibytes: number): { readonly path: string; readonly sync: EarlySync } {
  const path = join(emptyFolder(), 'file');
  writeFileSync(path, '');
  disk.told = [];
  delete disk.error;
  const sync = new EarlySync(path);
  const descriptor = openSync(path, 'a');
  const piece = Buffer.alloc(MiB);
  for (let at = 0; at < mebibytes; at += 1) sync.wrote(writeSync(descriptor, piece));
  closeSync(descriptor);
  return { path, sync };
}

test('the disk begins while a large file is written, and is asked once more at the end; then no one has it open', async () => {
  const { path, sync } = written(150);
  expect(disk.told).toEqual(['early', 'early']);
  sync.finish();
  expect(disk.told).toEqual(['early', 'early', 'last']);
  await expect.poll(() => openings(path), PATIENT).toBe(0);
});

test('a small file is left alone', () => {
  const { path, sync } = written(63);
  expect(openings(path)).toBe(0);
  sync.finish();
  expect(disk.told).toEqual([]);
});

test('the early syncs leave it to the last one to hear of what the disk could not write', async () => {
  const { path, sync } = written(64);
  // Early ones and the last have openings of their own: each of them is told once.
  expect(openings(path)).toBe(2);
  disk.error = new Error('the disk is broken');
  expect(() => sync.finish()).toThrow(disk.error);
  sync.close();
  await expect.poll(() => openings(path), PATIENT).toBe(0);
});

test('many files do not stay open although no one gets around to closing them; later the disk begins with others again', async () => {
  delete disk.error;
  const before = readdirSync('/proc/self/fd').length;
  for (let file = 0; file < 100; file += 1) {
    const path = join(emptyFolder(), 'file');
    writeFileSync(path, 'a poem');
    const sync = new EarlySync(path);
    sync.begin();
    sync.finish();
  }
  expect(readdirSync('/proc/self/fd').length - before).toBeLessThan(40);
  await expect.poll(() => readdirSync('/proc/self/fd').length, PATIENT).toBe(before);
  const { path, sync } = written(64);
  expect(openings(path)).toBe(2);
  sync.close();
  await expect.poll(() => openings(path), PATIENT).toBe(0);
});

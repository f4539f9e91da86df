import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { makeLeases } from '../../src/files/lease-folder.ts';
import { Leases } from '../../src/files/leases.ts';
import { emptyFolder } from '../folders.ts';

/** A folder of leases, and two who use it. */
function leased(silence?: number): { readonly folder: string; readonly one: Leases; readonly two: Leases } {
  const folder = join(emptyFolder(), 'leases');
  mkdirSync(folder);
  makeLeases(folder, silence);
  return { folder, one: new Leases(folder), two: new Leases(folder) };
}

/** What a process of another machine left that is gone. */
function left(folder: string, name: string, id = 'aaaaaaaaaaaaaaaa'): string {
  const owner = { id, host: 'elsewhere', machine: 'other', pid: 1, began: '1' };
  const path = join(folder, name);
  writeFileSync(path, `${JSON.stringify(owner)}\n000000000000007\n`);
  return path;
}

test('a lease is held by one alone, until it is let go', () => {
  const { folder, one, two } = leased();
  const held = one.take('work/a');
  expect(held).toBeDefined();
  expect(one.take('work/a')).toBeUndefined();
  expect(two.take('work/a')).toBeUndefined();
  expect(two.take('work/a', true)).toBeUndefined();
  expect(two.isHeld('work/a')).toBe(true);
  expect(two.take('work/b')).toBeDefined();
  held?.release();
  expect(two.isHeld('work/a')).toBe(false);
  expect(two.take('work/a')).toBeDefined();
  expect(readdirSync(folder).filter((name) => name.startsWith('held-'))).toHaveLength(2);
});

test('who shares a lease keeps out who wants it alone, and no one else', () => {
  const { one, two } = leased();
  const shared = [one.take('store', true), two.take('store', true), two.take('store', true)];
  expect(shared).not.toContain(undefined);
  expect(one.take('store')).toBeUndefined();
  for (const lease of shared.slice(1)) lease?.release();
  expect(two.take('store')).toBeUndefined();
  shared[0]?.release();
  expect(two.take('store')).toBeDefined();
});

test('names that differ in what no file may be called, or at their end, are different leases', () => {
  const { one, two } = leased();
  const long = 'x'.repeat(300);
  for (const name of ['a/b', 'a%2fb', `${long}1`, `${long}2`]) expect(one.take(name)).toBeDefined();
  for (const name of ['a/b', 'a%2fb', `${long}1`, `${long}2`]) expect(two.isHeld(name)).toBe(true);
});

test('what another machine left is taken once it has given no sign for as long as all agree on, and not before', async () => {
  const { folder, one } = leased(0.2);
  const path = left(folder, 'held-work');
  expect(one.take('work')).toBeUndefined();
  // It gives a sign.
  left(folder, 'held-work', 'bbbbbbbbbbbbbbbb');
  await sleep(50);
  expect(one.take('work')).toBeUndefined();
  await sleep(300);
  expect(one.take('work')).toBeDefined();
  expect(readdirSync(folder)).not.toContain('gone');
  expect(path).toContain('held-work');
});

test('a short look takes for gone who has given no sign for long, as the file system tells', () => {
  const { folder, one } = leased(10);
  const path = left(folder, 'held-work');
  const old = Date.now() / 1000 - 100;
  utimesSync(path, old, old);
  // Before it has a file of its own there is no clock to compare with.
  one.take('another');
  expect(one.take('work')).toBeDefined();
});

test('whoever removes what is left lets stand what lives', async () => {
  const { folder, one, two } = leased(0.2);
  for (const name of ['held-work', 'owner-aaaaaaaaaaaaaaaa', 'shared-aaaaaaaaaaaaaaaa-1-store', 'look-aaaaaaaaaaaaaaaa-1'])
    left(folder, name);
  two.take('alive');
  one.tidy();
  await sleep(300);
  one.tidy();
  const names = readdirSync(folder).map((name) => name.replace(/-[0-9a-f]{16}.*/, ''));
  expect(names.sort()).toEqual(['held-alive', 'owner', 'owner', 'settings.json']);
});

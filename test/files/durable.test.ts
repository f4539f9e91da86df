import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { makeFolder, removeDurably, writeDurably, writeWhole } from '../../src/files/durable.ts';
import { emptyFolder } from '../rig.ts';

const calls = vi.hoisted((): string[] => []);
const wrong = vi.hoisted(() => ({ write: false }));

vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  const noted = (name: 'fsyncSync' | 'renameSync'): unknown =>
    vi.fn((...args: unknown[]) => {
      calls.push(name);
      return (real[name] as (...all: unknown[]) => unknown)(...args);
    });
  const writeSync = (...args: Parameters<typeof real.writeSync>): number => {
    if (wrong.write) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    return real.writeSync(...args);
  };
  return { ...real, fsyncSync: noted('fsyncSync'), renameSync: noted('renameSync'), writeSync };
});

describe.each([
  ['writeDurably', writeDurably, ['fsyncSync', 'renameSync', 'fsyncSync']],
  ['writeWhole', writeWhole, ['renameSync']],
])('%s', (_, write, order) => {
  test('makes the folder and the file, and replaces what is there', () => {
    const folder = emptyFolder();
    write(join(folder, 'a/b.txt'), 'first');
    write(join(folder, 'a/b.txt'), Buffer.from('second'));
    expect(readFileSync(join(folder, 'a/b.txt'), 'utf8')).toBe('second');
    expect(readdirSync(join(folder, 'a'))).toEqual(['b.txt']);
  });

  test('syncs the bytes before the name is seen, and the name after, if it must last', () => {
    calls.length = 0;
    write(join(emptyFolder(), 'b.txt'), 'text');
    expect(calls).toEqual(order);
  });

  test('leaves what was there, and nothing else, where it fails', () => {
    const folder = emptyFolder();
    mkdirSync(join(folder, 'a'));
    writeFileSync(join(folder, 'a/b.txt'), 'first');
    wrong.write = true;
    expect(() => write(join(folder, 'a/b.txt'), 'second')).toThrow('no space left');
    wrong.write = false;
    expect(readdirSync(join(folder, 'a'))).toEqual(['b.txt']);
    expect(readFileSync(join(folder, 'a/b.txt'), 'utf8')).toBe('first');
  });
});

test('a new folder is made to last in the one above it, as far up as folders are new', () => {
  const folder = emptyFolder();
  calls.length = 0;
  makeFolder(join(folder, 'a/b/c'));
  expect(calls).toEqual(['fsyncSync', 'fsyncSync', 'fsyncSync']);
  makeFolder(join(folder, 'a/b/c'));
  makeFolder(join(folder, 'a/b/d'));
  expect(calls).toHaveLength(4);
});

test('what is removed durably stays away; nothing is done where nothing is', () => {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'tag'), 'run');
  calls.length = 0;
  removeDurably(join(folder, 'tag'));
  removeDurably(join(folder, 'tag'));
  expect([readdirSync(folder), calls]).toEqual([[], ['fsyncSync']]);
});

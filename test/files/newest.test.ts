import { readdirSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keepNewest } from '../../src/files/newest.ts';
import { emptyFolder } from '../rig.ts';

/** Files of so many bytes, the first of them the oldest. */
function filesIn(folder: string, count: number, bytes: number): void {
  for (let index = 0; index < count; index += 1) {
    const path = join(folder, `note-${index}`);
    writeFileSync(path, '');
    truncateSync(path, bytes);
    utimesSync(path, 1000 + index, 1000 + index);
  }
}

const numbers = (folder: string): number[] => readdirSync(folder).map((name) => Number(name.slice('note-'.length)));

test('of very many notes the newest stay', () => {
  const folder = emptyFolder();
  filesIn(folder, 650, 1);
  keepNewest(folder);
  expect(Math.min(...numbers(folder))).toBe(50);
});

test('of large notes as many stay as have room', () => {
  const folder = emptyFolder();
  filesIn(folder, 40, 4 * 1024 * 1024);
  keepNewest(folder);
  expect(numbers(folder)).toHaveLength(16);
  expect(Math.min(...numbers(folder))).toBe(24);
});

test('few notes stay, and a folder that is not there is none', () => {
  const folder = emptyFolder();
  filesIn(folder, 20, 8 * 1024 * 1024);
  keepNewest(folder);
  expect(numbers(folder)).toHaveLength(20);
  expect(() => keepNewest(join(folder, 'other'))).not.toThrow();
});

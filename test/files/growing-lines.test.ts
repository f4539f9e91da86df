import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { GrowingLines } from '../../src/files/growing-lines.ts';
import { lastLines } from '../../src/files/last-lines.ts';
import { emptyFolder } from '../rig.ts';

test('a file that grows is read line by line, from when it is there', () => {
  const path = join(emptyFolder(), 'log');
  const lines: string[] = [];
  const tail = new GrowingLines(path, (line) => lines.push(line));
  tail.read();
  expect(tail.isFound).toBe(false);
  writeFileSync(path, Buffer.concat([Buffer.from('one\ntw'), Buffer.from('ö').subarray(0, 1)]));
  tail.read();
  expect(lines).toEqual(['one']);
  appendFileSync(path, Buffer.concat([Buffer.from('ö').subarray(1), Buffer.from('\nthree')]));
  tail.end();
  expect(lines).toEqual(['one', 'twö', 'three']);
});

test.each([
  ['a\nb\nc\n', 2, ['b', 'c']],
  ['a\nb\nc', 2, ['b', 'c']],
  ['a\nb\n', 9, ['a', 'b']],
  ['\n\n\n', 1, ['']],
  ['', 1, []],
  [`${'x'.repeat(70_000)}\n${'y'.repeat(70_000)}\n${'z'.repeat(70_000)}\n`, 2, ['y'.repeat(70_000), 'z'.repeat(70_000)]],
] as const)('the last lines of a file are found from its end (%#)', (text, count, expected) => {
  const path = join(emptyFolder(), 'log');
  writeFileSync(path, text);
  const lines: string[] = [];
  const tail = new GrowingLines(path, (line) => lines.push(line));
  tail.skipTo(count);
  tail.end();
  expect(lines).toEqual(expected);
});

test('a file that was begun anew is read from its beginning, and one that is let go of goes on where it was', () => {
  const path = join(emptyFolder(), 'log');
  const lines: string[] = [];
  const tail = new GrowingLines(path, (line) => lines.push(line));
  writeFileSync(path, 'one\ntwo\nhal');
  tail.read();
  tail.release();
  appendFileSync(path, 'f\n');
  tail.read();
  writeFileSync(path, 'new\n');
  tail.end();
  expect(lines).toEqual(['one', 'two', 'half', 'new']);
  expect(tail.count).toBe(4);
});

test('of a line that is too long only the beginning is given, and only so many bytes at once', () => {
  const path = join(emptyFolder(), 'log');
  const lines: string[] = [];
  const tail = new GrowingLines(path, (line) => lines.push(line), 10);
  writeFileSync(path, `${'x'.repeat(200_000)}\nshort\n`);
  expect(tail.read(1)).toBe(true);
  expect(lines).toEqual([]);
  expect(tail.read()).toBe(false);
  expect(lines).toEqual(['x'.repeat(11), 'short']);
});

test('what is no plain file is refused', () => {
  const path = join(emptyFolder(), 'log');
  mkdirSync(path);
  expect(() => new GrowingLines(path, () => undefined).read()).toThrow('EISDIR');
});

test('of the last lines of a file the one that is cut off is left out, unless it is the only one', () => {
  const path = join(emptyFolder(), 'log');
  expect(lastLines(path, 3)).toEqual([]);
  writeFileSync(path, `${'x'.repeat(20_000)}\ntwo\nthree\n\n`);
  expect(lastLines(path, 9)).toEqual(['two', 'three']);
  expect(lastLines(path, 1)).toEqual(['three']);
  writeFileSync(path, 'x'.repeat(20_000));
  expect(lastLines(path, 9)).toEqual(['x'.repeat(16 * 1024)]);
});

import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LogTail } from '../../src/project/log-tail.ts';
import { emptyFolder } from '../rig.ts';

test('a file that grows is read line by line, from when it is there', () => {
  const path = join(emptyFolder(), 'log');
  const lines: string[] = [];
  const tail = new LogTail(path, (line) => lines.push(line));
  tail.read();
  expect(tail.isFound).toBe(false);
  writeFileSync(path, Buffer.concat([Buffer.from('one\ntw'), Buffer.from('ö').subarray(0, 1)]));
  tail.read();
  expect(lines).toEqual(['one']);
  appendFileSync(path, Buffer.concat([Buffer.from('ö').subarray(1), Buffer.from('\nthree')]));
  tail.close();
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
  const tail = new LogTail(path, (line) => lines.push(line));
  tail.skipTo(count);
  tail.close();
  expect(lines).toEqual(expected);
});

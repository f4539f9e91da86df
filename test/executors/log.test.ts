import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NodeLog } from '../../src/executors/job/log.ts';
import { emptyFolder } from '../rig.ts';

/** What a log keeps and tells of pieces that a program prints. */
function kept(pieces: readonly string[], secrets: readonly string[] = []): { told: string[]; file: string; last: readonly string[] } {
  const path = join(emptyFolder(), 'node.log');
  const log = new NodeLog(path, secrets);
  const told: string[] = [];
  const taker = log.taker((line) => told.push(line));
  for (const piece of pieces) taker.take(piece);
  taker.end();
  log.close();
  return { told, file: readFileSync(path, 'utf8'), last: log.last };
}

test.each([
  ['a progress bar', ['\r 1 %', '\r 50 %', '\r100 %\n', 'end\n'], ['100 %', 'end']],
  ['one that returns at the end of each piece', ['1 %\r', '50 %\r', '100 %\r'], ['100 %']],
  ['one without an end', ['1 %\r2 %\r3 %'], ['3 %']],
  ['lines as Windows ends them', ['one\r\ntwo\r', '\nthree\r\n'], ['one', 'two', 'three']],
  ['lines that were cut anywhere', ['o', 'ne\ntw', 'o'], ['one', 'two']],
])('keeps of %s what a terminal would show', (_, pieces, lines) => {
  expect(kept(pieces)).toEqual({ told: lines, file: `${lines.join('\n')}\n`, last: lines });
});

test.each([
  ['as it stands', [], ['1 %', '50 %', '50 %', '100 %']],
  ['but for what may be the beginning of a secret', ['hunter2'], ['1 %', '50 %', '50 %']],
])('what a progress bar shows is told as it changes, %s', (_, secrets, states) => {
  const log = new NodeLog(join(emptyFolder(), 'node.log'), secrets);
  const told: string[] = [];
  const taker = log.taker(
    () => undefined,
    (state) => told.push(state),
  );
  for (const piece of ['begun\n', '\r1 %', '\r50 %', '\r', '\r100 %', '\ndone\n']) taker.take(piece);
  expect(told).toEqual(states);
});

test('carriage returns alone take no room, however many there are', () => {
  const { told } = kept(Array.from({ length: 3000 }, (_, n) => `\r${n}${'#'.repeat(1000)}`));
  expect(told).toEqual([`2999${'#'.repeat(1000)}`]);
});

test('a line without an end is cut, and what a message shows of one is short', () => {
  const { told, last } = kept(['x'.repeat(100_000), `${'x'.repeat(100_000)}\n`]);
  expect(told.join('')).toBe('x'.repeat(200_000));
  expect(told.length).toBeGreaterThan(1);
  expect(last.every((line) => line.length < 2100)).toBe(true);
});

test('a secret is blotted out where a carriage return stands in it or cuts it', () => {
  expect(kept(['a hunter2\rhunter3\n'], ['hunter2\rhunter3']).file).toBe('a [secret]\n');
  expect(kept(['xx\rhunt', 'er2\rok hunter2\n'], ['hunter2']).file).toBe('ok [secret]\n');
  expect(kept(['hunter2\r', 'hunter3\n'], ['hunter2\rhunter3']).file).toBe('[secret]\n');
});

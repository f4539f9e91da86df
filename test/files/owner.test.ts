import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { livesHere, type Owner, thisProcess } from '../../src/files/owner.ts';

const here = thisProcess();

test('a process lives here as long as it is the one that began then', () => {
  expect(livesHere(here, here)).toBe(true);
  expect(livesHere({ ...here, began: '1' }, here)).toBe(false);
  expect(livesHere({ ...here, pid: 2 ** 22 + 1 }, here)).toBe(false);
});

test('of a process of another machine, or of another table of processes, nothing is known', () => {
  expect(livesHere({ ...here, host: 'elsewhere' }, here)).toBeUndefined();
  expect(livesHere({ ...here, machine: 'another' }, here)).toBeUndefined();
});

test.skipIf(process.platform !== 'linux')('one that has ended, and that its parent took no notice of, does not live', async () => {
  // The shell becomes a program that never asks what became of the child.
  const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 30'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [first] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(first.toString());
  const began = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19] ?? '';
  const child: Owner = { ...here, pid, began };
  expect(livesHere(child, here)).toBe(true);
  while (!readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z')) await sleep(20);
  expect(livesHere(child, here)).toBe(false);
  parent.kill();
});

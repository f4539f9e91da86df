import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { called, checkout, emptyFolder, write } from '../rig.ts';

/** Whether a file beside the logs of the only run of a folder holds some words. */
function isWritten(folder: string, name: string, words: string): boolean {
  const logs = join(folder, 'artifacts/logs');
  const files = (existsSync(logs) ? readdirSync(logs) : []).map((run) => join(logs, run, name));
  return files.some((file) => existsSync(file) && readFileSync(file, 'utf8').includes(words));
}

test('a run whose process was killed is interrupted: it lasts until its last event, and says what was at work', async () => {
  const folder = emptyFolder();
  write(folder, {
    'package.json': '{}',
    'p.yaml': `name: p\nstages:\n  a: { run: 'echo half way; sleep 100', out: { o: o } }\n  b: { run: 'echo > o', in: { a: a.o }, out: { o: o } }\n`,
  });
  const child = spawn(process.execPath, [join(checkout, 'dist/cli.js'), 'run', 'p.yaml'], { cwd: folder, stdio: 'ignore' });
  // What a process has not written down yet goes with it.
  while (!isWritten(folder, 'events.jsonl', 'node-started') || !isWritten(folder, 'a.log', 'half way')) await sleep(20);
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  const listed = async (): Promise<unknown> => (await called(folder, ['runs', '--columns', 'state,seconds', '--json'])).json.runs;
  const before = await listed();
  expect(before).toMatchObject([{ state: 'interrupted' }]);
  await sleep(50);
  expect(await listed()).toEqual(before);
  const { stdout } = await called(folder, ['show', '@latest']);
  expect(stdout).toMatch(/^p: interrupted after /);
  expect(stdout).toMatch(/last heard of {2}/);
  expect(stdout).toContain('a was at work when the process of the run was gone');
  expect(stdout).toContain('half way');
  expect((await called(folder, ['logs', '@latest'])).stdout).toBe('a | half way\n');
  expect((await called(folder, ['report', '@latest', '--output', 'r.html'])).code).toBe(0);
});

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { withLock } from '../../src/setup/lock.mjs';
import { temporaryFolder } from './rig.ts';

const module = JSON.stringify(new URL('../../src/setup/lock.mjs', import.meta.url).href);
const options = () => ({ signal: new AbortController().signal, onWait: () => undefined });

/** Starts a process that takes the lock and runs the code with it; resolves when it has printed. */
async function holder(lock: string, code: string) {
  const program = `
    const { withLock } = await import(${module});
    const { spawn } = await import('node:child_process');
    await withLock(${JSON.stringify(lock)}, { signal: new AbortController().signal, onWait() {} }, async ({ noteChild }) => { ${code} });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const text = await new Promise<string>((resolve) => child.stdout.setEncoding('utf8').once('data', resolve));
  return { child, text };
}

const waitForever = 'setInterval(() => {}, 1000); await new Promise(() => {});';

test('one at a time, and nothing is left behind', async () => {
  const folder = temporaryFolder();
  const lock = join(folder, 'deep', 'a.lock');
  const ended = join(folder, 'ended');
  const code = `console.log('held'); await new Promise((done) => setTimeout(done, 700)); (await import('node:fs')).writeFileSync('${ended}', '');`;
  const { child } = await holder(lock, code);
  let waited = 0;
  const onWait = (pid: number) => {
    waited = pid;
  };
  expect(await withLock(lock, { ...options(), onWait }, async () => existsSync(ended))).toBe(true);
  expect(waited).toBe(child.pid);
  expect(existsSync(lock)).toBe(false);
});

test('the lock of a killed holder is free', async () => {
  const lock = join(temporaryFolder(), 'a.lock');
  const { child } = await holder(lock, `console.log('held'); ${waitForever}`);
  child.kill('SIGKILL');
  expect(existsSync(lock)).toBe(true);
  expect(await withLock(lock, options(), async () => 'mine')).toBe('mine');
});

test("a killed holder's program is waited for", async () => {
  const folder = temporaryFolder();
  const lock = join(folder, 'a.lock');
  const ended = join(folder, 'ended');
  const code = `const sleeper = spawn('sh', ['-c', 'sleep 1.5; : > "$0"', '${ended}'], { stdio: 'ignore' }); await noteChild(sleeper.pid); console.log('held'); ${waitForever}`;
  const { child } = await holder(lock, code);
  child.kill('SIGKILL');
  expect(await withLock(lock, options(), async () => existsSync(ended))).toBe(true);
});

test('a process id that was given to another process since frees the lock', async () => {
  const lock = join(temporaryFolder(), 'a.lock');
  writeFileSync(lock, JSON.stringify({ holder: { pid: process.pid, started: '1' } }));
  expect(await withLock(lock, options(), async () => 'mine')).toBe('mine');
});

test('waiting ends when set-up is stopped', async () => {
  const lock = join(temporaryFolder(), 'a.lock');
  await holder(lock, `console.log('held'); ${waitForever}`);
  const controller = new AbortController();
  const waiting = withLock(lock, { signal: controller.signal, onWait: () => undefined }, async () => undefined);
  await sleep(100);
  controller.abort();
  await expect(waiting).rejects.toThrow();
  expect(readFileSync(lock, 'utf8')).toContain('holder');
});

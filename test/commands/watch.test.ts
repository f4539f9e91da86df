import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { called, checkout, emptyFolder, write } from '../rig.ts';

const pipeline = (word: string): string => `name: w
stages:
  one: { run: 'sh $script; echo ${word} > $o', in: { script: ./s.sh }, out: { o: o } }
  two: { run: 'cp $one $o', in: { one: one.o }, out: { o: o } }
`;

test('a pipeline is run again when its files change; a stale run is stopped, and an error is told until it is put right', async () => {
  const folder = emptyFolder();
  write(folder, { 'package.json': '{}', 's.sh': 'exit 0\n', 'w.yaml': pipeline('a') });
  // Both outputs are one, so that what was told first comes first.
  const words = `exec ${process.execPath} ${join(checkout, 'dist/cli.js')} watch w.yaml 2>&1`;
  const child = spawn('bash', ['-c', words], { cwd: folder, env: { ...process.env, CI: '1', XDG_CACHE_HOME: join(folder, 'cache') } });
  let [told, seen] = ['', 0];
  child.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
  /** Waits until a text stands behind what was waited for before. */
  const until = async (text: string): Promise<void> => {
    while (!told.slice(seen).includes(text)) await sleep(20);
    seen = told.indexOf(text, seen) + text.length;
  };
  await until('w: done in');
  await until('watching for changes');
  write(folder, { 's.sh': 'sleep 100\n' });
  await until('↻ s.sh changed');
  await until('▸ one');
  write(folder, { 's.sh': 'echo fine\n' });
  await until('s.sh changed: stopping what runs');
  await until('w: cancelled');
  await until('1 executed, 1 reused');
  await until('watching');
  write(folder, { 'w.yaml': 'name: [\n' });
  await until('error:');
  await until('watching');
  write(folder, { 'w.yaml': pipeline('a') });
  await until('all 2 nodes are up to date');
  await until('watching');
  write(folder, { 'w.yaml': pipeline('b') });
  await until('2 executed, 0 reused');
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  expect(await ended).toEqual([130, null]);
  // The run that was stopped is one of those that are known; looking whether all is up to date is none.
  const { json } = await called(folder, ['runs', '--json']);
  expect(json.runs?.map(({ state }) => state)).toEqual(['done', 'done', 'cancelled', 'done']);
});

test('what there is not cannot be watched', async () => {
  expect((await called(emptyFolder(), ['watch', 'nothing.yaml'])).code).toBe(2);
});

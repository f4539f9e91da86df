import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { called, checkout, emptyFolder, stillroom, write } from '../rig.ts';
import { appears, newestRun, prints, started, waitingProject } from './live-project.ts';
import { onTerminal } from './on-terminal.ts';

const CANARY = 'canary-2718-secret';

/** Every file below a folder. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

describe('run --detach', () => {
  test('leaves with the run’s id, what watches it and what stops it; the run outlives the terminal, and knows secrets that are written nowhere', async () => {
    const folder = waitingProject();
    const command = `TOKEN=${CANARY} ${process.execPath} ${join(checkout, 'dist/cli.js')} run waits.yaml --detach --plain`;
    const steps = [
      { text: '', type: `${command}; echo code $?\r` },
      { text: 'code 0' },
      { file: join(folder, 'begun'), hangUp: true },
    ] as const;
    const seen = await onTerminal(folder, steps, ['bash', '--norc', '-i']);
    const { run = '', state } = (await newestRun(folder)) ?? {};
    expect(state).toBe('live');
    for (const words of [`the run ${run} goes on by itself`, `attach ${run}`, `stop ${run}`, `artifacts/logs/${run}/output.txt`])
      expect(seen.written).toContain(words);
    write(folder, { go: '' });
    const attached = await called(folder, ['attach', run]);
    expect(attached).toMatchObject({ code: 0 });
    expect(attached.stdout).toMatch(/^waits: done in /);
    const output = readFileSync(join(folder, 'artifacts/logs', run, 'output.txt'), 'utf8');
    expect(output).toContain('✔ after');
    expect(output).toContain('waits: done in ');
    expect(readFileSync(join(folder, 'artifacts/logs', run, 'w.log'), 'utf8')).toBe('begun\nthe end [secret]\n');
    for (const file of filesBelow(join(folder, 'artifacts'))) expect(readFileSync(file).includes(CANARY)).toBe(false);
  });

  test('tells before it leaves what keeps the run from beginning, as the run does', async () => {
    const folder = emptyFolder();
    write(folder, {
      'package.json': '{}',
      'bad.yaml': 'name: p\nstagess: {}\n',
      'good.yaml': "name: g\nstages: { a: { run: 'echo > o', out: { o: o } } }\n",
    });
    for (const args of [['bad.yaml'], ['good.yaml', '--force', 'b'], ['good.yaml', '--executor', 'moon'], ['good.yaml', '--jobs', '0']]) {
      const plain = await stillroom(folder, ['run', ...args]);
      const detached = await stillroom(folder, ['run', ...args, '--detach']);
      expect(plain.code).toBeGreaterThan(0);
      expect(detached).toEqual(plain);
      expect((await stillroom(folder, ['run', ...args, '--detach', '--json'])).json).toEqual(
        (await stillroom(folder, ['run', ...args, '--json'])).json,
      );
    }
    expect(readdirSync(join(folder, 'artifacts/scratch'))).toEqual([]);
    expect(existsSync(join(folder, 'artifacts/runs'))).toBe(false);
  });

  test('makes no store where there is no such file', async () => {
    const folder = emptyFolder();
    write(folder, { 'package.json': '{}' });
    expect(await stillroom(folder, ['run', 'nothing.yaml', '--detach'])).toMatchObject({ code: 2 });
    expect(readdirSync(folder)).toEqual(['package.json']);
  });

  test('answers as the run does where nothing is left to do', async () => {
    const folder = emptyFolder();
    write(folder, { 'package.json': '{}', 'p.yaml': "name: p\nstages: { a: { run: 'echo > o', out: { o: o } } }\n" });
    await called(folder, ['run', 'p.yaml']);
    const { code, json } = await stillroom(folder, ['run', 'p.yaml', '--detach', '--json']);
    expect({ code, json }).toMatchObject({ code: 0, json: { state: 'done', reused: ['a'] } });
    expect(readdirSync(join(folder, 'artifacts/scratch'))).toEqual([]);
  });

  test('has begun nothing where it is stopped before it leaves, and says so where what it started is gone', async () => {
    const folder = waitingProject();
    const hold = `if (process.env.STILLROOM_DETACHED !== undefined) {
  const fs = require('node:fs');
  if (fs.existsSync('dies')) process.kill(process.pid, 'SIGKILL');
  fs.writeFileSync('held', '');
  while (!fs.existsSync('go')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
}
`;
    write(folder, { 'hold.cjs': hold });
    const env = { NODE_OPTIONS: `--require ${join(folder, 'hold.cjs')}` };
    const leaving = started(folder, ['run', 'waits.yaml', '--detach'], env);
    await appears(join(folder, 'held'));
    leaving.child.kill('SIGINT');
    expect(await leaving.ended).toBe(130);
    write(folder, { dies: '' });
    const { code, stderr } = await stillroom(folder, ['run', 'waits.yaml', '--detach'], { env: { ...env, TOKEN: CANARY } });
    expect(code).toBe(70);
    expect(stderr).toContain('ended before anything ran [broke-off]');
    expect(existsSync(join(folder, 'begun'))).toBe(false);
    expect(readdirSync(join(folder, 'artifacts/scratch'))).toEqual([]);
  });
});

test('sweep --detach leaves once a trial runs; attach and stop take the sweep', async () => {
  const folder = waitingProject();
  write(folder, {
    'sweep.yaml': `name: sweep
params: { x: 1 }
stages:
  a:
    run: 'touch ${folder}/begun; for i in $(seq 900); do test -e ${folder}/go && break; sleep 0.1; done; echo "{\\"score\\": $x}" > m.json; echo > o'
    with: { x: $x }
    metrics: m.json
    out: { o: o }
`,
  });
  const sweep = ['sweep', 'sweep.yaml', '--over', 'x=1,2,3', '--maximize', 'a.score', '--jobs', '1', '--parallel', '1', '--detach'];
  const detached = await stillroom(folder, [...sweep, '--json']);
  const { sweep: id = '', pid = 0 } = detached.json as { readonly sweep?: string; readonly pid?: number };
  // A session of its own: the end of none that others have means anything to it.
  expect(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[3]).toBe(String(pid));
  expect(detached).toMatchObject({ code: 0, json: { state: 'live' } });
  const attached = started(folder, ['attach']);
  await prints(attached, `sweep ${id}: 3 trials`);
  await appears(join(folder, 'begun'));
  expect(await stillroom(folder, ['stop'])).toMatchObject({ code: 0 });
  expect(await attached.ended).toBe(143);
  expect(attached.printed()).toContain('said stop');
  expect(attached.printed()).toContain('stopped: start it again to go on');
  write(folder, { go: '' });
  await stillroom(folder, [...sweep, '--json']);
  const ended = started(folder, ['attach', id, '--json']);
  expect(await ended.ended).toBe(0);
  expect(JSON.parse(ended.printed().trim().split('\n').at(-1) ?? '')).toMatchObject({ state: 'done' });
  while ((await newestRun(folder))?.state === 'live') await sleep(50);
});

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { attemptFile, EventReader, EventWriter, readExit, readStop, writeExit, writeStop } from '../../src/executors/job/attempt-files.ts';
import { sealedLine, writeSealed } from '../../src/files/sealed.ts';
import { executorKinds, loadKind, settingsOf } from '../../src/executors/kinds.ts';
import type { JobEvent } from '../../src/model/executor.ts';
import { type ExitRecord, JOB_FORMAT } from '../../src/model/job.ts';
import { checkout, emptyFolder } from '../rig.ts';

const exit: ExitRecord = { format: JOB_FORMAT, attempt: 'one', seconds: 1, cost: {}, ended: 'stopped' };

describe('the files of an attempt', () => {
  test('say how it ended only if they are whole and of this very attempt', () => {
    const folder = emptyFolder();
    expect(readExit(folder, 'one')).toBeUndefined();
    writeExit(folder, exit);
    expect(readExit(folder, 'one')).toEqual(exit);
    expect(readdirSync(folder)).toEqual(['exit.json']);
    expect(readExit(folder, 'another')).toBeUndefined();
    writeSealed(attemptFile(folder, 'exit'), { ...exit, format: JOB_FORMAT + 1 });
    expect(readExit(folder, 'one')).toBeUndefined();
    writeFileSync(attemptFile(folder, 'exit'), JSON.stringify(exit));
    expect(readExit(folder, 'one')).toBeUndefined();
  });

  test('give each event once, and a line only when it has ended', () => {
    const folder = emptyFolder();
    const told: JobEvent[] = [];
    const reader = new EventReader(folder);
    const read = (): number => {
      reader.read((event) => told.push(event));
      return told.length;
    };
    expect(read()).toBe(0);
    const writer = new EventWriter(folder);
    const event: JobEvent = { type: 'node-log', node: 'node', line: 'größer' };
    writer.write(event);
    writer.close();
    expect(read()).toBe(1);
    const bytes = Buffer.from(`${sealedLine(JSON.stringify(event))}\n`);
    // A reader may come between the two bytes of a letter.
    const cut = bytes.indexOf(0xc3) + 1;
    writeFileSync(attemptFile(folder, 'events'), bytes.subarray(0, cut), { flag: 'a' });
    expect(read()).toBe(1);
    writeFileSync(attemptFile(folder, 'events'), bytes.subarray(cut), { flag: 'a' });
    expect(read()).toBe(2);
    expect(told).toEqual([event, event]);
    writeFileSync(attemptFile(folder, 'events'), `${bytes.toString().replace('node-log', 'node-lag')}${bytes.toString()}`, { flag: 'a' });
    expect(read()).toBe(3);
  });

  test('tell it to end, gently or not', () => {
    const folder = emptyFolder();
    expect(readStop(folder)).toBeUndefined();
    writeStop(folder, 'ask');
    expect(readStop(folder)).toBe('ask');
    writeStop(folder, 'kill');
    expect(readStop(folder)).toBe('kill');
    // An empty file made by hand asks too.
    writeFileSync(attemptFile(folder, 'stop'), '');
    expect(readStop(folder)).toBe('ask');
  });
});

test('a run-job that is sent SIGTERM asks its program to end, and says that it was stopped', async () => {
  const folder = emptyFolder();
  for (const name of ['work', 'home', 'tmp']) mkdirSync(join(folder, name));
  const run = `trap 'echo saved > saved.txt; exit 0' TERM; echo > ready; while :; do sleep 0.02; done`;
  const job = {
    format: JOB_FORMAT,
    attempt: `by-hand-${process.pid}`,
    executor: 'none',
    run: 'run-1',
    node: 'node',
    folder,
    program: { kind: 'command', run },
  };
  const rest = {
    params: {},
    inputs: {},
    outputs: {},
    checkpoints: join(folder, 'checkpoints'),
    env: { PATH: process.env['PATH'] },
    secrets: [],
    devices: [],
  };
  const specification = { ...job, ...rest, resources: { cpu: 1, gpu: 0, memory: 0 }, log: join(folder, 'node.log') };
  writeSealed(join(folder, 'job.json'), specification);
  const child = spawn(process.execPath, [join(checkout, 'dist/executors/job/run-job.js'), folder], { stdio: 'inherit' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  while (!existsSync(join(folder, 'work/ready'))) await sleep(20);
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
  expect(readExit(folder, job.attempt)?.ended).toBe('stopped');
  expect(readFileSync(join(folder, 'work/saved.txt'), 'utf8')).toBe('saved\n');
});

test('every kind of executor is a folder that says what may be declared and how it is opened', async () => {
  const kinds = executorKinds();
  const folders = readdirSync(join(checkout, 'src/executors')).filter((name) =>
    existsSync(join(checkout, 'src/executors', name, 'executor.ts')),
  );
  expect([...kinds].sort()).toEqual(folders.sort());
  for (const kind of kinds) {
    for (const schema of Object.values(await settingsOf(kind))) expect(schema).toMatchObject({ description: expect.any(String) });
    expect(await loadKind(kind)).toBeTypeOf('function');
  }
});

test.each(['process', 'detached'])('an executor %s is bounded by what is declared of it', async (kind) => {
  expect(Object.keys(await settingsOf(kind))).toEqual(['cpu', 'gpu', 'memory', 'patience', 'grace']);
  const open = await loadKind(kind);
  const opened = await open({
    name: 'mine',
    settings: { cpu: 3, memory: '2GiB' },
    engines: {},
    environment: { STILLROOM_DEVICES: 'a,b' },
  });
  expect(opened.ok ? opened.value : undefined).toMatchObject({ name: 'mine', capacity: { cpu: 3, gpu: 2, memory: 2 * 2 ** 30 } });
});

test.runIf(existsSync('/dev/full'))('events that a full disk does not take are lost, and nothing else', () => {
  const folder = emptyFolder();
  symlinkSync('/dev/full', attemptFile(folder, 'events'));
  const writer = new EventWriter(folder);
  writer.write({ type: 'node-log', node: 'a', line: 'hello' });
  expect(() => writer.close()).not.toThrow();
});

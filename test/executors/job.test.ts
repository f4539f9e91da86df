import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { executeJob } from '../../src/executors/job/execute.ts';
import { programOf } from '../../src/executors/job/program.ts';
import { Stopper } from '../../src/executors/job/stopping.ts';
import { sealedJson, sealedLine } from '../../src/files/sealed.ts';
import type { JobEvent } from '../../src/model/executor.ts';
import type { ExitRecord, JobSpecification } from '../../src/model/job.ts';
import { emptyFolder } from '../rig.ts';
import { jobOf, stageOf } from './specification.ts';
import { executeStage } from './stage-job.ts';

const never = new AbortController().signal;

interface Executed {
  readonly exit: ExitRecord;
  readonly events: readonly JobEvent[];
}

async function execute(specification: JobSpecification, secrets: Readonly<Record<string, string>> = {}): Promise<Executed> {
  const events: JobEvent[] = [];
  const exit = await executeJob({ specification, secrets, lock: undefined }, (event) => events.push(event), {
    asked: never,
    forced: never,
  });
  return { exit, events };
}

const lines = (events: readonly JobEvent[]): string[] => events.flatMap((event) => (event.type === 'node-log' ? [event.line] : []));

describe('a program', () => {
  const runtime = { node: '/node', nodeMajor: 20, installation: '/stillroom', libraries: [] };

  test('is made of a specification alone: a command with its ports and params as variables', () => {
    const job = jobOf('make', {
      params: { size: 32, list: [1] },
      inputs: { text: 'text.txt' },
      env: { GREETING: 'hello' },
      devices: ['1', '3'],
    });
    const { command, env, folder } = programOf({ specification: job, secrets: { TOKEN: 'secret' } }, runtime);
    expect(command).toEqual(['bash', '-euo', 'pipefail', '-c', 'make']);
    expect(folder).toBe(join(job.folder, 'work'));
    expect(env).toMatchObject({
      size: '32',
      list: '[1]',
      text: 'text.txt',
      GREETING: 'hello',
      TOKEN: 'secret',
      CUDA_VISIBLE_DEVICES: '1,3',
    });
  });

  test('in the list form has its values filled in', () => {
    const job = jobOf(['run', '$size', '${TOKEN}x', '$$size', '$other'], { params: { size: 32 } });
    expect(programOf({ specification: job, secrets: { TOKEN: 'secret' } }, runtime).command).toEqual([
      'run',
      '32',
      'secretx',
      '$size',
      '$other',
    ]);
  });

  test.each([
    [20, '--experimental-permission'],
    [24, '--permission'],
  ])('of a stage is granted its inputs by name, under Node %i', (nodeMajor, flag) => {
    const readable = [
      { path: '/data/images', kind: 'dir' as const },
      { path: '/data/images/one.png', kind: 'file' as const },
      { path: '/data/list.csv', kind: 'file' as const },
    ];
    const job = jobOf('', {
      program: { kind: 'stage', bundle: '/bundle.mjs', packages: { sharp: '/project/node_modules/sharp' }, readable },
    });
    const { command } = programOf({ specification: job, secrets: {} }, { ...runtime, nodeMajor });
    const reads = command.filter((text) => text.startsWith('--allow-fs-read=')).map((text) => text.slice('--allow-fs-read='.length));
    expect(command[0]).toBe('/node');
    expect(command).toContain(flag);
    expect(reads).toEqual(expect.arrayContaining(['/data/images/*', '/data/list.csv', '/project/node_modules/*', `${job.folder}/*`]));
    // Node 20 loses a grant when a narrower one stands beside it.
    expect(reads).not.toContain('/data/images/one.png');
    // Folders of /proc lead to every file.
    expect(reads.filter((path) => /^\/(?:proc|sys|etc|usr)\b.*\*$/.test(path))).toEqual([]);
    expect(command.filter((text) => text.startsWith('--allow-fs-write=')).join()).not.toContain('/data');
  });
});

describe('what a program does', () => {
  test('a flood of progress is told now and then, the last of it always', async () => {
    const { events } = await execute(stageOf('for (let i = 1; i <= 5000; i += 1) context.progress(i, 5000);'));
    const told = events.flatMap((event) => (event.type === 'node-progress' ? [event.done] : []));
    expect(told.length).toBeLessThan(2500);
    expect(told.at(-1)).toBe(5000);
  });

  test('a line without end is cut, and what it hides stays hidden at the cut', async () => {
    const secret = 'canary-4711-secret';
    const job = jobOf(`head -c 65530 /dev/zero | tr '\\0' x; printf %s "\${TOKEN%??????????}"
      sleep 0.3; printf %s "\${TOKEN#????????}"; head -c 200000 /dev/zero | tr '\\0' y`);
    const { events } = await execute(job, { TOKEN: secret });
    const printed = lines(events);
    expect(printed.length).toBeGreaterThan(1);
    expect(Math.max(...printed.map(({ length }) => length))).toBeLessThan(300_000);
    expect(printed.join('')).toBe(`${'x'.repeat(65530)}[secret]${'y'.repeat(200_000)}`);
    expect(readFileSync(job.log, 'utf8').replaceAll('\n', '')).toBe(printed.join(''));
  });

  test('secrets are blotted out of the names and facts that it tells, in any form, and are not cut, and out of its metrics file', async () => {
    const secret = 'canary "4711" & more';
    const forms = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
    const stage = stageOf(
      `for (const form of ${JSON.stringify(forms)}) { context.metric('m ' + form, 1); context.progress(1, 2, form); console.error(form); }
      context.metric('__proto__', 2);
      throw new Error('x'.repeat(1990) + process.env.TOKEN, { cause: process.env.TOKEN });`,
      { secrets: ['TOKEN'] },
    );
    const thrown = await execute(stage, { TOKEN: secret });
    const written = JSON.stringify({ [`x ${secret}`]: 1, ['constructor']: 2 });
    const command = jobOf('printf %s "$metrics" > m.json', { params: { metrics: written } }, 'm.json');
    const { exit } = await execute(command, { TOKEN: secret });
    const all = JSON.stringify([thrown, exit]) + readFileSync(stage.log, 'utf8');
    for (const form of forms) expect(all).not.toContain(JSON.stringify(form).slice(1, -5));
    expect(JSON.stringify(thrown.exit)).not.toContain('canary');
    expect(exit).toMatchObject({ ended: 'done', metrics: { 'x [secret]': 1, constructor: 2 } });
  });

  test('secrets are blotted out of what it says of its progress and its failure', async () => {
    const secret = 'canary-4711-secret';
    const { exit, events } = await execute(
      stageOf("const { TOKEN } = process.env; context.progress(1, 2, 'by ' + TOKEN); context.fail('no ' + TOKEN, 'not ' + TOKEN);"),
      { TOKEN: secret },
    );
    expect(JSON.stringify({ exit, events })).not.toContain(secret);
    expect(exit).toMatchObject({ ended: 'failed', problem: { code: 'stage-failed', message: 'node failed: no [secret]' } });
  });

  test('its time of the processor is known, with that of what it starts', async () => {
    const { exit } = await execute(jobOf('for i in $(seq 1 300000); do :; done; sh -c "for i in 1 2 3; do :; done"'));
    expect(exit.cost.cpuSeconds).toBeGreaterThan(0);
  });

  test.each([
    ['a pipe', 'mkfifo m.json', 'something other than a file'],
    ['a link', 'ln -s /etc/hostname m.json', 'something other than a file'],
    ['a folder', 'mkdir m.json', 'something other than a file'],
    ['nothing', 'true', 'without writing its metrics'],
    ['no JSON', 'echo no > m.json', 'not JSON'],
  ])('%s is no file of metrics', async (_, run, message) => {
    const { exit } = await execute(jobOf(run, {}, 'm.json'));
    expect(exit).toMatchObject({ ended: 'failed', problem: { code: 'bad-metrics', message: expect.stringContaining(message) } });
  });
});

describe('what the system does not start', () => {
  test.each([
    ['a variable with a NUL character', { params: { text: 'a\0b' } }, 'NUL character', 'NUL character'],
    ['more than a program can be given', { params: { text: 'x'.repeat(3_000_000) } }, 'E2BIG', 'put what is long into a file'],
    ['a working folder that is gone', { folder: '/nowhere/at/all' }, 'ENOENT', ''],
  ])('%s is told with its cause', async (_, more, message, hint) => {
    const log = join(emptyFolder(), 'node.log');
    const { exit } = await execute(jobOf('true', { ...more, log }));
    expect(exit).toMatchObject({ ended: 'failed', problem: { code: 'not-started', message: expect.stringContaining(message) } });
    expect(exit.ended === 'failed' ? (exit.problem.hint ?? '') : '').toContain(hint);
  });
});

test('a time limit longer than a timer can wait does not fire at once', () => {
  vi.useFakeTimers();
  try {
    const asked: string[] = [];
    const hours = 1000;
    const stopper = new Stopper(
      { asked: never, forced: never },
      { timeout: hours * 3600 },
      {
        ask: () => asked.push('ask'),
        kill: () => asked.push('kill'),
      },
    );
    vi.advanceTimersByTime((hours * 3600 - 1) * 1000);
    expect(asked).toEqual([]);
    vi.advanceTimersByTime(1000);
    expect(asked).toEqual(['ask']);
    expect(stopper.reason).toBe('timeout');
    vi.advanceTimersByTime(10_000);
    expect(asked).toEqual(['ask', 'kill']);
    stopper.dispose();
  } finally {
    vi.useRealTimers();
  }
});

test('a run-job can be started by hand on a folder', () => {
  const job = jobOf(`echo hello; echo '{"score": 1}' > m.json`, {}, 'm.json');
  execFileSync('sh', ['-c', 'cat > "$0/job.json"', job.folder], { input: sealedJson(job) });
  execFileSync(process.execPath, ['dist/executors/job/run-job.js', job.folder]);
  expect(JSON.parse(readFileSync(join(job.folder, 'exit.json'), 'utf8'))).toMatchObject({ ended: 'done', metrics: { score: 1 } });
  expect(readFileSync(join(job.folder, 'events.jsonl'), 'utf8')).toBe(
    `${sealedLine('{"type":"node-log","node":"node","line":"hello"}')}\n`,
  );
  expect(existsSync(join(job.folder, 'stop'))).toBe(false);
});

test('a stage that warns is done all the same: who watches is told, and the log', async () => {
  const { exit, events } = await executeStage("context.warn('to be doubted'); fs.writeFileSync(context.outputs.out, 'made');", {
    folder: emptyFolder(),
  });
  expect(exit.ended).toBe('done');
  expect(events).toContainEqual({ type: 'notice', level: 'warning', node: expect.any(String), message: 'to be doubted' });
  expect(lines(events)).toContain('warning: to be doubted');
});

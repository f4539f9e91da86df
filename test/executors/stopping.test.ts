import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { Segments } from '../../src/stores/local/segments/segments.ts';
import { checkout, emptyFolder, isAlive, stillroom, write } from '../rig.ts';

interface Started {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly coordinator: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

const slow = `name: slow
stages:
  first: { run: 'echo 1 > "$out"', out: { out: out.txt } }
  works:
    run: |
      echo $$ >> "$PIDS"
      sleep 600 & echo $! >> "$PIDS"
      setsid sleep 600 & echo $! >> "$PIDS"
      TRAP
      cat "$text" > "$out"; echo half >> "$out"
      echo ready >> "$PIDS"
      while test ! -e "$RELEASE"; do sleep 0.1 || true; done
      kill %1 %2
      echo whole >> "$out"
    in: { text: first.out }
    env: { PIDS: "PIDS", RELEASE: "RELEASED" }
    out: { out: out.txt }
  later: { run: 'cat "$text" > "$out"', in: { text: works.out }, out: { out: out.txt } }
`;

const all: Started[] = [];

afterAll(() => {
  // Nothing of a test that failed stays behind.
  for (const started of all) {
    started.coordinator.kill('SIGKILL');
    for (const pid of existsSync(join(started.folder, 'pids')) ? livingIn(started) : []) process.kill(pid, 'SIGKILL');
  }
});

function start(folder: string, env: Record<string, string> = {}): Started {
  const coordinator = spawn(process.execPath, [join(checkout, 'dist/cli.js'), 'run', 'pipeline.yaml'], {
    cwd: folder,
    env: { ...process.env, CI: '1', ...env },
    stdio: 'ignore',
  });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    coordinator.on('exit', (code, signal) => resolve({ code, signal })),
  );
  const started = { folder, env, coordinator, ended };
  all.push(started);
  return started;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(20);
}

/** A run of `slow` whose node `works` has come to where it waits; `grace` is what it has to end when it is asked to. */
async function startSlow(trap = '', grace = '8s'): Promise<Started> {
  const folder = emptyFolder();
  const text = slow
    .replace('TRAP', trap)
    .replace('"PIDS"', JSON.stringify(join(folder, 'pids')))
    .replace('"RELEASED"', JSON.stringify(join(folder, 'released')));
  write(folder, {
    'artifacts/.gitignore': '*\n',
    'package.json': '{}',
    'stillroom.yaml': `executors: { local: { kind: process, grace: ${grace} } }\n`,
    'pipeline.yaml': text,
  });
  const started = start(folder);
  await until(() => existsSync(join(folder, 'pids')) && readFileSync(join(folder, 'pids'), 'utf8').includes('ready'));
  return started;
}

function livingIn({ folder }: Started): number[] {
  return readFileSync(join(folder, 'pids'), 'utf8')
    .trim()
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0 && isAlive(pid));
}

/** Lets the node end, runs again, and checks that only what had not come to a result is executed. */
async function expectToGoOn({ folder }: Started, pipeline = 'pipeline.yaml'): Promise<void> {
  appendFileSync(join(folder, 'released'), '');
  const again = await stillroom(folder, ['run', pipeline, '--json']);
  expect(again.json.executed).toEqual(['works', 'later']);
  expect(again.json.reused).toEqual(['first']);
  expect(readFileSync(again.json.outputs?.['later.out'] ?? '', 'utf8')).toBe('1\nhalf\nwhole\n');
  expect(readdirSync(join(folder, 'artifacts/scratch'))).toEqual([]);
}

async function lastRun(folder: string): Promise<string | undefined> {
  return (await stillroom(folder, ['runs', '--json'])).json.runs?.[0]?.state;
}

describe.concurrent('a run that is stopped', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s ends with exit code %i, leaves no process and no half result, and goes on later', async (signal, code) => {
    const started = await startSlow();
    started.coordinator.kill(signal);
    expect(await started.ended).toEqual({ code, signal: null });
    expect(livingIn(started)).toEqual([]);
    expect(await lastRun(started.folder)).toBe('cancelled');
    expect(existsSync(join(started.folder, 'artifacts/latest'))).toBe(false);
    await expectToGoOn(started);
  });

  test('by a second Ctrl-C does not wait for a node that ignores the first', async () => {
    const started = await startSlow('trap \'echo asked >> "$PIDS"\' TERM', '10m');
    started.coordinator.kill('SIGINT');
    await until(() => readFileSync(join(started.folder, 'pids'), 'utf8').includes('asked'));
    expect(started.coordinator.exitCode).toBeNull();
    started.coordinator.kill('SIGINT');
    expect(await started.ended).toEqual({ code: 130, signal: null });
    expect(livingIn(started)).toEqual([]);
    await expectToGoOn(started);
  });

  test('by one Ctrl-C kills a node that ignores it', async () => {
    const started = await startSlow("trap '' TERM INT", '0s');
    started.coordinator.kill('SIGINT');
    expect(await started.ended).toEqual({ code: 130, signal: null });
    expect(livingIn(started)).toEqual([]);
  });

  test('by a kill of its coordinator takes its processes along, and the next run recovers by itself', async () => {
    const started = await startSlow("trap '' TERM INT");
    started.coordinator.kill('SIGKILL');
    expect(await started.ended).toEqual({ code: null, signal: 'SIGKILL' });
    await until(() => livingIn(started).length === 0);
    expect(await lastRun(started.folder)).toBe('interrupted');
    await expectToGoOn(started);
  });
});

test('two runs at once on one store execute equal work once', async () => {
  const folder = emptyFolder();
  write(folder, {
    'artifacts/.gitignore': '*\n',
    'pipeline.yaml': `name: shared
stages:
  work: { run: 'echo x >> "$COUNTER"; sleep 1; echo done > "$out"', env: [COUNTER], out: { out: out.txt } }
  more: { run: 'cat "$text" > "$out"; echo y >> "$COUNTER"', env: [COUNTER], in: { text: work.out }, out: { out: out.txt } }
`,
  });
  const env = { COUNTER: join(folder, 'counter') };
  const args = ['run', 'pipeline.yaml', '--json'];
  const both = await Promise.all([stillroom(folder, args, { env }), stillroom(folder, args, { env })]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect(readFileSync(env.COUNTER, 'utf8')).toBe('x\ny\n');
  expect(both.flatMap(({ json }) => json.executed).sort()).toEqual(['more', 'work']);
  expect(both[0]?.json.hash).toBe(both[1]?.json.hash);
});

describe.concurrent('a stage with checkpoints', () => {
  const stage = `import { defineStage, param } from 'stillroom';
export default defineStage({
  about: 'Counts slowly.',
  params: { to: param.budget(), pause: param.int() },
  outputs: { out: 'file.txt' },
  run: () => import('./run.ts'),
});
`;
  const run = `import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { work } from 'stillroom';
import type stage from './stage.ts';
export default work<typeof stage>(async ({ params, outputs, checkpoint, signal, log }) => {
  const start = checkpoint.folder === undefined ? 0 : Number(readFileSync(join(checkpoint.folder, 'step.txt'), 'utf8'));
  log(\`starts at \${start}\`);
  for (let step = start + 1; step <= params.to; step += 1) {
    await checkpoint.save((folder) => writeFileSync(join(folder, 'step.txt'), String(step)));
    await sleep(step === 3 ? params.pause : 10, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return writeFileSync(outputs.out, 'half');
  }
  writeFileSync(outputs.out, \`counted to \${params.to}\`);
});
`;
  const startCounting = async (): Promise<Started> => {
    const folder = emptyFolder();
    write(folder, {
      'artifacts/.gitignore': '*\n',
      'pipeline.yaml': 'name: counting\nstages:\n  count: { uses: count, with: { to: 5, pause: 4000 } }\n',
      'stages/count/stage.ts': stage,
      'stages/count/run.ts': run,
    });
    const started = start(folder);
    await until(() => checkpointOf(folder, 3) !== undefined);
    return started;
  };
  const checkpointOf = (folder: string, number: number): string | undefined => {
    const root = join(folder, 'artifacts/checkpoints');
    const [work = ''] = existsSync(root) ? readdirSync(root) : [];
    const path = join(root, work, `complete-${number}`);
    return existsSync(path) ? path : undefined;
  };
  const resume = async (folder: string, set = 'count.to=5'): Promise<string> => {
    const again = await stillroom(folder, ['run', 'pipeline.yaml', '--set', set, '--json']);
    expect(again.json.executed).toEqual(['count']);
    expect(readFileSync(again.json.outputs?.['count.out'] ?? '', 'utf8')).toBe(`counted to ${set.split('=')[1]}`);
    return readFileSync(join(folder, 'artifacts/logs', again.json.run ?? '', 'count.log'), 'utf8').trim();
  };

  test('goes on from the last one after a kill, and a larger budget from the end', async () => {
    const { folder, coordinator, ended } = await startCounting();
    coordinator.kill('SIGKILL');
    await ended;
    expect(await resume(folder)).toBe('starts at 3');
    expect(await resume(folder, 'count.to=7')).toBe('starts at 5');
    const numbers = Array.from({ length: 8 }, (_, number) => number);
    expect(numbers.filter((number) => checkpointOf(folder, number) !== undefined)).toEqual([7]);
  });

  test('leaves no result when it is stopped, even if it ends by itself then', async () => {
    const { folder, coordinator, ended } = await startCounting();
    coordinator.kill('SIGTERM');
    expect((await ended).code).toBe(143);
    expect([...new Segments(join(folder, 'artifacts')).keys('result')]).toEqual([]);
    expect(await resume(folder)).toBe('starts at 3');
  });

  test.each(['changed', 'incomplete'])('does not use one that is %s, but the one before it', async (how) => {
    const { folder, coordinator, ended } = await startCounting();
    coordinator.kill('SIGKILL');
    await ended;
    const file = join(checkpointOf(folder, 3) ?? '', 'step.txt');
    if (how === 'changed') appendFileSync(file, '9');
    else rmSync(file);
    expect(await resume(folder)).toBe('starts at 2');
  });
});

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { executeJob } from '../../src/executors/job/execute.ts';
import type { Supervisor } from '../../src/executors/job/supervisor.ts';
import type { ExitRecord, JobSpecification } from '../../src/model/job.ts';
import { isAlive } from '../rig.ts';
import { jobOf, stageOf } from './specification.ts';

const never = new AbortController().signal;

function execute(specification: JobSpecification, supervisor: Supervisor): Promise<ExitRecord> {
  return executeJob({ specification, secrets: {}, lock: undefined, supervisor }, () => undefined, { asked: never, forced: never });
}

const fileOf = ({ folder }: JobSpecification, name: string): string => readFileSync(join(folder, 'work', name), 'utf8').trim();

describe.concurrent.each(['launched', 'compiled', 'shell'] as const)('a program under the supervisor: %s', (supervisor) => {
  test('is given its standard streams and nothing else of what its supervisor has', async () => {
    const job = jobOf(
      'for i in 0 1 2 3 4 5 6 7 8 9; do if { true >&$i; } 2>/dev/null || { true <&$i; } 2>/dev/null; then echo $i; fi; done > open',
    );
    expect((await execute(job, supervisor)).ended).toBe('done');
    // The shell's own output is redirected to the file.
    expect(fileOf(job, 'open').split('\n')).toEqual(['0', '1', '2']);
  });

  test('takes what is left along, and the log says so', async () => {
    const job = jobOf('setsid sleep 600 </dev/null >/dev/null 2>&1 & echo $! > pid; setsid sleep 600 & echo $! >> pid; sleep 0.2');
    expect((await execute(job, supervisor)).ended).toBe('done');
    expect(fileOf(job, 'pid').split('\n').map(Number).filter(isAlive)).toEqual([]);
    expect(readFileSync(job.log, 'utf8')).toBe('2 processes that it left running were ended\n');
  });

  test('does not wait for one that hides and has its output open', async () => {
    const hidden = 'while [ -n "$(tr -d "\\0" < /proc/$!/environ)" ]; do sleep 0.01; done';
    const job = jobOf(`env -i setsid sleep 600 & echo $! > pid; ${hidden}; echo said`);
    const exit = await execute(job, supervisor);
    const pid = Number(fileOf(job, 'pid'));
    expect(exit).toMatchObject({ ended: 'done', last: expect.arrayContaining(['said']) });
    expect(isAlive(pid)).toBe(supervisor === 'shell');
    if (supervisor === 'shell') process.kill(pid, 'SIGKILL');
  });

  test.each([
    ['its exit code', 'exit 3', 'exit-code', 'ended with exit code 3'],
    ['its signal', 'kill -SEGV $$', 'killed', 'was killed by SIGSEGV'],
    ['that it is missing', 'exec no-such-program', 'exit-code', 'the program "no-such-program" was not found'],
    ['that its supervisor was killed', 'kill -KILL $PPID; sleep 600', 'killed', 'SIGKILL'],
  ])('fails with %s', async (_, run, code, message) => {
    const exit = await execute(jobOf(run), supervisor);
    expect(exit).toMatchObject({ ended: 'failed', problem: { code, message: expect.stringContaining(message) } });
  });

  test('tells what it measures if it is a stage', async () => {
    const exit = await execute(stageOf("context.metric('score', 2);"), supervisor);
    expect(exit).toMatchObject({ ended: 'done', metrics: { score: 2 } });
    expect(exit.cost.cpuSeconds).toBeGreaterThan(0);
  });
});

test.each([
  ['the inner one', 'kill -KILL $PPID'],
  ['the outer one', 'read -r _ _ _ parent _ < /proc/$PPID/stat; kill -KILL $parent'],
])('what hides is ended even if the supervisor is killed: %s', async (_, kill) => {
  const job = jobOf(`env -i setsid sleep 600 & echo $! > pid; sleep 0.3; ${kill}; sleep 600`);
  expect(await execute(job, 'compiled')).toMatchObject({ ended: 'failed', problem: { code: 'killed' } });
  expect(isAlive(Number(fileOf(job, 'pid')))).toBe(false);
});

test('one that halts itself can be asked to end all the same', async () => {
  const asked = new AbortController();
  const job = jobOf(`trap 'echo saved > out; exit' TERM; echo > ready; kill -STOP $$`);
  const ended = executeJob({ specification: job, secrets: {}, lock: undefined, grace: 600_000 }, () => undefined, {
    asked: asked.signal,
    forced: never,
  });
  const isHalted = (): boolean => existsSync(join(job.folder, 'work', 'ready'));
  while (!isHalted()) await new Promise((resolve) => setTimeout(resolve, 20));
  asked.abort();
  expect((await ended).ended).toBe('stopped');
  expect(fileOf(job, 'out')).toBe('saved');
});

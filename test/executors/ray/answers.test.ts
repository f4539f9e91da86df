import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { open } from '../../../src/executors/ray/executor.ts';
import { shareLock, tryLockFile } from '../../../src/files/lock.ts';
import { writeSealed } from '../../../src/files/sealed.ts';
import type { Executor, JobEvent, Need, Stop } from '../../../src/model/executor.ts';
import { type ExitRecord, JOB_FILE, type JobSpecification } from '../../../src/model/job.ts';
import type { JsonObject } from '../../../src/model/json.ts';
import { emptyFolder } from '../../rig.ts';
import { attemptIn } from '../attempt-in.ts';
import { asker } from '../fake.ts';
import { FakeRay, fails, lost } from './fake-ray.ts';

vi.setConfig({ testTimeout: 60_000 });

const never = new AbortController().signal;
const SUBMIT = /^POST \/api\/jobs\/$/;
const cache = emptyFolder();
let ray: FakeRay;

beforeAll(async () => {
  ray = await new FakeRay(emptyFolder()).start();
  // Once: what is asked of its machines is no matter of these tests.
  await opened();
});
beforeEach(() => ray.reset());
afterAll(() => ray.end());

async function opened(settings: JsonObject = {}): Promise<Executor> {
  const environment = { PATH: process.env['PATH'], XDG_CACHE_HOME: cache };
  const outcome = await open({ name: 'far', settings: { address: ray.address, poll: '0.1s', ...settings }, engines: {}, environment });
  if (!outcome.ok) throw new Error(outcome.problems[0]?.message);
  return outcome.value;
}

const WAITS = 'echo x >> count; while test ! -e released; do sleep 0.02; done; echo whole > out.txt';

const LOSES =
  'pid=$PPID; until grep -q cluster/jo[b] /proc/$pid/cmdline; do read -r _ _ _ pid _ < /proc/$pid/stat; done; kill -KILL $pid; sleep 600';

function attempt(run: string, more: Partial<JobSpecification> = {}): JobSpecification {
  const folder = emptyFolder();
  for (const name of ['work', 'home', 'tmp']) mkdirSync(join(folder, name));
  const outputs = { out: { path: 'out.txt', kind: 'file' } } as const;
  const specification = attemptIn(folder, { kind: 'command', run }, { executor: 'far', node: 'works', outputs, ...more });
  writeSealed(join(folder, JOB_FILE), specification);
  return specification;
}

const release = ({ folder }: JobSpecification): void => writeFileSync(join(folder, 'work', 'released'), '');

/** How often an attempt has begun. */
function count({ folder }: JobSpecification): number {
  const file = join(folder, 'work', 'count');
  return existsSync(file) ? readFileSync(file, 'utf8').length / 2 : 0;
}

async function begun(job: JobSpecification): Promise<void> {
  while (count(job) === 0) await sleep(10);
}

interface Going {
  readonly events: readonly JobEvent[];
  readonly exit: Promise<ExitRecord>;
}

async function execute(
  executor: Executor,
  specification: JobSpecification,
  { need = { alone: false, gpu: 0 }, stop = { asked: never, forced: never } }: { readonly need?: Need; readonly stop?: Stop } = {},
): Promise<Going> {
  const hold = await executor.hold(need, asker());
  const lock = shareLock(tryLockFile(join(specification.folder, 'lock')));
  if (hold === undefined || lock === undefined) throw new Error('the executor is not free');
  const events: JobEvent[] = [];
  const exit = executor.execute({ specification, secrets: {}, lock, hold }, (event) => events.push(event), stop);
  return {
    events,
    exit: exit.finally(() => {
      lock.release();
      hold.release();
    }),
  };
}

const problemOf = async ({ exit }: Going) => ((await exit) as { readonly problem?: unknown }).problem;
const notices = ({ events }: Going): string => events.map((event) => ('message' in event ? event.message : '')).join('\n');

describe('Ray that answers otherwise than it should', () => {
  test('has taken a job although its answer was lost: it is begun once', async () => {
    const executor = await opened();
    ray.faults.push({ on: SUBMIT, left: 1, fault: lost });
    const job = attempt('echo x >> count; echo > out.txt');
    const going = await execute(executor, job);
    expect((await going.exit).ended).toBe('done');
    expect(count(job)).toBe(1);
    expect([...ray.jobs.keys()].filter((id) => id.startsWith('still-attempt'))).toHaveLength(1);
    expect(ray.asked.filter((asked) => SUBMIT.test(asked))).toHaveLength(2);
  });

  test('is waited for while it takes no job, and that is told', async () => {
    const executor = await opened();
    ray.faults.push({ on: SUBMIT, left: 1, fault: fails(500, 'No available agent to submit job, please try again later.') });
    const going = await execute(executor, attempt('echo > out.txt'));
    expect((await going.exit).ended).toBe('done');
    expect(notices(going)).toContain('takes no job now: No available agent');
  });

  test('is not waited for by a run that is stopped', async () => {
    const executor = await opened();
    const asked = new AbortController();
    ray.faults.push({ on: SUBMIT, left: 1, fault: () => asked.abort() });
    const job = attempt(WAITS);
    const going = await execute(executor, job, { stop: { asked: asked.signal, forced: never } });
    expect((await going.exit).ended).toBe('stopped');
    expect(count(job)).toBe(0);
  });

  test('may be cut short or say nothing of use when it is asked of a job', async () => {
    const executor = await opened();
    const cut = { on: /^GET \/api\/jobs\/still-attempt/, left: 1, fault: lost };
    ray.faults.push(cut, { ...cut, fault: fails(502, '<html>Bad Gateway</html>') }, { ...cut, fault: fails(200, '{"status":') });
    const going = await execute(executor, attempt(LOSES));
    expect(await problemOf(going)).toMatchObject({ code: 'lost', message: expect.stringContaining('exit code -9') });
  });

  test.each([
    [
      fails(400, "Traceback\nTypeError: JobSubmitRequest.__init__() got an unexpected keyword argument 'x'"),
      "unexpected keyword argument 'x'",
    ],
    [fails(405, "'POST' method not allowed for browser traffic."), 'for those of a browser'],
    [fails(404, '404: Not Found'), 'knows no jobs of Ray'],
    [fails(302, ''), 'knows no jobs of Ray'],
  ])('refuses a job in its words, %#', async (fault, message) => {
    const executor = await opened();
    ray.faults.push({ on: SUBMIT, left: 1, fault });
    const problem = await problemOf(await execute(executor, attempt(WAITS)));
    expect(problem).toMatchObject({ kind: 'usage', code: 'cluster-refused', message: expect.stringContaining(message) });
  });
});

describe('a Ray that is gone', () => {
  test('is not needed by a job that goes on: what it writes is the truth', async () => {
    const executor = await opened();
    const job = attempt(WAITS);
    const going = await execute(executor, job);
    await begun(job);
    await ray.end('go on');
    release(job);
    expect((await going.exit).ended).toBe('done');
    expect(count(job)).toBe(1);
    await ray.start();
  });

  test('and came back without its jobs has interrupted them', async () => {
    const executor = await opened();
    const job = attempt(WAITS);
    const going = await execute(executor, job);
    await begun(job);
    await ray.end();
    await ray.start();
    expect(await problemOf(going)).toMatchObject({ code: 'interrupted', message: expect.stringContaining('nobody knows its job') });
  });

  test('and came back without one that had not begun: it is begun anew, and never twice', async () => {
    const executor = await opened();
    ray.machines = [];
    const job = attempt(WAITS);
    const going = await execute(executor, job);
    while (ray.jobs.size < 1) await sleep(10);
    await ray.end();
    await ray.start();
    expect(await problemOf(going)).toMatchObject({ code: 'interrupted' });
    expect(existsSync(join(job.folder, JOB_FILE))).toBe(false);
  });
});

describe('a job that Ray ends', () => {
  test.each([
    ['The actor died because its node has died. Node Id: 13f5', 'interrupted', 'its machine is gone'],
    ['1 worker(s) were killed due to the node running low on memory.', 'out-of-memory', 'no memory was left'],
    ['The actor is dead because its worker process has died.', 'lost', 'its worker process has died'],
  ])('says why: %s', async (reason, code, message) => {
    const executor = await opened();
    const job = attempt(WAITS);
    const going = await execute(executor, job);
    await begun(job);
    ray.kill(`still-${job.attempt}`, reason);
    expect(await problemOf(going)).toMatchObject({ code, message: expect.stringContaining(message) });
  });

  test('on a machine that does not see its folder says so', async () => {
    const executor = await opened();
    ray.machines = [];
    const job = attempt(WAITS);
    const going = await execute(executor, job);
    while (ray.jobs.size < 1) await sleep(10);
    renameSync(job.folder, `${job.folder}.away`);
    ray.machines = [{ CPU: 4 }];
    ray.begin();
    const isOver = (): boolean => [...ray.jobs.values()].every(({ status }) => status === 'SUCCEEDED');
    while (!isOver()) await sleep(10);
    renameSync(`${job.folder}.away`, job.folder);
    expect(await problemOf(going)).toMatchObject({ code: 'cluster-refused', message: expect.stringContaining('does not see the folder') });
  });
});

describe('a job that Ray gives up, since it found no machine for a quarter of an hour', () => {
  test('is given to it again where machines are only busy', async () => {
    const executor = await opened();
    const job = attempt(WAITS, { resources: { cpu: 4, gpu: 0, memory: 0 } });
    const other = attempt(WAITS, { resources: { cpu: 4, gpu: 0, memory: 0 } });
    const [first, second] = [await execute(executor, job), await execute(executor, other)];
    await begun(job);
    while (!notices(second).includes('for a machine with room for it (4 CPU)')) await sleep(10);
    ray.giveUp(`still-${other.attempt}`);
    while (!ray.jobs.has(`still-${other.attempt}-2`)) await sleep(10);
    release(job);
    release(other);
    expect((await first.exit).ended).toBe('done');
    expect((await second.exit).ended).toBe('done');
    expect(count(other)).toBe(1);
  });

  test('fails where no machine is large enough', async () => {
    const executor = await opened();
    const job = attempt(WAITS, { resources: { cpu: 1, gpu: 8, memory: 0 } });
    const going = await execute(executor, job);
    while (!notices(going).includes('no machine that Ray has now is as large as it asks for (1 CPU, 8 GPU)')) await sleep(10);
    ray.giveUp(`still-${job.attempt}`);
    expect(await problemOf(going)).toMatchObject({ code: 'cluster-refused', message: expect.stringContaining('1 CPU, 8 GPU') });
  });
});

describe('what is asked of Ray', () => {
  const submitted = async (settings: JsonObject, job: JobSpecification, need?: Need) => {
    const going = await execute(await opened(settings), job, need === undefined ? {} : { need });
    await going.exit;
    return ray.jobs.get(`still-${job.attempt}`)?.submission;
  };

  test('is what the node asks for, and at least what the executor says', async () => {
    ray.machines = [{ CPU: 8, GPU: 2, memory: 64e9, fast: 1 }];
    const settings = { cpus: 2, gpus: 1, memory: '2GiB', resources: { fast: 0.5 } };
    const asked = { entrypoint_num_cpus: 2, entrypoint_num_gpus: 1, entrypoint_memory: 2 ** 31, entrypoint_resources: { fast: 0.5 } };
    expect(await submitted(settings, attempt('echo > out.txt'))).toMatchObject(asked);
    const large = attempt('echo > out.txt', { resources: { cpu: 6, gpu: 2, memory: 2 ** 33 } });
    expect(await submitted(settings, large)).toMatchObject({ entrypoint_num_cpus: 6, entrypoint_num_gpus: 2, entrypoint_memory: 2 ** 33 });
  });

  test('is all of the largest machine by a node that measures: it is alone there', async () => {
    ray.machines = [{ CPU: 4 }, { CPU: 16 }];
    expect(await submitted({}, attempt('echo > out.txt'), { alone: true, gpu: 0 })).toMatchObject({ entrypoint_num_cpus: 16 });
  });

  test('is no more than so many jobs at once', async () => {
    expect((await opened({ jobs: 3 })).capacity.nodes).toBe(3);
  });
});

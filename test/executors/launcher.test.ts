import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { executeJob } from '../../src/executors/job/execute.ts';
import { type FileLock, lockPart, shareLock, tryLockFile } from '../../src/files/lock.ts';
import { JOB_FILE, type ExitRecord, type JobSpecification } from '../../src/model/job.ts';
import { emptyFolder, isAlive } from '../rig.ts';
import { jobOf } from './specification.ts';

const never = new AbortController().signal;

interface Told {
  readonly lines: string[];
  readonly exit: Promise<ExitRecord>;
}

function execute(specification: JobSpecification, lock?: FileLock): Told {
  const lines: string[] = [];
  const job = { specification, secrets: {}, lock, supervisor: 'launched' } as const;
  const exit = executeJob(job, (event) => event.type === 'node-log' && lines.push(event.line), { asked: never, forced: never });
  return { lines, exit };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(5);
}

const fileOf = ({ folder }: JobSpecification, name: string): string => {
  const path = join(folder, 'work', name);
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
};

/** A command that tells the pids of its launcher, of one that hides from it, and its own, and waits. */
const TELLS = `env -i setsid sleep 600 & hidden=$!
pid=$$; for up in 1 2 3; do read -r _ _ _ pid _ < /proc/$pid/stat; done
echo $pid $hidden $$ > pids; sleep 600`;

async function pidsOf(job: JobSpecification): Promise<[launcher: number, hidden: number, own: number]> {
  await until(() => fileOf(job, 'pids') !== '');
  return fileOf(job, 'pids').split(' ').map(Number) as [number, number, number];
}

const ATTRIBUTES = spawnSync('python3', ['-c', 'import os, sys; os.setxattr(sys.argv[1], "user.x", b"1")', emptyFolder()]).status === 0;

/** What came of a command in folders that all have the same rights, as those of a store. */
function executeAsNew(run: string | readonly string[]): Promise<ExitRecord> {
  const job = jobOf(run);
  chmodSync(job.folder, statSync(join(job.folder, 'work')).mode);
  return execute(job).exit;
}

test('folders that are as new but for the working folder can be given to another attempt', async () => {
  expect(await executeAsNew('echo > left; mkdir -p deep/er')).toMatchObject({ ended: 'done', isPlain: true });
});

test.each([
  ['with something in one that it does not work in', 'echo > ../home/left'],
  ['with something hidden in one', 'echo > ../tmp/.left'],
  ['of which one has other rights', 'chmod 777 ../home'],
  ['of which the outer one has other rights', 'chmod 711 ..'],
  ['of which the working folder has other rights', 'chmod 755 . && chmod g+s .'],
  ['of which one is a link by now', 'rmdir ../tmp && ln -s work ../tmp'],
  ['of which one is gone', 'rmdir ../home'],
  ['of which that of checkpoints holds something', 'echo > "$STILLROOM_CHECKPOINT/left"'],
  ['of which that of checkpoints has other rights', 'chmod 711 "$STILLROOM_CHECKPOINT"'],
])('those cannot %s', async (_, run) => {
  const exit = await executeAsNew(run);
  expect(exit.ended).toBe('done');
  expect(exit).not.toHaveProperty('isPlain');
});

test.runIf(ATTRIBUTES).each(['.', '..', '../home', '../tmp'])('nor can those with attributes of their own: %s', async (folder) => {
  const exit = await executeAsNew(['python3', '-c', `import os; os.setxattr("${folder}", "user.x", b"1")`]);
  expect(exit.ended).toBe('done');
  expect(exit).not.toHaveProperty('isPlain');
});

test('many programs at once do not mix what they say, and leave no character cut', async () => {
  const said = Array.from({ length: 12 }, (_, index) => {
    const word = `${index}-äöü€𝄞`;
    return { word, told: execute(jobOf(['bash', '-c', `for i in {1..2000}; do echo "${word}"; done; printf end`])) };
  });
  for (const { word, told } of said) {
    expect((await told.exit).ended).toBe('done');
    expect(told.lines).toEqual([...Array.from({ length: 2000 }, () => word), 'end']);
  }
});

test('one that prints without end stops none of the others', async () => {
  const flood = jobOf('while ! test -e enough; do echo flood; done');
  const flooding = execute(flood);
  for (let round = 0; round < 3; round += 1) expect((await execute(jobOf('echo said')).exit).ended).toBe('done');
  writeFileSync(join(flood.folder, 'work', 'enough'), '');
  expect((await flooding.exit).ended).toBe('done');
});

test.each([
  ['a file', (file: string) => file],
  ['a part of a file', (file: string) => lockPart(file, 'a work')],
])('holds the lock on a work as long as anything of it lives, where it is that of %s', async (_, pathOf) => {
  const file = join(emptyFolder(), 'lock#1');
  const path = pathOf(file);
  const lock = shareLock(tryLockFile(path) as FileLock);
  const job = jobOf('echo ready > ready; until test -e go; do sleep 0.01; done');
  const { exit } = execute(job, lock);
  await until(() => fileOf(job, 'ready') !== '');
  lock.release();
  expect([tryLockFile(path), tryLockFile(file)]).toEqual([undefined, undefined]);
  const other = tryLockFile(lockPart(file, 'another work'));
  expect(other === undefined).toBe(path === file);
  other?.release();
  writeFileSync(join(job.folder, 'work', 'go'), '');
  expect((await exit).ended).toBe('done');
  const free = tryLockFile(path);
  expect(free).toBeDefined();
  free?.release();
});

test('a work whose lock another one has is not started', async () => {
  const path = join(emptyFolder(), 'lock');
  const other = tryLockFile(path) as FileLock;
  const job = jobOf('echo ran > ran');
  const exit = await execute(job, { ...other }).exit;
  other.release();
  expect(exit).toMatchObject({ ended: 'failed', problem: { code: 'not-started' } });
  expect(fileOf(job, 'ran')).toBe('');
});

test('one that is killed takes along what it started, and another takes its place', async () => {
  const [first, second] = [jobOf(TELLS), jobOf(TELLS)];
  const exits = [execute(first).exit, execute(second).exit];
  const [[launcher, ...one], [same, ...two]] = [await pidsOf(first), await pidsOf(second)];
  expect(same).toBe(launcher);
  process.kill(launcher, 'SIGKILL');
  for (const exit of exits) expect(await exit).toMatchObject({ ended: 'failed', problem: { code: 'killed' } });
  expect([...one, ...two].filter(isAlive)).toEqual([]);
  expect((await execute(jobOf('true')).exit).ended).toBe('done');
});

test('though it is halted, all ends with its coordinator', async () => {
  const job = jobOf(TELLS);
  writeFileSync(join(job.folder, JOB_FILE), JSON.stringify(job));
  const coordinator = spawn(process.execPath, [join(import.meta.dirname, 'coordinator.mjs'), 'process', job.folder], {
    env: { ...process.env, XDG_CACHE_HOME: emptyFolder() },
    stdio: 'ignore',
  });
  const [launcher, ...pids] = await pidsOf(job);
  process.kill(launcher, 'SIGSTOP');
  coordinator.kill('SIGKILL');
  await until(() => !pids.some(isAlive));
  process.kill(launcher, 'SIGCONT');
  await until(() => !isAlive(launcher));
});

test('ends with the process that it works for, which it does not keep from ending', async () => {
  const code = `import { launcherHere } from ${JSON.stringify(join(import.meta.dirname, '../../dist/executors/job/launcher.js'))};
    const listener = { printed: [() => {}, () => {}], told: () => {} };
    const program = { command: ['sh', '-c', 'echo $PPID > pid'], env: process.env, folder: process.cwd(), keepsEvents: false, confinement: [] };
    await launcherHere().start(program, { attempt: 'a', lock: undefined, listener }).end();`;
  const folder = emptyFolder();
  const ended = spawn(process.execPath, ['--input-type=module', '-e', code], { cwd: folder, stdio: 'ignore' });
  expect(await new Promise((resolve) => ended.once('exit', resolve))).toBe(0);
  expect(isAlive(Number(readFileSync(join(folder, 'pid'), 'utf8')))).toBe(false);
});

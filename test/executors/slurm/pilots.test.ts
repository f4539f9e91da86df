import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { checkout, emptyFolder, stillroom, write } from '../../rig.ts';
import { type Cluster, startCluster, whyNoSlurm } from './cluster.ts';

const cache = emptyFolder();
let cluster: Cluster;

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

/** A project of many small nodes. */
interface Project {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** What nodes have begun, by their number. */
  readonly begun: () => readonly string[];
  /** What was submitted, a command each. */
  readonly submitted: () => readonly string[];
}

const COUNTS = 'echo "$i" >> "$COUNTER"; sleep 0.1; echo "$i" > "$out"';

/** What its nodes do, how many there are, and more of a node and of the executor. */
function project(run: string, count: number, { node = '', settings = '' } = {}): Project {
  const folder = emptyFolder();
  const points = Array.from({ length: count }, (_, index) => index).join(', ');
  write(folder, {
    'bin/sbatch': `#!/bin/sh\necho "$*" >> ${folder}/submitted\nexec ${cluster.ask('which', 'sbatch').trim()} "$@"\n`,
    'artifacts/.gitignore': '*\n',
    'stillroom.yaml': `executors:\n  cluster: { kind: slurm, poll: 1s${settings} }\n`,
    'pipeline.yaml': `name: small
stages:
  works:
    run: |
      ${run}
    executor: cluster
    matrix: { i: [${points}] }
    with: { i: $i }
    env: { COUNTER: ${join(folder, 'counter')}, RELEASE: ${join(folder, 'release')} }
    out: { out: out.txt }${node === '' ? '' : `\n    ${node}`}
`,
  });
  chmodSync(join(folder, 'bin/sbatch'), 0o755);
  const lines = (name: string): readonly string[] =>
    existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8').trim().split('\n') : [];
  const PATH = `${join(folder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`;
  const env = { XDG_CACHE_HOME: cache, PATH, ...cluster.environment };
  return { folder, env, begun: () => lines('counter'), submitted: () => lines('submitted') };
}

const run = ({ folder, env }: Project) => stillroom(folder, ['run', 'pipeline.yaml', '--json'], { env });

/** Starts a run and stops it once so many nodes have begun. */
async function cutOff(small: Project, count: number, signal: NodeJS.Signals): Promise<number | null> {
  const { folder, env } = small;
  const args = [join(checkout, 'dist/cli.js'), 'run', 'pipeline.yaml'];
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, CI: '1', ...env }, stdio: 'ignore' });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  while (small.begun().length < count) await sleep(20);
  child.kill(signal);
  return ended;
}

/** Waits until there is no job any more. */
async function emptied(): Promise<void> {
  while (cluster.ask('squeue', '-h', '-o', '%i') !== '') await sleep(100);
}

const SMALL = { node: 'timeout: 30s' };

describe.skipIf(whyNoSlurm() !== undefined)('small nodes on Slurm', () => {
  beforeAll(async () => {
    cluster = await startCluster(emptyFolder());
    // Once, so that no two runs ask what machines there are.
    await run(project('echo > "$out"', 1));
  });
  afterAll(() => cluster.stop());

  test('are executed by few jobs, each once, though nothing was known of them', async () => {
    const small = project(COUNTS, 24);
    const ended = await run(small);
    expect(ended.json.executed).toHaveLength(24);
    expect(small.begun().toSorted()).toEqual(Array.from({ length: 24 }, (_, index) => String(index)).toSorted());
    expect(small.submitted().length).toBeLessThan(10);
    await emptied();
    expect(readdirSync(join(small.folder, 'artifacts/scratch'))).toEqual([]);
  });

  test('go on when the run is killed, and the next run takes what they made', async () => {
    const small = project(COUNTS, 30, SMALL);
    await cutOff(small, 5, 'SIGKILL');
    const ended = await run(small);
    // Some were kept before the run was killed.
    expect([...(ended.json.executed ?? []), ...(ended.json.reused ?? [])]).toHaveLength(30);
    expect(ended.stderr).toContain('goes on with what the run');
    expect(small.begun()).toHaveLength(30);
    await emptied();
  });

  test('leave no job behind when the run is stopped', async () => {
    expect(await cutOff(project(COUNTS, 30, SMALL), 5, 'SIGINT')).toBe(130);
    await emptied();
  });

  test('begin no node after one that took longer, and others take its place', async () => {
    const small = project('echo "$i" >> "$COUNTER"; test "$i" != 0 || sleep 2; echo "$i" > "$out"', 12, {
      node: 'timeout: 1h',
      settings: ', pilot: 1s',
    });
    expect((await run(small)).json.executed).toHaveLength(12);
    expect(small.begun()).toHaveLength(12);
  });

  test('say what a job says that cannot begin them', async () => {
    const small = project(COUNTS, 2, {
      ...SMALL,
      settings: `, setup: ['case "$SLURM_JOB_NAME" in *pilots*) echo no such module, cuda; exit 1;; esac']`,
    });
    const ended = await run(small);
    expect(ended.code).toBe(2);
    expect(JSON.stringify(ended.json)).toContain('no such module, cuda');
    expect(small.begun()).toEqual([]);
  });

  test('are not begun again where somebody cancels the jobs that they wait for', async () => {
    const other = cluster.ask('sbatch', '--parsable', '--nodes=3', '--exclusive', '--output=/dev/null', '--wrap=sleep 600').trim();
    const small = project(COUNTS, 3, SMALL);
    const running = run(small);
    const pilots = (): string =>
      cluster
        .ask('squeue', '-h', '-o', '%F %j')
        .split('\n')
        .find((line) => line.includes('pilots')) ?? '';
    while (pilots() === '') await sleep(50);
    cluster.ask('scancel', pilots().split(' ')[0] ?? '');
    const ended = await running;
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('cancelled in Slurm');
    cluster.ask('scancel', other);
  });
});

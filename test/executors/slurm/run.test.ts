import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { checkout, emptyFolder, stillroom, write } from '../../rig.ts';
import { type Cluster, startCluster, whyNoSlurm } from './cluster.ts';

const CANARY = 'canary-1620-secret';
const cache = emptyFolder();
let cluster: Cluster;

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

/** A project of one long node, which waits to be released. */
interface Project {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly counter: () => string;
  readonly release: () => void;
}

const WAITS = 'echo x >> "$COUNTER"; while test ! -e "$RELEASE"; do sleep 0.05; done; echo whole > "$out"';

/**
 * @param run What the node does.
 * @param node More of it, as members of YAML.
 * @param settings More of the executor.
 */
function project(run: string, node = '', settings = ''): Project {
  const folder = emptyFolder();
  write(folder, {
    'artifacts/.gitignore': '*\n',
    'stillroom.yaml': `executors:\n  cluster: { kind: slurm, poll: 0.3s${settings} }\n`,
    'pipeline.yaml': `name: far
stages:
  works:
    run: |
      ${run}
    executor: cluster
    env: { COUNTER: ${join(folder, 'counter')}, RELEASE: ${join(folder, 'release')}, TOKEN: { secret: true } }
    out: { out: out.txt }${node === '' ? '' : `\n    ${node}`}
`,
  });
  const env = { TOKEN: CANARY, XDG_CACHE_HOME: cache, ...cluster.environment };
  const counter = (): string => (existsSync(join(folder, 'counter')) ? readFileSync(join(folder, 'counter'), 'utf8') : '');
  return { folder, env, counter, release: () => write(folder, { release: '' }) };
}

/** The number of the job of a project, once its node has begun. */
async function begun({ folder, counter }: Project, times = 1): Promise<string> {
  while (counter().split('x').length <= times) await sleep(50);
  const scratch = join(folder, 'artifacts/scratch');
  for (;;) {
    const file = (readdirSync(scratch, { recursive: true, encoding: 'utf8' }) as string[]).find((name) => name.endsWith('slurm.json'));
    if (file !== undefined) return (JSON.parse(readFileSync(join(scratch, file), 'utf8')) as { readonly job: string }).job;
    await sleep(50);
  }
}

function coordinator({ folder, env }: Project): { readonly child: ChildProcess; readonly ended: Promise<number | null> } {
  const args = [join(checkout, 'dist/cli.js'), 'run', 'pipeline.yaml'];
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, CI: '1', ...env }, stdio: 'ignore' });
  return { child, ended: new Promise((resolve) => child.once('exit', resolve)) };
}

const run = ({ folder, env }: Project, more: Readonly<Record<string, string>> = {}) =>
  stillroom(folder, ['run', 'pipeline.yaml', '--json'], { env: { ...env, ...more } });

/** Jobs that are in the queue. */
const queued = (): string => cluster.ask('squeue', '-h', '-t', 'PENDING,RUNNING', '-o', '%i');

describe.skipIf(whyNoSlurm() !== undefined)('a run whose nodes are jobs of Slurm', () => {
  beforeAll(async () => {
    cluster = await startCluster(emptyFolder());
    // Once, so that no two runs ask what machines there are.
    await run(project('echo > "$out"'));
  });
  afterAll(() => cluster.stop());

  test('may be killed: its job goes on, and the next run goes on with it; no secret lies in what Slurm tells', async () => {
    const far = project(WAITS);
    const first = coordinator(far);
    const id = await begun(far);
    first.child.kill('SIGKILL');
    await first.ended;
    expect(cluster.ask('scontrol', 'show', 'job', id) + cluster.ask('scontrol', 'write', 'batch_script', id, '-')).not.toContain(CANARY);
    far.release();
    const again = await run(far);
    expect(again.json.executed).toEqual(['works']);
    expect(again.stderr).toContain('goes on with what the run');
    expect(far.counter()).toBe('x\n');
  });

  test('leaves none behind when it is stopped, and no job that has not begun', async () => {
    const far = project(WAITS);
    const first = coordinator(far);
    await begun(far);
    first.child.kill('SIGINT');
    expect(await first.ended).toBe(130);
    while (queued() !== '') await sleep(50);
    const other = cluster.ask('sbatch', '--parsable', '--nodes=3', '--exclusive', '--output=/dev/null', '--wrap=sleep 600').trim();
    const waits = coordinator(project(WAITS));
    while (queued().trim().split('\n').length < 2) await sleep(50);
    waits.child.kill('SIGINT');
    expect(await waits.ended).toBe(130);
    while (queued().trim() !== other) await sleep(50);
    cluster.ask('scancel', other);
  });

  test('begins a node anew whose machine failed, elsewhere, and spends no retry', async () => {
    const far = project(WAITS);
    const running = run(far);
    const id = await begun(far);
    const [machine = ''] = cluster.ask('squeue', '-h', '-j', id, '-o', '%N').split('\n');
    cluster.ask('scontrol', 'update', `nodename=${machine}`, 'state=down', 'reason=test');
    const next = async (): Promise<string> => {
      for (let other = id; ; await sleep(50)) {
        other = (await begun(far, 2)) || other;
        if (other !== id) return other;
      }
    };
    expect(cluster.ask('squeue', '-h', '-j', await next(), '-o', '%N').trim()).not.toBe(machine);
    far.release();
    const ended = await running;
    expect(ended.json.executed).toEqual(['works']);
    expect(ended.stderr).toContain('spends no retry');
    expect(far.counter()).toBe('x\nx\n');
  });

  test('says that a job was cancelled by somebody else', async () => {
    const far = project(WAITS);
    const running = run(far);
    cluster.ask('scancel', await begun(far));
    const ended = await running;
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('works was cancelled in Slurm');
  });

  test.each([
    [', partition: nowhere', 'Invalid partition', 'sinfo -s'],
    [", sbatch: ['--mem=900G']", 'Requested node configuration|BadConstraints', 'ask for less|see that jobs'],
  ])('says what Slurm refuses: %s', async (settings, message, hint) => {
    const refused = await run(project(WAITS, '', settings));
    expect(refused.code).toBe(2);
    const error = { code: 'cluster-refused', message: expect.stringMatching(message), hint: expect.stringMatching(hint) };
    expect(refused.json.error).toMatchObject(error);
  });

  test('loses nothing where squeue fails or knows no job', async () => {
    const folder = emptyFolder();
    write(folder, { squeue: '#!/bin/sh\ntest -e "$0.fails" && exit 1\nexit 0\n', 'squeue.fails': '' });
    chmodSync(join(folder, 'squeue'), 0o755);
    const far = project(WAITS);
    const PATH = `${folder}${delimiter}${process.env['PATH'] ?? ''}`;
    const running = run(far, { PATH });
    while (far.counter() === '') await sleep(50);
    far.release();
    expect((await running).json.executed).toEqual(['works']);
  });

  test('gives a node devices of its own', async () => {
    const far = project('echo "$CUDA_VISIBLE_DEVICES" > "$COUNTER"; echo > "$out"', 'resources: { gpu: 1 }');
    expect((await run(far)).json.executed).toEqual(['works']);
    expect(far.counter()).toMatch(/^[01]\n$/);
  });

  test('begins a node anew that another job preempted', async () => {
    const far = project(WAITS, '', ", partition: low, sbatch: ['--exclusive']");
    const running = run(far);
    await begun(far);
    cluster.ask('sbatch', '--partition=high', '--exclusive', '--output=/dev/null', '--wrap=true');
    await begun(far, 2);
    far.release();
    const ended = await running;
    expect(ended.json.executed).toEqual(['works']);
    expect(ended.stderr).toContain('preempted by another job');
  });

  // The last one: a controller that was killed takes its time until it knows all its jobs again.
  test('goes on when the controller is started again', async () => {
    const far = project(WAITS);
    const running = run(far);
    await begun(far);
    process.kill(cluster.pid('ctld'), 'SIGKILL');
    await sleep(500);
    cluster.start('ctld');
    far.release();
    expect((await running).json.executed).toEqual(['works']);
    expect(far.counter()).toBe('x\n');
  });
});

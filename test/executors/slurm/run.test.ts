import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { emptyFolder } from '../../rig.ts';
import { type Cluster, startCluster, whyNoSlurm } from './cluster.ts';
import { CANARY, Far, WAITS } from './far.ts';

let cluster: Cluster;
let site: Far;

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

describe.skipIf(whyNoSlurm() !== undefined)('a run whose nodes are jobs of Slurm', () => {
  beforeAll(async () => {
    cluster = await startCluster(emptyFolder());
    site = new Far(cluster);
    // Once, so that no two runs ask what machines there are.
    await site.run(site.project('echo > "$out"'));
  });
  afterAll(() => cluster.stop());

  test('may be killed: its job goes on, and the next run goes on with it; no secret lies in what Slurm tells', async () => {
    const far = site.project(WAITS);
    const first = site.start(far);
    const id = await site.begun(far);
    first.child.kill('SIGKILL');
    await first.ended;
    expect(cluster.ask('scontrol', 'show', 'job', id) + cluster.ask('scontrol', 'write', 'batch_script', id, '-')).not.toContain(CANARY);
    far.release();
    const again = await site.run(far);
    expect(again.json.executed).toEqual(['works']);
    expect(again.stderr).toContain('goes on with what the run');
    expect(far.counter()).toBe('x\n');
  });

  test('leaves none behind when it is stopped, and no job that has not begun', async () => {
    const far = site.project(WAITS);
    const first = site.start(far);
    await site.begun(far);
    first.child.kill('SIGINT');
    expect(await first.ended).toBe(130);
    while (site.queued().length > 0) await sleep(50);
    const other = site.fill();
    const waits = site.start(site.project(WAITS));
    while (site.queued().length < 2) await sleep(50);
    waits.child.kill('SIGINT');
    expect(await waits.ended).toBe(130);
    while (site.queued().join() !== other) await sleep(50);
    cluster.ask('scancel', other);
  });

  test('begins a node anew whose machine failed, elsewhere, and spends no retry', async () => {
    const far = site.project(WAITS);
    const running = site.run(far);
    const id = await site.begun(far);
    const [machine = ''] = cluster.ask('squeue', '-h', '-j', id, '-o', '%N').split('\n');
    cluster.ask('scontrol', 'update', `nodename=${machine}`, 'state=down', 'reason=test');
    const next = async (): Promise<string> => {
      for (let other = id; ; await sleep(50)) {
        other = (await site.begun(far, 2)) || other;
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
    const far = site.project(WAITS);
    const running = site.run(far);
    cluster.ask('scancel', await site.begun(far));
    const ended = await running;
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('works was cancelled in Slurm');
  });

  test.each([
    [', partition: nowhere', 'Invalid partition', 'sinfo -s'],
    [", sbatch: ['--mem=900G']", 'Requested node configuration|BadConstraints', 'ask for less|see that jobs'],
  ])('says what Slurm refuses: %s', async (settings, message, hint) => {
    const refused = await site.run(site.project(WAITS, { settings }));
    expect(refused.code).toBe(2);
    const error = { code: 'cluster-refused', message: expect.stringMatching(message), hint: expect.stringMatching(hint) };
    expect(refused.json.error).toMatchObject(error);
  });

  test('loses nothing where squeue fails or knows no job', async () => {
    const far = site.project(WAITS, { programs: { squeue: 'exit $((RANDOM % 2))' } });
    const running = site.run(far);
    while (far.counter() === '') await sleep(50);
    far.release();
    expect((await running).json.executed).toEqual(['works']);
  });

  test('gives a node devices of its own', async () => {
    const far = site.project('echo "$CUDA_VISIBLE_DEVICES" > "$COUNTER"; echo > "$out"', { node: 'resources: { gpu: 1 }' });
    expect((await site.run(far)).json.executed).toEqual(['works']);
    expect(far.counter()).toMatch(/^[01]\n$/);
  });

  test('begins a node anew that another job preempted', async () => {
    const far = site.project(WAITS, { settings: ", partition: low, sbatch: ['--exclusive']" });
    const running = site.run(far);
    await site.begun(far);
    cluster.ask('sbatch', '--partition=high', '--exclusive', '--output=/dev/null', '--wrap=true');
    await site.begun(far, 2);
    far.release();
    const ended = await running;
    expect(ended.json.executed).toEqual(['works']);
    expect(ended.stderr).toContain('preempted by another job');
  });

  // The last one: a controller that was killed takes its time until it knows all its jobs again.
  test('goes on when the controller is started again', async () => {
    const far = site.project(WAITS);
    const running = site.run(far);
    await site.begun(far);
    process.kill(cluster.pid('ctld'), 'SIGKILL');
    await sleep(500);
    cluster.start('ctld');
    far.release();
    expect((await running).json.executed).toEqual(['works']);
    expect(far.counter()).toBe('x\n');
  });
});

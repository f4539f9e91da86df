import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { emptyFolder, write } from '../../rig.ts';
import { type Cluster, startCluster, whyNoSlurm } from './cluster.ts';
import { Far, type FarProject, WAITS } from './far.ts';

// What becomes of a run in each state of its job, of its machine and of the controller.

const root = emptyFolder();
let cluster: Cluster;
let far: Far;

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

/** Waits until a run has said something. */
async function heard(said: () => string, words: string): Promise<void> {
  while (!said().includes(words)) await sleep(50);
}

/** What Slurm shows of a job. */
const shown = (id: string, format: string): string => cluster.ask('squeue', '-h', '-t', 'all', '-j', id, '-o', format).trim();

/** The machines that jobs of a project were given, one after another, by the names of their jobs. */
function machinesOf({ folder }: FarProject): string[] {
  const [run = ''] = readdirSync(join(folder, 'artifacts/logs'));
  const lines = cluster.ask('squeue', '-h', '-t', 'all', '-S', 'i', '-o', '%j %N').split('\n');
  return lines.flatMap((line) => (line.startsWith(`still-${run}-`) ? [line.split(' ')[1] ?? ''] : []));
}

/** Shell that kills whatever executes a node, and leaves no record. */
const LOSS =
  'pid=$PPID; until grep -q cluster/jo[b] /proc/$pid/cmdline; do read -r _ _ _ pid _ < /proc/$pid/stat; done; kill -KILL $pid; sleep 600';

/** A setup that all jobs do but the one that asks what machines there are. */
const setupOf = (lines: string): string => `, setup: ['case "$SLURM_JOB_NAME" in still-probe*) ;; *) ${lines};; esac']`;

describe.skipIf(whyNoSlurm() !== undefined)('a job of Slurm', () => {
  beforeAll(async () => {
    cluster = await startCluster(root);
    far = new Far(cluster);
    await far.run(far.project('echo > "$out"'));
  });
  // What a test that fails leaves in the cluster is not the next one's.
  afterEach(() => far.clear());
  afterAll(() => cluster.stop());

  test('that is suspended stands still, and the run says so; nothing is done twice', async () => {
    const project = far.project(WAITS);
    const { said, ended } = far.start(project);
    const id = await far.begun(project);
    cluster.ask('scontrol', 'suspend', id);
    await heard(said, `stands still: its job ${id} is suspended in Slurm`);
    cluster.ask('scontrol', 'resume', id);
    project.release();
    expect(await ended).toBe(0);
    expect(project.counter()).toBe('x\n');
  });

  test('that an administrator puts back into the queue is begun anew, and not left there', async () => {
    const project = far.project(WAITS);
    const running = far.run(project);
    const id = await far.begun(project);
    cluster.ask('scontrol', 'update', `jobid=${id}`, 'requeue=1');
    cluster.ask('scontrol', 'requeue', id);
    await far.begun(project, 2);
    project.release();
    const ended = await running;
    expect(ended.json.executed).toEqual(['works']);
    expect(ended.stderr).toContain('was put back into the queue of Slurm');
    expect(far.queued()).not.toContain(id);
  });

  test('that is put back is begun anew too where its node dies of that before the job itself hears of it', async () => {
    const told = `$REAL "$@" | sed -E 's/\\|(COMPLETED|FAILED)\\|.*/|PENDING|BeginTime|/'`;
    const project = far.project('echo x >> "$COUNTER"; test "$(wc -l < "$COUNTER")" -gt 1 || kill -TERM $$; echo > "$out"', {
      programs: { squeue: told },
    });
    const ended = await far.run(project);
    expect(ended.json.executed).toEqual(['works']);
    expect(ended.stderr).toContain('was put back into the queue of Slurm');
  });

  test('that waits is told why: it is held, its partition is down; and begins when that has passed', async () => {
    const other = far.fill();
    const { said, ended } = far.start(far.project('echo > "$out"'));
    while (far.queued().length < 2) await sleep(50);
    const id = far.queued().find((one) => one !== other) ?? '';
    cluster.ask('scontrol', 'hold', id);
    await heard(said, 'JobHeldAdmin, an administrator holds it');
    cluster.ask('scontrol', 'update', 'partitionname=main', 'state=down');
    cluster.ask('scontrol', 'release', id);
    await heard(said, 'PartitionDown, its partition is down');
    cluster.ask('scontrol', 'update', 'partitionname=main', 'state=up');
    cluster.ask('scancel', other);
    expect(await ended).toBe(0);
  });

  test('is submitted once a partition takes jobs again', async () => {
    cluster.ask('scontrol', 'update', 'partitionname=main', 'state=drain');
    const { said, ended } = far.start(far.project('echo > "$out"'));
    await heard(said, 'Required partition not available');
    cluster.ask('scontrol', 'update', 'partitionname=main', 'state=up');
    expect(await ended).toBe(0);
  });

  test('that somebody cancels while it waits ends its node, and says so', async () => {
    const other = far.fill();
    const project = far.project(WAITS);
    const running = far.run(project, { SQUEUE_PARTITION: 'high', SQUEUE_STATES: 'RUNNING', SBATCH_WAIT: '1' });
    cluster.ask('scancel', await far.submitted(project));
    const ended = await running;
    cluster.ask('scancel', other);
    expect(ended.json.error).toMatchObject({ code: 'cancelled-outside' });
    expect(project.counter()).toBe('');
  });

  test('that squeue hides is asked of the controller', async () => {
    const project = far.project(LOSS, { programs: { squeue: 'exit 0' } });
    expect((await far.run(project)).json.error).toMatchObject({ code: 'lost', message: expect.stringContaining('Slurm says FAILED') });
  });

  test('that Slurm has forgotten is asked of accounting', async () => {
    const project = far.project(LOSS, {
      programs: {
        squeue: 'exit 0',
        scontrol: 'echo slurm_load_jobs error: Invalid job id specified >&2; exit 1',
        sacct: `echo "$(${cluster.ask('which', 'squeue').trim()} -h -t all -o %j -j "\${!#}")|TIMEOUT|n1"`,
      },
    });
    expect((await far.run(project)).json.error).toMatchObject({ code: 'timeout' });
  });

  test('that the controller has forgotten is begun anew', async () => {
    const project = far.project(`echo x >> "$COUNTER"; test "$(wc -l < "$COUNTER")" -gt 1 || { ${LOSS}; }; echo > "$out"`, {
      programs: {
        squeue: 'exit 0',
        scontrol: 'echo slurm_load_jobs error: Invalid job id specified >&2; exit 1',
        sacct: 'echo Slurm accounting storage is disabled >&2; exit 1',
      },
    });
    const ended = await far.run(project);
    expect(ended.json.executed).toEqual(['works']);
    expect(ended.stderr).toContain('Slurm does not know it any more');
  });

  test('goes on where the daemon of its machine is killed, and where it is started again', async () => {
    const project = far.project(WAITS);
    const { child, ended } = far.start(project);
    const machine = shown(await far.begun(project), '%N');
    process.kill(cluster.pid(machine), 'SIGKILL');
    await sleep(500);
    cluster.start(machine);
    await sleep(500);
    expect(child.exitCode).toBeNull();
    project.release();
    expect(await ended).toBe(0);
    expect(project.counter()).toBe('x\n');
  });

  test('that a machine cannot begin is begun on another, and spends no retry', async () => {
    rmSync(join(root, 'spool-n1'), { recursive: true });
    try {
      const project = far.project('echo > "$out"');
      const ended = await far.run(project);
      expect(ended.json.executed).toEqual(['works']);
      expect(ended.stderr).toMatch(/could not begin on n1: .*spends no retry/);
      expect(machinesOf(project)).toEqual(['n1', expect.stringMatching(/n[23]/)]);
    } finally {
      mkdirSync(join(root, 'spool-n1'));
    }
  });

  test('that cannot begin on any machine says what it printed, once it was tried on three', async () => {
    const project = far.project('echo > "$out"', { settings: setupOf('echo no such module, cuda; exit 1') });
    const ended = await far.run(project);
    expect(ended.code).toBe(2);
    expect(ended.json.error).toMatchObject({ code: 'not-begun', hint: expect.stringContaining('no such module, cuda') });
    expect(new Set(machinesOf(project)).size).toBe(3);
  });

  test('on machines without this Node.js, or that do not see the folder, says so', async () => {
    const node = join(emptyFolder(), 'node');
    cpSync(process.execPath, node);
    // What machines there are is known by then.
    expect(await far.start(far.project('echo > "$out"'), {}, node).ended).toBe(0);
    const other = far.fill();
    const project = far.project('echo > "$out"');
    const { said, ended } = far.start(project, {}, node);
    await far.submitted(project);
    rmSync(node);
    cluster.ask('scancel', other);
    expect(await ended).toBe(2);
    expect(said()).toContain(`${node}: No such file or directory`);
    const unseen = await far.run(far.project('echo > "$out"', { programs: { sbatch: 'exec $REAL "${@//scratch/nowhere}"' } }));
    expect(unseen.json.error).toMatchObject({ code: 'not-begun', hint: expect.stringContaining('see that machines of the cluster see') });
  });

  test('is not tried again on the machine where its node failed', async () => {
    const project = far.project('echo x >> "$COUNTER"; test "$(wc -l < "$COUNTER")" -gt 1 || exit 3; echo > "$out"', {
      node: 'retries: 1',
    });
    expect((await far.run(project)).json.executed).toEqual(['works']);
    const [first, second] = machinesOf(project);
    expect(second).not.toBe(first);
  });

  test('that takes more memory than it has says how much', async () => {
    const eats = `node -e 'const kept = []; setInterval(() => kept.push(Buffer.alloc(2e7, 1)), 50)'`;
    const ended = await far.run(far.project(eats, { node: 'resources: { memory: 150MiB }' }));
    const message = expect.stringMatching(/works took \d+(\.\d+)? MiB, more than the 150 MiB that it asked for/);
    expect(ended.json.error).toMatchObject({ code: 'out-of-memory', message, hint: expect.stringContaining('resources: { memory') });
  });

  test('whose time was up is begun anew from the checkpoint that it saved then, as long as it gets further', async () => {
    const saves = (text: string): string => `trap 'echo ${text} > saved.txt; stillroom-event checkpoint saved.txt; exit 1' TERM`;
    const goesOn = `if test -n "\${STILLROOM_RESUME_FROM-}"; then cp "\${STILLROOM_RESUME_FROM-}/saved.txt" "$out"; exit; fi`;
    const project = far.project(`${saves('1')}; ${goesOn}; ${WAITS}`);
    const running = far.run(project);
    // As Slurm itself does, some time before the end.
    cluster.ask('scancel', '--batch', '--signal=USR1', await far.begun(project));
    const ended = await running;
    expect(ended.json.executed).toEqual(['works']);
    expect(ended.stderr).toContain('it goes on from its checkpoint complete-1');
    expect(readFileSync(ended.json.outputs?.['works.out'] ?? '', 'utf8')).toBe('1\n');

    const stuck = far.project(`${saves('same')}; ${WAITS}`);
    const failing = far.run(stuck);
    for (const times of [1, 2]) cluster.ask('scancel', '--batch', '--signal=USR1', await far.begun(stuck, times));
    expect((await failing).json.error).toMatchObject({
      code: 'timeout',
      hint: expect.stringContaining('got no further than the checkpoint'),
    });
  });

  test('whose time was up fails where it saves nothing', async () => {
    const project = far.project(WAITS);
    const running = far.run(project);
    cluster.ask('scancel', '--batch', '--signal=USR1', await far.begun(project));
    expect((await running).json.error).toMatchObject({ code: 'timeout', message: expect.stringContaining('had no more time') });
  });

  test('whose machine does not start is given another', async () => {
    const flag = join(emptyFolder(), 'flag');
    const told = `told=$($REAL "$@"); case "$told" in *'|PENDING|'*) test -e ${flag} || { > ${flag}; told=$(sed 's/|PENDING|.*/|BOOT_FAIL|None|n1/' <<< "$told"); };; esac; echo "$told"`;
    const other = far.fill();
    const project = far.project('echo > "$out"', { programs: { squeue: told } });
    const { said, ended } = far.start(project);
    await heard(said, 'its machine did not start');
    cluster.ask('scancel', other);
    expect(await ended).toBe(0);
    expect(machinesOf(project)).not.toContain('n1');
  });

  test('is asked for together with all others, at most once in each interval', async () => {
    const calls = join(emptyFolder(), 'calls');
    const counts = `echo "$0" >> ${calls}; exec $REAL "$@"`;
    const programs = { squeue: counts, sbatch: counts, scontrol: counts, sacct: counts, scancel: counts };
    const project = far.project('echo > "$out"', { programs });
    const points = Array.from({ length: 20 }, (_, index) => index).join(', ');
    const file = readFileSync(join(project.folder, 'pipeline.yaml'), 'utf8');
    write(project.folder, {
      'stillroom.yaml': 'executors:\n  cluster: { kind: slurm, poll: 1h, pilot: 0s }\n',
      'pipeline.yaml': `${file}    matrix: { i: [${points}] }\n    with: { i: $i }\n`,
    });
    expect((await far.run(project)).json.executed).toHaveLength(20);
    const called = readFileSync(calls, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split('/').at(-1));
    expect(called.filter((program) => program === 'sbatch')).toHaveLength(20);
    expect(called.filter((program) => program !== 'sbatch').length).toBeLessThanOrEqual(1);
  });

  test('works in a folder of odd characters', async () => {
    const project = far.project('echo x >> "$COUNTER"; echo > "$out"', { name: `od'd %j "name` });
    const ended = await far.run(project);
    expect(ended.json.executed, ended.stderr + JSON.stringify(ended.json.error)).toEqual(['works']);
    expect(project.counter()).toBe('x\n');
  });

  test('that only tells what machines there are is not waited for after Ctrl-C, nor left', async () => {
    const other = far.fill();
    const { child, ended, said } = far.start(far.project(WAITS), { XDG_CACHE_HOME: emptyFolder() });
    await heard(said, 'tells what machines cluster has');
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(said()).toContain('was not waited for to tell what machines it has');
    while (far.queued().length > 1) await sleep(50);
    cluster.ask('scancel', other);
  });

  // The last one: a controller that was killed takes its time until it knows all its jobs again.
  test('that waits is given up at once while the controller is away, and begins nothing later', async () => {
    far.fill();
    const project = far.project(WAITS);
    const { child, ended } = far.start(project);
    await far.submitted(project);
    process.kill(cluster.pid('ctld'), 'SIGKILL');
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    cluster.start('ctld');
    cluster.ask('scancel', '--user=root');
    while (far.queued().length > 0) await sleep(50);
    expect(project.counter()).toBe('');
  });
});

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { emptyFolder } from '../../rig.ts';
import { type Cluster, startCluster, whyNoSlurm } from './cluster.ts';
import { Far, WAITS } from './far.ts';

// What Slurm takes its time for: `npm run soak -- slurm`.

let cluster: Cluster;
let far: Far;

vi.setConfig({ testTimeout: 600_000, hookTimeout: 180_000 });

const isLong = process.env['STILLROOM_SOAK'] === 'slurm' && whyNoSlurm() === undefined;

/** The machine that has a job. */
const machineOf = (id: string): string => cluster.ask('squeue', '-h', '-t', 'all', '-j', id, '-o', '%N').trim();

/** Kills all that a job is made of, as a machine does that loses its power. */
function killJob(id: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
      const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      const isOfJob = environment.includes(`SLURM_JOB_ID=${id}\0`) && environment.includes(cluster.environment.SLURM_CONF);
      const isStep = command.startsWith(`slurmstepd: [${id}.`) && readlinkSync(`/proc/${pid}/exe`).includes('slurmstepd');
      if (isOfJob || isStep) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It is gone, or is none of ours.
    }
  }
}

describe.runIf(isLong)('a job of Slurm, for as long as that takes', () => {
  beforeAll(async () => {
    cluster = await startCluster(emptyFolder());
    far = new Far(cluster);
    await far.run(far.project('echo > "$out"'));
  });
  afterAll(() => cluster.stop());

  test('whose machine dies is begun anew on another', async () => {
    const project = far.project(WAITS);
    const running = far.run(project);
    const id = await far.begun(project);
    const machine = machineOf(id);
    process.kill(cluster.pid(machine), 'SIGKILL');
    killJob(id);
    const next = await far.begun(project, 2);
    project.release();
    const ended = await running;
    expect(ended.json.executed).toEqual(['works']);
    expect(ended.stderr).toContain(`was ended by Slurm on ${machine}`);
    expect(next).not.toBe(id);
    cluster.start(machine);
  });

  test('goes on when Slurm has given up its machine, whose daemon alone was killed', async () => {
    const project = far.project(WAITS);
    const { child, ended } = far.start(project);
    const id = await far.begun(project);
    const machine = machineOf(id);
    process.kill(cluster.pid(machine), 'SIGKILL');
    while (!/NODE_FAIL/.test(cluster.ask('squeue', '-h', '-t', 'all', '-j', id, '-o', '%T'))) await sleep(500);
    await sleep(2000);
    expect(child.exitCode).toBeNull();
    project.release();
    expect(await ended).toBe(0);
    expect(project.counter()).toBe('x\n');
    cluster.start(machine);
  });

  test('is told by Slurm itself that its time is nearly up, and goes on from what it saved then', async () => {
    const saves = `trap 'echo 1 > saved.txt; stillroom-event checkpoint saved.txt; exit 1' TERM`;
    const goesOn = `if test -n "\${STILLROOM_RESUME_FROM-}"; then cp "\${STILLROOM_RESUME_FROM-}/saved.txt" "$out"; exit; fi`;
    const ended = await far.run(far.project(`${saves}; ${goesOn}; ${WAITS}`, { settings: ", time: '1'" }));
    expect(ended.json.executed).toEqual(['works']);
    expect(ended.stderr).toContain('it goes on from its checkpoint complete-1');
  });

  test('whose time is up, and that heeds nothing, fails', async () => {
    const ended = await far.run(far.project(`trap '' TERM; ${WAITS}`, { settings: ", time: '1'" }));
    expect(ended.json.error).toMatchObject({ code: 'timeout' });
  });
});

describe.runIf(isLong)('a controller that is killed at any moment', () => {
  test.each(Array.from({ length: 8 }, (_, round) => round))('loses nothing (%i)', async (round) => {
    cluster = await startCluster(emptyFolder());
    far = new Far(cluster);
    await far.run(far.project('echo > "$out"'));
    const projects = Array.from({ length: 4 }, () => far.project('echo x >> "$COUNTER"; sleep 0.5; echo > "$out"'));
    const running = [];
    for (const project of projects) {
      running.push(far.run(project));
      await sleep(100 * round);
      if (running.length === 3) process.kill(cluster.pid('ctld'), 'SIGKILL');
    }
    cluster.start('ctld');
    for (const ended of await Promise.all(running)) expect(ended.json.executed, ended.stderr).toEqual(['works']);
    await cluster.stop();
  });
});

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { started, until } from '../../commands/live-project.ts';
import { emptyFolder, isAlive, stillroom, write } from '../../rig.ts';
import { type Cluster, startCluster, whyNoSlurm } from './cluster.ts';

const cache = emptyFolder();
let cluster: Cluster;

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const why = whyNoSlurm();

beforeAll(async () => {
  if (why === undefined) cluster = await startCluster(emptyFolder());
});

afterAll(async () => {
  if (why === undefined) await cluster.stop();
});

describe.skipIf(why !== undefined)(`a detached run on Slurm${why === undefined ? '' : ` (${why})`}`, () => {
  test('is watched with the lines of its job; once its process is killed, what watches says what to type, and that goes on with the job', async () => {
    const folder = emptyFolder();
    write(folder, {
      'artifacts/.gitignore': '*\n',
      'stillroom.yaml': 'executors:\n  cluster: { kind: slurm, poll: 0.3s }\n',
      'p.yaml': `name: p\nstages:\n  far: { run: 'echo x >> ${folder}/count; ${until(`${folder}/say`)}; echo "so far"; ${until(`${folder}/go`)}; echo > o', out: { o: o } }\n`,
    });
    const env = { XDG_CACHE_HOME: cache, ...cluster.environment };
    const detached = await stillroom(folder, ['run', 'p.yaml', '--executor', 'cluster', '--detach', '--json'], { env });
    const { pid = 0 } = detached.json as { readonly pid?: number };
    expect(detached).toMatchObject({ code: 0, json: { state: 'live' } });
    const attached = started(folder, ['attach', '--verbose'], env);
    while (!existsSync(join(folder, 'count'))) await sleep(50);
    write(folder, { say: '' });
    while (!attached.printed().includes('far | so far')) await sleep(50);
    process.kill(pid, 'SIGKILL');
    expect(await attached.ended).toBe(1);
    expect(attached.printed()).toContain('was interrupted: its process is gone');
    expect(attached.printed()).toContain(
      'stillroom run p.yaml --executor cluster; what it gave to cluster may go on, and is found again by that',
    );
    while (isAlive(pid)) await sleep(20);
    const again = stillroom(folder, ['run', 'p.yaml', '--executor', 'cluster', '--detach', '--json'], { env });
    expect(await again).toMatchObject({ code: 0, json: { state: 'live' } });
    write(folder, { go: '' });
    const ended = started(folder, ['attach', '@latest'], env);
    expect(await ended.ended).toBe(0);
    expect(readFileSync(join(folder, 'count'), 'utf8')).toBe('x\n');
    expect(ended.printed()).toContain('p: done in ');
  });

  test('is stopped by a word: its job is asked, and none is left', async () => {
    const folder = emptyFolder();
    write(folder, {
      'artifacts/.gitignore': '*\n',
      'stillroom.yaml': 'executors:\n  cluster: { kind: slurm, poll: 0.3s, grace: 1s }\n',
      'p.yaml': `name: p\nstages:\n  far: { run: 'touch ${folder}/begun; ${until(`${folder}/go`)}; echo > o', out: { o: o } }\n`,
    });
    const env = { XDG_CACHE_HOME: cache, ...cluster.environment };
    await stillroom(folder, ['run', 'p.yaml', '--executor', 'cluster', '--detach'], { env });
    while (!existsSync(join(folder, 'begun'))) await sleep(50);
    const stopped = await stillroom(folder, ['stop', '--json'], { env });
    expect(stopped).toMatchObject({ code: 0, json: { state: 'cancelled', stopped: true } });
    while (cluster.ask('squeue', '--noheader').trim() !== '') await sleep(50);
  });
});

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, test, vi } from 'vitest';
import { open } from '../../../src/executors/slurm/executor.ts';
import { emptyFolder } from '../../rig.ts';
import { executorContract } from '../contract.ts';
import { type Cluster, startCluster, whyNoSlurm } from './cluster.ts';

const why = whyNoSlurm();
const cache = emptyFolder();
let cluster: Cluster;

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describe.skipIf(why !== undefined)('Slurm', () => {
  beforeAll(async () => {
    cluster = await startCluster(emptyFolder());
  });
  afterAll(() => cluster.stop());

  const settings = { poll: '0.3s' };
  const environment = () => ({ ...process.env, XDG_CACHE_HOME: cache, ...cluster.environment });

  executorContract({
    kind: 'slurm',
    abandoned: 'goes on',
    loss: {
      run: 'pid=$PPID; until grep -q cluster/jo[b] /proc/$pid/cmdline; do read -r _ _ _ pid _ < /proc/$pid/stat; done; kill -KILL $pid; sleep 600',
      code: 'lost',
    },
    async open() {
      const opened = await open({ name: 'cluster', settings, engines: {}, environment: environment() });
      if (!opened.ok) throw new Error(opened.problems[0]?.message);
      return opened.value;
    },
    log: ({ log }) => readFileSync(log, 'utf8'),
    async abandon({ folder }) {
      const args = [join(import.meta.dirname, '../coordinator.mjs'), 'slurm', folder, JSON.stringify(settings)];
      const coordinator = spawn(process.execPath, args, { env: environment(), stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = new Promise((resolve) => coordinator.once('exit', resolve));
      for await (const line of createInterface({ input: coordinator.stdout })) if (line.includes('"ready"')) coordinator.kill('SIGKILL');
      await ended;
    },
  });
});

test.runIf(why !== undefined)(`Slurm is not tested here: ${why}`, ({ skip }) => skip());

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, vi } from 'vitest';
import { open } from '../../../src/executors/ray/executor.ts';
import { emptyFolder } from '../../rig.ts';
import { executorContract } from '../contract.ts';
import { type Ray, realRay, startRay } from './rays.ts';

const cache = emptyFolder();
let ray: Ray;

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describe(realRay === undefined ? 'one that plays Ray' : 'Ray', () => {
  beforeAll(async () => {
    ray = await startRay(emptyFolder());
  });
  afterAll(() => ray.end());

  const settings = () => ({ address: ray.address });
  const environment = () => ({ ...process.env, XDG_CACHE_HOME: cache });

  executorContract({
    kind: 'ray',
    abandoned: 'goes on',
    loss: {
      run: 'pid=$PPID; until grep -q cluster/jo[b] /proc/$pid/cmdline; do read -r _ _ _ pid _ < /proc/$pid/stat; done; kill -KILL $pid; sleep 600',
      code: 'lost',
    },
    async open() {
      const opened = await open({ name: 'ray', settings: settings(), engines: {}, environment: environment() });
      if (!opened.ok) throw new Error(opened.problems[0]?.message);
      return opened.value;
    },
    log: ({ log }) => readFileSync(log, 'utf8'),
    async abandon({ folder }) {
      const args = [join(import.meta.dirname, '../coordinator.mjs'), 'ray', folder, JSON.stringify(settings())];
      const coordinator = spawn(process.execPath, args, { env: environment(), stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = new Promise((resolve) => coordinator.once('exit', resolve));
      for await (const line of createInterface({ input: coordinator.stdout })) if (line.includes('"ready"')) coordinator.kill('SIGKILL');
      await ended;
    },
  });
});

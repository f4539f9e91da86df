// What confining a stage's process costs: the supervisor starts an empty Node as it is, and confined as a stage is, by turns:
//
//   npm run bench -- confinement [--rounds 100]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { confinementOf } from '../../src/executors/job/confinement.ts';
import { runtimeHere } from '../../src/executors/job/runtime.ts';
import type { JobSpecification } from '../../src/model/job.ts';
import { medianOf } from './measuring/statistics.ts';

const { values: given } = parseArgs({ options: { rounds: { type: 'string', default: '100' } } });
const runtime = runtimeHere();
const folder = mkdtempSync(join(tmpdir(), 'stillroom-bench-'));
const job = { folder, checkpoints: folder, devices: [] as readonly string[] } as JobSpecification;
const pairs = confinementOf(job, { kind: 'stage', bundle: '', packages: {}, readable: [] }, runtime);

/** Milliseconds in which an empty Node starts and ends. */
function start(options: readonly string[]): number {
  const command = [...options, '--', runtime.node, '-e', '0'];
  const started = performance.now();
  const { status } = spawnSync(join(runtime.installation, 'dist/native/supervisor'), command, {
    env: { OPENSSL_CONF: '/dev/null' },
    stdio: ['ignore', 'ignore', 'inherit', 'pipe', 'ignore', 'pipe'],
  });
  if (status !== 0) throw new Error(`an empty Node ended with exit code ${status}`);
  return performance.now() - started;
}

const [plain, confined]: [number[], number[]] = [[], []];
for (let round = 0; round < Number(given.rounds); round += 1) {
  plain.push(start([]));
  confined.push(start(['--confined', ...pairs]));
}
rmSync(folder, { recursive: true });
const [own, least] = [medianOf(confined), medianOf(plain)];
console.log(`an empty Node       ${least.toFixed(2).padStart(6)} ms`);
console.log(`confined as a stage ${own.toFixed(2).padStart(6)} ms, ${(own - least).toFixed(2)} ms more, for ${pairs.length / 2} grants`);

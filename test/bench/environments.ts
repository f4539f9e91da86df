// What looking up an environment of Python costs that is built from a file and stands: what it holds, which a plan asks, and that it is whole,
// which is asked before a node uses it. The first of each counts too, since a command does it once.
//
//   npm run bench -- environments [--packages 60] [--rounds 50]
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isBuilt } from '../../src/code/python/built.ts';
import { environmentNow } from '../../src/engine/environments.ts';
import { readyEnvironment } from '../../src/engine/built-environments.ts';
import type { Surroundings } from '../../src/engine/fingerprint.ts';
import { provisionOf } from '../../src/project/provision.ts';
import { openLocalStore } from '../../src/stores/local/store.ts';
import { makeWheel } from '../engine/wheels.ts';
import { medianOf } from './measuring/statistics.ts';

const { values: given } = parseArgs({
  options: { packages: { type: 'string', default: '60' }, rounds: { type: 'string', default: '50' } },
});
const root = mkdtempSync(join(tmpdir(), 'stillroom-bench-'));
const environment = { ...process.env, XDG_CACHE_HOME: join(root, 'cache') };

/** Milliseconds that something takes. */
async function timed(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** A value that must have come. */
function must<Value>(
  outcome: { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly problems: readonly object[] },
): Value {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
  return outcome.value;
}

try {
  const names = Array.from({ length: Number(given.packages) }, (_, index) => `package-${index}`);
  for (const name of names) makeWheel(join(root, 'wheels'), name, '1.0');
  writeFileSync(join(root, 'requirements.txt'), ['--no-index', '--find-links wheels', ...names].join('\n'));
  mkdirSync(join(root, 'artifacts'));
  const store = must(openLocalStore(join(root, 'artifacts')));
  const provision = provisionOf(environment, { makesLocks: true });
  const surroundings = { root, store, environment, provision } as unknown as Surroundings;
  const look = async () => must(await environmentNow({ python: 'requirements.txt' }, surroundings));
  const locking = await timed(look);
  const found = await look();
  const asker = { who: { pid: process.pid, since: '' }, signal: new AbortController().signal, onWait: () => undefined };
  const building = await timed(() => readyEnvironment(found, asker, surroundings));
  const { built } = found;
  if (built === undefined) throw new Error('nothing was built');
  const [looks, stands]: [number[], number[]] = [[], []];
  for (let round = 0; round < Number(given.rounds); round += 1) {
    looks.push(await timed(look));
    stands.push(
      await timed(() => {
        if (!isBuilt(built, store.cache)) throw new Error('it does not stand');
      }),
    );
  }
  const row = (name: string, values: readonly number[]): void =>
    console.log(`${name.padEnd(24)} ${medianOf(values).toFixed(2).padStart(7)} ms, the first ${(values[0] ?? 0).toFixed(2)} ms`);
  console.log(`${names.length} packages; locked in ${locking.toFixed(0)} ms, built in ${building.toFixed(0)} ms`);
  row('what it holds', looks);
  row('that it is whole', stands);
} finally {
  rmSync(root, { recursive: true, force: true });
}

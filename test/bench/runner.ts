// What executing trivial command nodes costs beside starting the same commands from Node, two at a time, on an empty store:
//
//   npm run bench -- runner [--nodes 200] [--rounds 5] [--folder /dev/shm]
//
// The last line is what ending all that a command leaves costs each: an empty one started alone, under the compiled supervisor, and under the
// shell that takes its place where there is no compiler.
// A store syncs what it keeps, so most of a node's time is the disk's; --folder on a disk of memory shows the rest.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { supervised } from '../../src/executors/job/supervisor.ts';
import { cli, env, timed } from './measuring/processes.ts';
import { medianOf } from './measuring/statistics.ts';

const { values: given } = parseArgs({
  options: {
    nodes: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '5' },
    folder: { type: 'string', default: tmpdir() },
  },
});
const nodes = Number(given.nodes);

/** Milliseconds of a run of chains of ten nodes. */
function run(): number {
  const folder = mkdtempSync(join(given.folder, 'stillroom-bench-'));
  mkdirSync(join(folder, 'artifacts'));
  const written = Array.from({ length: nodes }, (_, index) => {
    const input = index % 10 === 0 ? '' : `, in: { before: n${index - 1}.o }`;
    return `  n${index}: { run: 'echo ${index} > "$o"'${input}, out: { o: o.txt } }\n`;
  });
  writeFileSync(join(folder, 'p.yaml'), `name: nodes\nstages:\n${written.join('')}`);
  const taken = timed(folder, [cli, 'run', 'p.yaml', '--json', '--jobs', '2']);
  rmSync(folder, { recursive: true, force: true });
  return taken;
}

/** Milliseconds of the same commands, started by two loops. */
async function plain(): Promise<number> {
  const folder = mkdtempSync(join(given.folder, 'stillroom-bench-'));
  const started = performance.now();
  const loop = async (first: number): Promise<void> => {
    for (let index = first; index < nodes; index += 2)
      await once(spawn('bash', ['-euo', 'pipefail', '-c', `echo ${index} > o${index}.txt`], { cwd: folder, env, stdio: 'pipe' }), 'close');
  };
  await Promise.all([loop(0), loop(1)]);
  const taken = performance.now() - started;
  rmSync(folder, { recursive: true, force: true });
  return taken;
}

const ours: number[] = [];
const floor: number[] = [];
for (let round = 0; round < Number(given.rounds); round += 1) {
  floor.push(await plain());
  ours.push(run());
}
const [own, least] = [medianOf(ours), medianOf(floor)];
console.log(`the commands alone  ${(least / nodes).toFixed(2).padStart(6)} ms each`);
console.log(`as nodes            ${(own / nodes).toFixed(2).padStart(6)} ms each, ${(own / least).toFixed(1)} × the commands alone`);

/** Milliseconds to start an empty command and to hear that it has ended; `before` is what it runs under. */
async function spawned(before: readonly string[]): Promise<number> {
  const [file = '', ...args] = [...before, '/bin/true'];
  const started = performance.now();
  await once(spawn(file, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'ignore', 'pipe'] }), 'close');
  return performance.now() - started;
}

const program = { command: [], env: {}, folder: '.', keepsEvents: false, confinement: [] };
const ways: Readonly<Record<string, readonly string[]>> = {
  alone: [],
  'under the supervisor': supervised(program, 'compiled'),
  'under the shell': supervised(program, 'shell'),
};
const taken = new Map<string, number[]>(Object.keys(ways).map((way) => [way, []]));
for (let round = 0; round < nodes; round += 1)
  for (const [way, before] of Object.entries(ways)) taken.get(way)?.push(await spawned(before));
console.log(`an empty command    ${[...taken].map(([way, values]) => `${medianOf(values).toFixed(2)} ms ${way}`).join(', ')}`);

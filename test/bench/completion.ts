// How long a shell waits for the words that may be typed, beside an empty Node, which is the least that it can take.
//
//   npm run bench -- completion
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../src/setup/places.mjs';

const ROUNDS = 21;

/** A project of a pipeline of a hundred nodes, with thirty runs. */
function project(): string {
  const folder = mkdtempSync(join(tmpdir(), 'stillroom-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const nodes = Array.from(
    { length: 100 },
    (_, index) => `  n${index}: { run: 'echo $x > "$o"', with: { x: ${index} }, out: { o: o.txt } }`,
  );
  mkdirSync(join(folder, 'artifacts'));
  writeFileSync(join(folder, 'p.yaml'), `name: p\nparams: { size: 1 }\nstages:\n${nodes.join('\n')}\n`);
  for (let run = 0; run < 30; run += 1) called(folder, ['run', 'p', '--only', 'n0']);
  called(folder, ['plan', 'quickstart']);
  return folder;
}

function called(folder: string, words: readonly string[]): number {
  return timed(folder, [join(root, 'dist/cli.cjs'), ...words]);
}

function timed(folder: string, args: readonly string[]): number {
  const start = performance.now();
  spawnSync(process.execPath, args, { cwd: folder, stdio: 'ignore', env: { ...process.env, CI: '1' } });
  return performance.now() - start;
}

const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;

const CASES: readonly (readonly string[])[] = [
  ['ru'],
  ['run', '--ke'],
  ['run', 'qui'],
  ['run', 'p', '--only', 'n9'],
  ['run', 'quickstart', '--set', 'student.mixing='],
  ['show', '@best:'],
  ['show', '202'],
];

const folder = project();
for (const words of CASES) {
  const [empty, own]: [number[], number[]] = [[], []];
  // In turns, so that what else the machine does meets both alike.
  for (let round = 0; round < ROUNDS; round += 1) {
    empty.push(timed(folder, ['-e', '0']));
    own.push(called(folder, ['complete', '--', ...words]));
  }
  const [least, taken] = [median(empty), median(own)];
  const told = `${taken.toFixed(0)} ms, an empty Node ${least.toFixed(0)} ms: ${(taken / least).toFixed(2)} times`;
  process.stdout.write(`stillroom ${words.join(' ')}: ${told}\n`);
}

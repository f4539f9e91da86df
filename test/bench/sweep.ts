// What a sweep of trivial variants costs beyond its commands: eight variants of one command beside one run of it.
//
//   npm run bench -- sweep [--rounds 5]
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { medianOf } from './measuring/statistics.ts';

const { values: given } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const cli = join(process.cwd(), 'dist/cli.js');
const { NODE_EXTRA_CA_CERTS: _certificates, ...env } = process.env;

/** The milliseconds of a command in a fresh project, which must end well. */
function timed(args: readonly string[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'stillroom-bench-'));
  mkdirSync(join(folder, 'artifacts'));
  writeFileSync(join(folder, 'p.yaml'), 'name: p\nstages:\n  one: { run: \'echo "$x" > "$o"\', with: { x: 0 }, out: { o: o.txt } }\n');
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [cli, ...args], { cwd: folder, encoding: 'utf8', env });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}:\n${stderr.slice(-2000)}`);
  const taken = performance.now() - started;
  rmSync(folder, { recursive: true, force: true });
  return taken;
}

const rounds = Array.from({ length: Number(given.rounds) }, () => ({
  one: timed(['run', 'p.yaml']),
  eight: timed(['sweep', 'p.yaml', '--over', 'one.x=1..8', '--plain']),
}));
const one = medianOf(rounds.map((round) => round.one));
const eight = medianOf(rounds.map((round) => round.eight));
console.log(`one run        ${one.toFixed(0).padStart(5)} ms`);
console.log(`eight variants ${eight.toFixed(0).padStart(5)} ms  ${(eight / one).toFixed(2)} × one run`);

// What a sweep of trivial variants costs beyond its commands: eight variants of one command beside one run of it.
//
//   npm run bench -- sweep [--rounds 5]
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cli, timed } from './measuring/processes.ts';
import { medianOf } from './measuring/statistics.ts';

const { values: given } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });

/** The milliseconds of a command in a fresh project, which must end well. */
function timedFresh(args: readonly string[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'stillroom-bench-'));
  mkdirSync(join(folder, 'artifacts'));
  writeFileSync(join(folder, 'p.yaml'), 'name: p\nstages:\n  one: { run: \'echo "$x" > "$o"\', with: { x: 0 }, out: { o: o.txt } }\n');
  const taken = timed(folder, [cli, ...args]);
  rmSync(folder, { recursive: true, force: true });
  return taken;
}

const rounds = Array.from({ length: Number(given.rounds) }, () => ({
  one: timedFresh(['run', 'p.yaml']),
  eight: timedFresh(['sweep', 'p.yaml', '--over', 'one.x=1..8', '--plain']),
}));
const one = medianOf(rounds.map((round) => round.one));
const eight = medianOf(rounds.map((round) => round.eight));
console.log(`one run        ${one.toFixed(0).padStart(5)} ms`);
console.log(`eight variants ${eight.toFixed(0).padStart(5)} ms  ${(eight / one).toFixed(2)} × one run`);

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Dice, dice } from './dice.ts';
import { cli, environment } from './small-project.ts';
import type { Findings, Trial } from './trial.ts';

/** So many nodes that of an edit only a part is read, in chains of ten. */
const NODES = 300;

/** Milliseconds in which a run of a part comes to its end when no one disturbs it, and more. */
const USUAL = 300;

const RUN = ['run', 'p.yaml', '--json'];

/** What each node adds to what the one before it in its chain wrote. */
type Numbers = number[];

function writePipeline(place: string, added: Numbers): void {
  const node = (number: number, index: number): string =>
    index % 10 === 0
      ? `  n${index}: { run: 'echo ${number} > "$o"', out: { o: o.txt } }\n`
      : `  n${index}: { run: '{ cat "$before"; echo ${number}; } > "$o"', in: { before: n${index - 1}.o }, out: { o: o.txt } }\n`;
  writeFileSync(join(place, 'p.yaml'), `name: p\nstages:\n${added.map(node).join('')}`);
}

/** Has some nodes add another number. */
function edit(place: string, added: Numbers, roll: Dice): void {
  for (let left = 1 + roll(2); left > 0; left -= 1) added[roll(NODES)] = roll(100_000);
  writePipeline(place, added);
}

async function killed(place: string, after: number): Promise<void> {
  const child = spawn(process.execPath, [cli, ...RUN], { cwd: place, env: environment, stdio: 'ignore', detached: true });
  const gone = new Promise((resolve) => child.once('close', resolve));
  await sleep(after);
  child.kill('SIGKILL');
  await gone;
}

function command(
  place: string,
  ...args: readonly string[]
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync(process.execPath, [cli, ...args], { cwd: place, env: environment, encoding: 'utf8', maxBuffer: 2 ** 26 });
}

/** What a run that is asked for now gets wrong. */
function faultsOf(place: string, added: Numbers): string[] {
  const { status, stdout, stderr } = command(place, ...RUN);
  if (status !== 0) return [`the run ended with ${status}: ${stderr.slice(-300)}`];
  const { executed, reused } = JSON.parse(stdout) as { readonly executed: readonly string[]; readonly reused: readonly string[] };
  const faults = executed.length + reused.length === NODES ? [] : [`${executed.length} executed and ${reused.length} reused are not all`];
  for (let index = 0; index < NODES; index += 1) {
    const chain = added.slice(index - (index % 10), index + 1);
    const found = readFileSync(join(place, `artifacts/latest/p/n${index}/o.txt`), 'utf8');
    if (found !== chain.map((number) => `${number}\n`).join('')) faults.push(`n${index} is ${JSON.stringify(found)}`);
  }
  return faults;
}

/** What lists of runs say, and what verify does. */
function accountsOf(place: string): { readonly rows: readonly string[]; readonly verified: number | null } {
  const { runs } = JSON.parse(command(place, 'runs', '--json').stdout) as { readonly runs: readonly object[] };
  return { rows: runs.map((row) => JSON.stringify(row)), verified: command(place, 'verify').status };
}

async function run(attacks: number, tell: (line: string) => void, seed = 5): Promise<Findings> {
  const place = mkdtempSync(join(tmpdir(), 'stillroom-part-kills-'));
  const roll = dice(seed);
  const added: Numbers = Array.from({ length: NODES }, (_, index) => index);
  const faults: string[] = [];
  try {
    mkdirSync(join(place, 'artifacts'));
    writePipeline(place, added);
    faults.push(...faultsOf(place, added));
    for (let kills = 0; kills < attacks; ) {
      edit(place, added, roll);
      if (roll(4) > 0) {
        await killed(place, roll(USUAL));
        kills += 1;
        if (roll(3) === 0) edit(place, added, roll);
      }
      const found = faultsOf(place, added);
      faults.push(...found.map((fault) => `after ${kills} kills: ${fault}`));
      for (const fault of found) tell(fault);
    }
    const before = accountsOf(place);
    if (before.verified !== 0) faults.push('verify finds damage');
    rmSync(join(place, 'artifacts/index'), { recursive: true });
    const { rows } = accountsOf(place);
    const others = before.rows.filter((row, index) => row !== rows[index]);
    if (others.length > 0 || rows.length !== before.rows.length)
      faults.push(
        `the rows of runs are others when they are made from their records: ${rows.length} of ${before.rows.length}, not ${others}`,
      );
    return { attacks, faults };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** SIGKILL at any time of runs of which only a part is read. */
export default {
  about: 'of a large pipeline that is edited again and again, each run, killed and asked for again, gives what the file says',
  full: 300,
  sample: 3,
  run,
} satisfies Trial;

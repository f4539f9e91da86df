import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { living } from './aftermath.ts';
import { CHILD, PARTS, WAYS } from './escaping.ts';
import { cli } from './small-project.ts';
import type { Findings, Trial } from './trial.ts';

/** Milliseconds that a run may go on after it was stopped, or its work has ended. */
const PATIENCE = 10_000;

/** Milliseconds that anything of a job may live after its coordinator was killed. */
const ORPHANED = 15_000;

/** How the program that started the child ends, or is ended. */
interface Ending {
  /** What the program does at first, and when the child has begun. */
  readonly first?: string;
  readonly last: string;
  readonly exit: number | null;
  readonly state: string;
  /** What is done to the coordinator. */
  act?(coordinator: ChildProcess, folder: string): Promise<void> | void;
}

async function until(isSo: () => boolean, milliseconds = 30_000): Promise<boolean> {
  for (const end = performance.now() + milliseconds; performance.now() < end; await sleep(10)) if (isSo()) return true;
  return false;
}

/** A program that says that it was asked to end, and goes on. */
const DEAF = { first: `trap 'touch $ASKED' TERM`, last: 'while :; do sleep 0.02; done' };

const ENDINGS: Readonly<Record<string, Ending>> = {
  'it is done': { last: 'exit 0', exit: 0, state: 'done' },
  'it fails': { last: 'exit 3', exit: 1, state: 'failed' },
  'its time is up': { ...DEAF, exit: 1, state: 'failed' },
  'it is asked to stop': { last: 'exec sleep 600', exit: 143, state: 'cancelled', act: (one) => void one.kill('SIGTERM') },
  'it is killed at once': {
    ...DEAF,
    exit: 130,
    state: 'cancelled',
    async act(one, folder) {
      one.kill('SIGINT');
      await until(() => existsSync(join(folder, 'asked')));
      one.kill('SIGINT');
    },
  },
  'its coordinator is killed': { last: 'exec sleep 600', exit: null, state: 'interrupted', act: (one) => void one.kill('SIGKILL') },
};

function writeProject(folder: string, way: string, ending: string): void {
  const [pids, asked] = [join(folder, 'pids'), join(folder, 'asked')];
  const script = `CHILD=${folder}/child.sh; PARTS=${folder}/parts.py; ASKED=${asked}
${ENDINGS[ending]?.first ?? ''}
echo ok > "$o"
sed "s#OUTPUT#$PWD/$o#; s#PIDS#${pids}#" ${folder}/child.in > $CHILD
sed "s#OUTPUT#$PWD/$o#; s#PIDS#${pids}#" ${folder}/parts.in > $PARTS
${WAYS[way]}
until test -s ${pids}; do sleep 0.01; done
${ENDINGS[ending]?.last}`;
  mkdirSync(join(folder, 'artifacts'));
  writeFileSync(join(folder, 'package.json'), '{}');
  writeFileSync(join(folder, 'escape.sh'), script);
  writeFileSync(join(folder, 'child.in'), CHILD);
  writeFileSync(join(folder, 'parts.in'), PARTS);
  const isLate = ending === 'its time is up';
  const grace = isLate ? '0s' : '10m';
  writeFileSync(join(folder, 'stillroom.yaml'), `executors: { local: { kind: process, grace: ${grace} } }\n`);
  const limit = isLate ? '\n    timeout: 4s' : '';
  writeFileSync(join(folder, 'p.yaml'), `name: p\nstages:\n  a:\n    run: exec sh ${folder}/escape.sh\n    out: { o: out.txt }${limit}\n`);
}

/** The processes that were noted as escaped and live. One whose first thread has ended looks dead, but has others. */
function escaped(folder: string): number[] {
  const file = join(folder, 'pids');
  const pids = existsSync(file) ? readFileSync(file, 'utf8').split('\n').map(Number) : [];
  return pids.filter((pid) => {
    try {
      const isDead = /^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
      return pid > 0 && (!isDead || readdirSync(`/proc/${pid}/task`).length > 1);
    } catch {
      return false;
    }
  });
}

/** All that has to do with an attack and lives. */
function left(folder: string): string[] {
  return [...living(folder), ...escaped(folder).map(String)];
}

const options = (folder: string) => ({ cwd: folder, env: { ...process.env, CI: '1' } });

/** What a command line that is left alone came to. */
function ended(folder: string, args: readonly string[]) {
  return spawnSync(process.execPath, [cli, ...args], { ...options(folder), encoding: 'utf8' });
}

/** What did not hold when a child escaped in a way and its program ended in one. */
async function attack(way: string, name: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'stillroom-trust-'));
  const ending = ENDINGS[name] as Ending;
  const faults: string[] = [];
  try {
    writeProject(folder, way, name);
    const coordinator = spawn(process.execPath, [cli, 'run', 'p.yaml'], { ...options(folder), stdio: 'ignore' });
    const code = new Promise<number | null>((settle) => coordinator.once('exit', settle));
    if (!(await until(() => existsSync(join(folder, 'pids'))))) faults.push('never escaped');
    await ending.act?.(coordinator, folder);
    const exit = await Promise.race([code, sleep(PATIENCE + 1000, 'late' as const)]);
    if (exit === 'late') coordinator.kill('SIGKILL');
    if (exit !== ending.exit) faults.push(`ended with ${exit}`);
    const patience = name === 'its coordinator is killed' ? ORPHANED : 0;
    if (!(await until(() => left(folder).length === 0, patience + 1))) faults.push(`left: ${left(folder).join('; ')}`);
    const state = JSON.stringify(ending.state);
    if (!ended(folder, ['runs', '--json']).stdout.includes(`"state":${state}`)) faults.push(`is not recorded as ${state}`);
    if (ending.state === 'done' && ended(folder, ['verify', '--json']).status !== 0) faults.push('an output was written to');
  } finally {
    for (const one of left(folder)) spawnSync('kill', ['-KILL', one.split(':', 1)[0] ?? '']);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  return faults.map((fault) => `a child that escapes ${way}, when ${name}: ${fault}`);
}

async function run(attacks: number, tell: (line: string) => void): Promise<Findings> {
  if (!existsSync('dist/native/supervisor')) {
    tell('not tried: without a C compiler only what carries a mark is ended');
    return { attacks: 0, faults: [] };
  }
  const [ways, endings] = [Object.keys(WAYS), Object.keys(ENDINGS)];
  const all = ways.length * endings.length;
  const faults: string[] = [];
  let begun = 0;
  const lane = async (): Promise<void> => {
    while (begun < attacks) {
      begun += 1;
      if (begun % 10 === 0) tell(`${begun} tried, ${faults.length} faults`);
      // Seven has no divisor in common with their number: few attacks meet many ways and endings, all of them meet each pair once.
      const at = (begun * 7) % all;
      const turn = at % ways.length;
      const ending = endings[(turn + Math.floor(at / ways.length)) % endings.length] ?? '';
      faults.push(...(await attack(ways[turn] ?? '', ending)));
    }
  };
  await Promise.all([lane(), lane(), lane()]);
  return { attacks, faults };
}

/** Children that leave their program in every way, while that ends in every way. */
const trial: Trial = {
  about: 'nothing outlives a local node, and no one writes into its outputs, wherever a child went and however its program ended',
  full: Object.keys(WAYS).length * Object.keys(ENDINGS).length,
  sample: 6,
  run,
};
export default trial;

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Verification } from '../../../src/project/project.ts';
import { type Machine, machines } from '../../stores/shared/machines.ts';
import { numbers } from './numbers.ts';
import { lossesIn } from './still-true.ts';
import type { Findings, Trial } from './trial.ts';

/** Milliseconds in which a run comes to its end when no one disturbs it. */
const USUAL = 1800;

/** Seconds for which a machine keeps what it learned of the shared folder. */
const KEPT = 30;

const WIDTH = 6;

/** A pipeline that comes out alike wherever it runs, and notes each execution. */
function pipeline(ran: string): string {
  const node = (name: string, rest: string): string =>
    `  ${name}: { ${rest}with: { n: $n }, out: { o: o.txt }, run: 'echo ${name} $n >> ${ran}; sleep 0.15; echo ${name} $n > "$o"' }\n`;
  const wide = Array.from({ length: WIDTH }, (_, at) => node(`wide${at}`, 'in: { from: first.o }, ')).join('');
  const last = node('last', `in: { ${Array.from({ length: WIDTH }, (_, at) => `i${at}: wide${at}.o`).join(', ')} }, `);
  const large = `  large: { in: { from: wide0.o }, with: { n: $n }, out: { o: o.bin }, run: 'echo large $n >> ${ran}; (yes $n || true) | head -c 300000 > "$o"' }\n`;
  return `name: shared\nparams: { n: 0 }\nstages:\n${node('first', '')}${wide}${large}${last}`;
}

interface Place {
  readonly project: string;
  readonly ran: string;
}

function argsOf(machine: Machine | undefined, n: number, store = join(machine?.folder ?? '', 'artifacts')): string[] {
  return ['run', 'p.yaml', '--plain', '--jobs', '4', '--set', `n=${n}`, '--store', store];
}

function hashIn(output: string): string {
  return /hash\s+([0-9a-f]{64})/.exec(output)?.[1] ?? output;
}

/** Runs the same on all machines and cuts the power of some at any time. Returns the nodes that were told as done. */
async function disturbed(
  all: readonly Machine[],
  n: number,
  { project }: Place,
  random: () => number,
): Promise<{ readonly done: Set<string>; readonly cuts: number }> {
  let cuts = 0;
  const outputs = await Promise.all(
    all.map(async (machine) => {
      const cut = new AbortController();
      await sleep(random() * 400);
      const run = machine.stillroom(argsOf(machine, n), project, cut.signal);
      if (random() < 0.7) {
        cuts += 1;
        void sleep(random() * USUAL).then(() => cut.abort());
      }
      return (await run).output;
    }),
  );
  return { done: new Set(outputs.flatMap((output) => [...output.matchAll(/^✔ (\S+) {2}/gm)].map(([, node = '']) => node))), cuts };
}

async function run(attacks: number, tell: (line: string) => void): Promise<Findings> {
  const root = mkdtempSync(join(tmpdir(), 'stillroom-shared-store-'));
  const random = numbers(23);
  const [project, reference] = [join(root, 'project'), join(root, 'reference')];
  mkdirSync(project);
  const place: Place = { project, ran: join(project, 'ran') };
  writeFileSync(join(project, 'p.yaml'), pipeline(place.ran));
  const { server, all, end } = await machines(root, KEPT, 3);
  const leases = join(server, 'artifacts', 'locks', 'leases');
  mkdirSync(leases, { recursive: true });
  writeFileSync(join(leases, 'settings.json'), '{"silence":1}');
  const faults: string[] = [];
  let cuts = 0;
  let twice = 0;
  try {
    for (let n = 1; cuts < attacks; n += 1) {
      const done = new Set<string>();
      while (random() < 0.8) {
        const before = readLines(place.ran);
        const round = await disturbed(all, n, place, random);
        cuts += round.cuts;
        const again = readLines(place.ran).slice(before.length);
        for (const node of done) if (again.includes(`${node} ${n}`)) faults.push(`n=${n}: ${node} was done and ran again`);
        for (const node of round.done) done.add(node);
        twice += again.length - new Set(again).size;
      }
      const [machine] = all as [Machine];
      const last = await machine.stillroom(argsOf(machine, n), project);
      const undisturbed = await machine.stillroom(argsOf(undefined, n, reference), project);
      if (last.exitCode !== 0 || hashIn(last.output) !== hashIn(undisturbed.output)) faults.push(`n=${n}: ended as ${last.output}`);
      if (n % 5 === 0) tell(`${cuts} of ${attacks}, ${faults.length} faults`);
    }
    const last = all[1] as Machine;
    const { output } = await last.stillroom(['verify', '--all', '--json', '--store', join(last.folder, 'artifacts')], project);
    // Notes of several machines may meet in one file: they are known by their sums, and made again.
    const losses = lossesIn(JSON.parse(output) as Verification);
    if (losses.length > 0) faults.push(`verify: ${JSON.stringify(losses)}`);
    return { attacks: cuts, faults, counts: { 'executions begun again after a cut': twice } };
  } finally {
    end();
    rmSync(root, { recursive: true, force: true });
  }
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

/** Machines that share a store lose their power at any time; root, Linux and FUSE are needed. */
export default {
  about: 'three machines that share a store lose their power at any time: what was done stays done, and all ends as undisturbed',
  full: 200,
  sample: 0,
  run,
} satisfies Trial;

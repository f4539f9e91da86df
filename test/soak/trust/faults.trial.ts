import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acknowledged, faultsAfter, value } from './aftermath.ts';
import { type CommandEnd, endOf } from './command-end.ts';
import { type ErrorPoint, errorPoints, withError } from './injected-errors.ts';
import { cli, openSmall, writeSmallProject } from './small-project.ts';
import { hindrance } from './system-calls.ts';
import type { Findings, Trial } from './trial.ts';

/** Programs of the system, no package's. */
const [mounter, unmounter] = ['mount', 'umount'];

const ARGS = ['run', 'pipeline.yaml', '--plain'];

/** Exit codes of a command that met an error: those of `docs/commands.md`, without that of a bug. */
const EXITS: readonly (number | null)[] = [0, 1, 2, 3, 5];

/** What no one who runs a pipeline should ever be shown. */
const STACK = /^\s+at |node:internal|Node\.js v\d/m;

/** An attack on a run, in words, and what makes it; `after` clears away before it is looked at what is left. */
interface Attack {
  readonly name: string;
  /** `excused`: Node itself met the error, where it waits for events or loads its modules, so nothing of Stillroom's could answer for it. */
  make(place: string): Promise<{ readonly end: CommandEnd; readonly excused: boolean }>;
  after?(place: string): void;
}

/** The digest of all that users find of a run. */
function published(place: string): string {
  const root = join(place, 'artifacts/latest/small');
  const hash = createHash('sha256');
  const names = existsSync(root) ? readdirSync(root, { recursive: true, encoding: 'utf8' }).sort() : [];
  for (const name of names) {
    const path = join(root, name);
    hash.update(`${name}\n`);
    if (statSync(path).isFile()) hash.update(readFileSync(path));
  }
  return hash.digest('hex');
}

/** What an undisturbed run gives. */
interface Undisturbed {
  readonly hash: string;
  readonly published: string;
}

function faultsIn(end: CommandEnd, place: string, undisturbed: Undisturbed): string[] {
  if (end === undefined) return ['it did not end'];
  const { code, output } = end;
  return [
    ...(STACK.test(output) ? [`a stack: ${output.slice(-600)}`] : []),
    ...(EXITS.includes(code) ? [] : [`exit code ${code}: ${output.slice(-300)}`]),
    ...(code === 0 && published(place) !== undisturbed.published ? ['exit code 0 without the right outputs'] : []),
    // A node that failed says so in its own words.
    ...(code !== 0 && code !== 1 && !/^error: .*(?:\/|\(E[A-Z]+\)|\bspawn E[A-Z]+)/m.test(output)
      ? [`neither a path nor a call is named: ${output.slice(-300)}`]
      : []),
  ];
}

/** Disks of so many KiB, most of them too small for a run. */
function smallDisk(size: number, inodes: number): Attack {
  const store = (place: string): string => join(place, 'artifacts');
  return {
    name: `a disk of ${size} KiB and ${inodes} files`,
    async make(place) {
      mkdirSync(store(place));
      spawnSync(mounter, ['-t', 'tmpfs', '-o', `size=${size}k,nr_inodes=${inodes}`, 'tmpfs', store(place)]);
      return { end: await endOf([process.execPath, cli, ...ARGS], place), excused: false };
    },
    after: (place) => void spawnSync(mounter, ['-o', 'remount,size=100m,nr_inodes=10000', store(place)]),
  };
}

/** A disk that is mounted read-only after so many milliseconds. */
function readOnlyAfter(milliseconds: number): Attack {
  const store = (place: string): string => join(place, 'artifacts');
  const script = `(sleep ${milliseconds / 1000}; mount -o remount,ro artifacts 2> /dev/null) & exec "$0" "$@"; wait`;
  return {
    name: `a disk that is read-only after ${milliseconds} ms`,
    async make(place) {
      mkdirSync(store(place));
      spawnSync(mounter, ['-t', 'tmpfs', '-o', 'size=100m', 'tmpfs', store(place)]);
      return { end: await endOf(['bash', '-c', script, process.execPath, cli, ...ARGS], place), excused: false };
    },
    after: (place) => void spawnSync(mounter, ['-o', 'remount,rw', store(place)]),
  };
}

/** So few open files. Below what Node itself takes it may say so as it likes, as long as nothing wrong is kept. */
function fewFiles(limit: number): Attack {
  return {
    name: `${limit} open files`,
    async make(place) {
      const end = await endOf(['bash', '-c', `ulimit -n ${limit}; exec "$0" "$@"`, process.execPath, cli, ...ARGS], place);
      return { end, excused: end?.code !== 0 && /ERR_MODULE_NOT_FOUND|EMFILE.*dist/s.test(end?.output ?? '') };
    },
  };
}

/** Attacks that need no tracer, each of its kind evenly spread over a range. */
function roughAttacks(count: number): Attack[] {
  return Array.from({ length: count }, (_, at) => {
    const share = Math.floor(at / 4) / Math.max(1, Math.ceil(count / 4));
    if (at % 4 === 0) return smallDisk(Math.round(4 + 300 * share), 10_000);
    if (at % 4 === 1) return smallDisk(10_000, Math.round(2 + 80 * share));
    return at % 4 === 2 ? fewFiles(Math.round(24 + 24 * share)) : readOnlyAfter(Math.round(100 + 900 * share));
  });
}

async function injected(point: ErrorPoint, place: string): ReturnType<Attack['make']> {
  const { end, met } = await withError(point, ARGS, place);
  return { end, excused: met === 'a call of Node itself' };
}

/** The attacks, in proportion: nine of ten are errors at a system call. */
async function attacksOn(count: number, fresh: string, place: string): Promise<{ attacks: Attack[]; calls: number }> {
  spawnSync('cp', ['-a', fresh, place]);
  const points = await errorPoints(ARGS, place);
  const atCalls = Math.ceil(count * 0.9);
  const chosen = Array.from({ length: atCalls }, (_, at): Attack => {
    const point = points[Math.floor(((at + 0.5) * points.length) / atCalls)] as (typeof points)[number];
    return { name: `${point.error} at ${point.call} ${point.index} (${point.about})`, make: (folder) => injected(point, folder) };
  });
  return { attacks: [...chosen, ...roughAttacks(count - atCalls)], calls: points.length };
}

async function run(amount: number, tell: (line: string) => void): Promise<Findings> {
  const why = process.getuid?.() === 0 ? hindrance() : 'this is not root';
  if (why !== undefined) {
    tell(`not tried: ${why}`);
    return { attacks: 0, faults: [] };
  }
  const root = mkdtempSync(join(tmpdir(), 'stillroom-faults-'));
  const [place, fresh, tried] = [join(root, 'project'), join(root, 'fresh'), join(root, 'tried')];
  try {
    for (const folder of [fresh, tried]) writeSmallProject(folder);
    const project = await openSmall(tried);
    const { record } = value(await project.run('pipeline.yaml'));
    project.close();
    const undisturbed = { hash: record.hash ?? '', published: published(tried) };
    const { attacks, calls } = await attacksOn(amount, fresh, place);
    const faults: string[] = [];
    const counts: Record<string, number> = { calls };
    for (const [at, attack] of attacks.entries()) {
      clear(place);
      spawnSync('cp', ['-a', fresh, place]);
      const { end, excused } = await attack.make(place);
      const found = excused ? [] : faultsIn(end, place, undisturbed);
      attack.after?.(place);
      found.push(...(await faultsAfter(place, { hash: undisturbed.hash, acknowledged: acknowledged(place) })));
      const name = excused ? 'met by Node itself' : `ended with ${end?.code}`;
      counts[name] = (counts[name] ?? 0) + 1;
      for (const one of found) tell(`${attack.name}: ${one}`);
      faults.push(...found.map((one) => `${attack.name}: ${one}`));
      if ((at + 1) % 50 === 0) tell(`${at + 1} of ${attacks.length}`);
    }
    return { attacks: attacks.length, faults, counts };
  } finally {
    clear(place);
    rmSync(root, { recursive: true, force: true });
  }
}

function clear(place: string): void {
  spawnSync(unmounter, ['-l', join(place, 'artifacts')]);
  rmSync(place, { recursive: true, force: true });
}

/** Errors of the system at its calls, full and read-only disks, few open files. */
export default {
  about: 'what the system refuses at any call is one clear error, nothing wrong is kept, and the next run ends as if nothing had been',
  full: 400,
  sample: 2,
  run,
} satisfies Trial;

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acknowledged, faultsAfter, living } from './aftermath.ts';
import { type AttackedCommand, attackedCommands, useProject } from './attacked-commands.ts';
import { writeSmallProject } from './small-project.ts';
import { type CallPoint, callsOf, hindrance, killedAt } from './system-calls.ts';
import type { Findings, Trial } from './trial.ts';

/** Where a project is attacked, and how it stood before: never run, and used. */
interface Places {
  readonly place: string;
  readonly fresh: string;
  readonly used: string;
}

interface Point extends CallPoint {
  readonly command: AttackedCommand;
}

function copy(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  spawnSync('cp', ['-a', from, to]);
}

/** A project that has run, and all that can be asked of it. */
async function prepare({ place, fresh, used }: Places): Promise<AttackedCommand[]> {
  writeSmallProject(place);
  copy(place, fresh);
  const run = await useProject(place);
  copy(place, used);
  return attackedCommands(place, run);
}

async function attack(
  { command, ...point }: Point,
  { place, fresh, used }: Places,
): Promise<{ readonly faults: string[]; readonly was: string }> {
  copy(command.isFirst ? fresh : used, place);
  const was = await killedAt(point, command.args, place);
  const faults = [
    ...(was === 'hung' ? ['did not end'] : []),
    ...living(place).map((one) => `left running: ${one}`),
    ...(await faultsAfter(place, {
      hash: command.hash,
      set: command.set,
      acknowledged: command.keeps ? acknowledged(place) : new Set(),
      again: (project) => command.again(project),
    })),
  ];
  return { was, faults: faults.map((fault) => `${command.args.join(' ')}, ${point.call} ${point.index}: ${fault}`) };
}

async function run(attacks: number, tell: (line: string) => void): Promise<Findings> {
  const why = hindrance();
  if (why !== undefined) {
    tell(`not tried: ${why}`);
    return { attacks: 0, faults: [] };
  }
  const root = mkdtempSync(join(tmpdir(), 'stillroom-kills-'));
  const places = { place: join(root, 'project'), fresh: join(root, 'fresh'), used: join(root, 'used') };
  try {
    const commands = await prepare(places);
    const points: Point[] = [];
    // What is few is made of the first of them: each is counted in a run of its own.
    for (const command of commands.slice(0, attacks)) {
      copy(command.isFirst ? places.fresh : places.used, places.place);
      const calls = await callsOf(command.args, places.place);
      tell(`${command.args.join(' ')}: ${calls.length} calls`);
      points.push(...calls.map((call) => ({ ...call, command })));
    }
    const faults: string[] = [];
    const counts: Record<string, number> = { calls: points.length };
    for (let at = 0; at < attacks; at += 1) {
      const found = await attack(points[Math.floor(((at + 0.5) * points.length) / attacks)] as Point, places);
      for (const fault of found.faults) tell(fault);
      faults.push(...found.faults);
      counts[found.was] = (counts[found.was] ?? 0) + 1;
      if ((at + 1) % 100 === 0) tell(`${at + 1} of ${attacks}`);
    }
    return { attacks, faults, counts };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** SIGKILL at system calls, evenly spread over those that commands make. */
export default {
  about: 'killed at any system call, a command that is asked for again ends as it would have, and what was told as done is not done again',
  full: 2000,
  sample: 2,
  run,
} satisfies Trial;

import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faultsAfter, value } from './aftermath.ts';
import { type AttackedCommand, attackedCommands, useProject } from './attacked-commands.ts';
import { openSmall, type SmallProject, writeSmallProject } from './small-project.ts';
import { lossesIn, stillTrue } from './still-true.ts';
import { SyncedRun } from './synced-disk.ts';

/** Where a project is attacked, how it stood before (never run, and used), and where syncs are kept. */
export interface Places {
  readonly place: string;
  readonly fresh: string;
  readonly used: string;
  readonly log: string;
}

function copy(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  spawnSync('cp', ['-a', from, to]);
}

/** Runs a command on a disk that keeps nothing but what is synced. */
export function runSynced({ args, isFirst }: AttackedCommand, { place, fresh, used, log }: Places, skipped?: string): SyncedRun {
  const equal = isFirst ? fresh : used;
  copy(equal, place);
  const run = new SyncedRun(args, { folder: place, equal, log, skipped });
  if (run.code !== 0) throw new Error(`stillroom ${args.join(' ')} fails undisturbed: ${run.code}`);
  return run;
}

/** What is wrong after a power cut at a moment of a command. */
export async function faultsAt(run: SyncedRun, moment: number, command: AttackedCommand, { place }: Places): Promise<string[]> {
  run.restore(moment, place);
  const text = run.told(moment);
  const said = { text, code: moment === run.moments - 1 ? 0 : undefined };
  const faults = await stillTrue(place, command.args, said);
  const project = await openSmall(place);
  const lost = lossesIn(value(await project.verify()));
  project.close();
  if (lost.length > 0) faults.push(`damaged by the cut: ${JSON.stringify(lost)}`);
  const doneNodes = command.args[0] === 'run' ? [...text.matchAll(/^✔ (\S+) {2}/gm)].map(([, node = '']) => node) : [];
  const { hash, set } = command;
  faults.push(...(await faultsAfter(place, { hash, set, acknowledged: new Set(), doneNodes, again: (asked) => command.again(asked) })));
  return faults;
}

/** Projects, and the commands that change something in them. */
export async function prepare({ place, fresh, used }: Places, made: SmallProject = {}): Promise<AttackedCommand[]> {
  rmSync(place, { recursive: true, force: true });
  writeSmallProject(place, made);
  copy(place, fresh);
  const run = await useProject(place);
  copy(place, used);
  const commands = await attackedCommands(place, run);
  return commands.filter(({ args: [verb = ''] }) => !['verify', 'report', 'reproduce'].includes(verb));
}

/** Does something with folders of its own, which are gone afterwards. */
export async function withPlaces<Value>(work: (places: Places) => Promise<Value>): Promise<Value> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'stillroom-synced-')));
  try {
    return await work({ place: join(root, 'project'), fresh: join(root, 'fresh'), used: join(root, 'used'), log: join(root, 'log') });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { faultsAfter, value } from './aftermath.ts';
import { type AttackedCommand, attackedCommands, useProject } from './attacked-commands.ts';
import { Ext4Disk, hindrance, MOUNTS } from './ext4-disk.ts';
import { numbers } from './numbers.ts';
import { cli, environment, openSmall, writeSmallProject } from './small-project.ts';
import { lossesIn, type Said, stillTrue } from './still-true.ts';
import type { Findings, Trial } from './trial.ts';

/** What chance decides; `usual` is how long a run takes here, in milliseconds. */
interface Chance {
  readonly usual: number;
  readonly random: () => number;
}

/** Begins a command and cuts the power, before or as soon as it has ended. */
async function cutWhile(disk: Ext4Disk, args: readonly string[], { usual, random }: Chance): Promise<Said> {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: join(disk.folder, 'project'),
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let text = '';
  let code: number | null | undefined;
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.once('exit', (status) => {
    code = status;
  });
  await (random() < 0.25 ? closed : Promise.race([closed, sleep(random() * usual)]));
  const said = { text, code };
  disk.cut(random() < 0.5 ? 1 : 2);
  disk.unmount();
  await closed;
  return said;
}

async function attack(
  command: AttackedCommand,
  template: Ext4Disk,
  { path, mount, ...chance }: Chance & { readonly path: string; readonly mount: string },
): Promise<string[]> {
  const disk = template.copy(path);
  const folder = join(disk.folder, 'project');
  try {
    disk.mount(mount);
    const said = await cutWhile(disk, command.args, chance);
    disk.mount(mount);
    const faults = await stillTrue(folder, command.args, said);
    const printed = command.args[0] === 'run' ? [...said.text.matchAll(/^✔ (\S+) {2}/gm)].map(([, node = '']) => node) : [];
    if (existsSync(join(folder, 'artifacts'))) {
      const project = await openSmall(folder);
      const lost = lossesIn(value(await project.verify()));
      project.close();
      if (lost.length > 0) faults.push(`damaged by the cut: ${JSON.stringify(lost)}`);
    }
    const { hash, set } = command;
    faults.push(
      ...(await faultsAfter(folder, {
        hash,
        set,
        acknowledged: new Set(),
        doneNodes: printed,
        again: (project) => command.again(project),
      })),
    );
    return faults.map((fault) => `${command.args.join(' ')} (${mount}), after ${said.text.length} characters: ${fault}`);
  } finally {
    disk.remove();
  }
}

async function run(attacks: number, tell: (line: string) => void): Promise<Findings> {
  const root = mkdtempSync(join(tmpdir(), 'stillroom-power-cuts-'));
  const why = hindrance(root);
  if (why !== undefined) {
    tell(`not tried: ${why}`);
    return { attacks: 0, faults: [] };
  }
  const disks: Ext4Disk[] = [];
  try {
    const path = join(root, 'disk');
    const fresh = Ext4Disk.make(path);
    disks.push(fresh);
    fresh.mount(MOUNTS[2]);
    writeSmallProject(join(path, 'project'), { pace: 0.02, learns: true });
    fresh.unmount();
    const used = fresh.copy(join(root, 'used'));
    // Where a project lies is in its notes: it is made where it will be attacked.
    fresh.mount(MOUNTS[2]);
    const started = performance.now();
    spawnSync(process.execPath, [cli, 'run', 'pipeline.yaml'], { cwd: join(path, 'project'), env: environment });
    const usual = performance.now() - started;
    const done = await useProject(join(path, 'project'));
    fresh.unmount();
    const template = fresh.copy(join(root, 'template'));
    disks.push(used, template);
    fresh.mount(MOUNTS[2]);
    const commands = await attackedCommands(join(path, 'project'), done);
    fresh.remove();
    const changing = commands.filter(({ args: [verb = ''] }) => !['verify', 'report'].includes(verb));
    const random = numbers(5);
    const faults: string[] = [];
    for (let at = 0; at < attacks; at += 1) {
      const command = changing[at % changing.length] as AttackedCommand;
      const mount = MOUNTS[Math.floor(at / changing.length) % MOUNTS.length] ?? '';
      const found = await attack(command, command.isFirst ? used : template, { path, mount, random, usual });
      for (const fault of found) tell(fault);
      faults.push(...found);
      if ((at + 1) % 20 === 0) tell(`${at + 1} of ${attacks}`);
    }
    return { attacks, faults };
  } finally {
    for (const disk of disks) disk.remove();
    rmSync(root, { recursive: true, force: true });
  }
}

/** A disk of its own that is cut off from its power while commands run, and looked at when it is back. */
export default {
  about: 'after a power cut all that was told as done is there and whole, and what is asked again ends as it would have',
  full: 100,
  sample: 0,
  run,
} satisfies Trial;

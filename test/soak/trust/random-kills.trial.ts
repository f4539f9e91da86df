import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { acknowledged, faultsAfter, living, value } from './aftermath.ts';
import { numbers } from './numbers.ts';
import { descendants, kill } from './processes.ts';
import { cli, environment, openSmall, writeSmallProject } from './small-project.ts';
import type { Findings, Trial } from './trial.ts';

/** Milliseconds in which a command comes to its end when no one disturbs it. */
const USUAL = 1100;

/** Milliseconds that what a killed coordinator started may live on: more than is promised. */
const PATIENCE = 20_000;

/** A project as it stands before its attacks. */
interface Template {
  readonly folder: string;
  readonly name: 'local' | 'detached';
  readonly hash: string;
}

const RUN = ['run', 'pipeline.yaml', '--jobs', '3'];
const COMMANDS = [RUN, RUN, ['sweep', 'pipeline.yaml', '--over', 'n=2,5', '--jobs', '3'], ['gc', '--keep-runs', '1']];
const TARGETS = ['coordinator', 'worker', 'all'] as const;

function copy(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  spawnSync('cp', ['-a', from, to]);
}

/** A project of a few nodes that take a while, with one run of other params in its store. */
async function prepare(place: string, template: string, name: Template['name']): Promise<Template> {
  rmSync(place, { recursive: true, force: true });
  writeSmallProject(place, { pace: 0.05, learns: true, ...(name === 'detached' ? { executor: name } : {}) });
  const first = await openSmall(place);
  value(await first.run('pipeline.yaml', { set: ['n=1'] }));
  first.close();
  copy(place, template);
  const project = await openSmall(place);
  const { hash } = value(await project.run('pipeline.yaml')).record;
  project.close();
  if (hash === undefined) throw new Error('a run failed undisturbed');
  return { folder: template, name, hash };
}

/** Starts a command, kills what is meant of it after a while, and waits until the command itself is gone. Returns the nodes that it told as done. */
async function disturbed(
  place: string,
  args: readonly string[],
  target: (typeof TARGETS)[number],
  random: () => number,
): Promise<string[]> {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: place,
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  const gone = new Promise((resolve) => child.once('close', resolve));
  await sleep(random() * USUAL);
  const workers =
    target === 'coordinator'
      ? []
      : [...new Set([...descendants(child.pid ?? 0).map(({ pid }) => pid), ...living(place).map((line) => Number.parseInt(line, 10))])];
  const own = workers.filter((pid) => pid !== child.pid);
  if (target === 'worker') {
    const one = own[Math.floor(random() * own.length)];
    if (one !== undefined) kill(one);
  } else for (const pid of [child.pid ?? 0, ...own]) kill(pid);
  await gone;
  return [...told.matchAll(/^✔ (\S+) {2}/gm)].map(([, node = '']) => node);
}

/** Waits until nothing lives that has to do with a folder; returns what does all the same. */
async function survivors(place: string): Promise<string[]> {
  for (let waited = 0; waited < PATIENCE; waited += 100) {
    if (living(place).length === 0) return [];
    await sleep(100);
  }
  return living(place).map((one) => `left running: ${one}`);
}

async function run(attacks: number, tell: (line: string) => void): Promise<Findings> {
  const root = mkdtempSync(join(tmpdir(), 'stillroom-random-kills-'));
  const place = join(root, 'project');
  const random = numbers(11);
  try {
    const names = attacks > 4 ? (['local', 'detached'] as const) : (['local'] as const);
    const templates: Template[] = [];
    for (const name of names) templates.push(await prepare(place, join(root, name), name));
    const faults: string[] = [];
    const counts: Record<string, number> = {};
    let kills = 0;
    while (kills < attacks) {
      const template = templates[Math.floor(random() * templates.length)] as Template;
      copy(template.folder, place);
      const done: string[] = [];
      const words: string[] = [template.name];
      // Now and then what goes on is killed again.
      do {
        const args = COMMANDS[Math.floor(random() * COMMANDS.length)] as readonly string[];
        const target = TARGETS[Math.floor(random() * TARGETS.length)] as (typeof TARGETS)[number];
        words.push(`${args[0]}: ${target}`);
        counts[target] = (counts[target] ?? 0) + 1;
        const told = await disturbed(place, args, target, random);
        if (args[0] === 'run') done.push(...told);
        kills += 1;
      } while (kills < attacks && random() < 0.3);
      // What trials began of their own goes on, and is not asked for again.
      const isOver = template.name === 'local' || words.some((word) => word.startsWith('sweep'));
      const left = isOver ? await survivors(place) : [];
      const isCollected = words.some((word) => word.startsWith('gc'));
      const told = isCollected ? new Set<string>() : acknowledged(place);
      const found = await faultsAfter(place, { hash: template.hash, acknowledged: told, doneNodes: isCollected ? [] : done });
      for (const fault of [...left, ...found]) {
        faults.push(`${words.join(', ')}: ${fault}`);
        tell(`${words.join(', ')}: ${fault}`);
      }
      if (kills % 100 < 2) tell(`${kills} of ${attacks}`);
    }
    return { attacks: kills, faults, counts };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** SIGKILL at any time. */
export default {
  about: 'killed at any time, coordinators, workers or all of them, a run that is asked for again ends as it would have',
  full: 1000,
  sample: 4,
  run,
} satisfies Trial;

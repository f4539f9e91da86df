// How often the end of a run lies in the time left that was told: after three runs of pipelines of sleeps with noisy durations, asked at
// twenty moments of it. Wanted: 80 %.
//
//   npm run bench -- remaining [--rounds 6] [--noise 0.25]
//
// --noise is the deviation of the logarithm of each duration. All rounds of a shape run at once; their nodes only sleep, some seconds each.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Event } from '../../src/model/event.ts';
import { openProject } from '../../src/project/project.ts';
import { Dice, judged, noisy, type Played, type Told, together } from '../model/time-left/played-runs.ts';

const { values: given } = parseArgs({ options: { rounds: { type: 'string', default: '6' }, noise: { type: 'string', default: '0.25' } } });
const noise = { own: Number(given.noise), run: 0.05 };

/** Runs that tell how long nodes take. */
const EARLIER = 3;

/** How many times longer than they take nodes are judged to: then it does not count how seconds are rounded. */
const STRETCH = 20;

const folds = [0, 1, 2, 3, 4].map((fold) => `teach${fold}`);

const shapes: Readonly<Record<string, readonly Played[]>> = {
  'a chain': [2, 4, 1.5, 5, 2.5].map((seconds, index) => ({ node: `c${index}`, seconds, after: index > 0 ? [`c${index - 1}`] : [] })),
  'five folds': [
    { node: 'data', seconds: 1.5, after: [] },
    ...folds.map((node) => ({ node, seconds: 4, after: ['data'] })),
    { node: 'student', seconds: 5, after: folds },
  ],
  'twelve nodes side by side': Array.from({ length: 12 }, (_, index) => ({
    node: `w${index}`,
    seconds: 1 + ((index * 7) % 10) / 3,
    after: [],
  })),
};

/** The pipeline as a file: how long a node sleeps is a variable that is no part of its work. */
function pipelineText(nodes: readonly Played[]): string {
  const lines = nodes.map(({ node, after }) => {
    const inputs = after.length === 0 ? '' : `, in: { ${after.map((name) => `${name}: ${name}.o`).join(', ')} }`;
    return `  ${node}: { run: 'sleep "$T_${node}"; echo > o', env: { T_${node}: { secret: true } }, out: { o: o }${inputs} }\n`;
  });
  return `name: sleeps\nstages:\n${lines.join('')}`;
}

async function eventsOfRun(folder: string, nodes: readonly Played[], seconds: ReadonlyMap<string, number>): Promise<readonly Event[]> {
  const sleeps = Object.fromEntries(nodes.map(({ node }) => [`T_${node}`, (seconds.get(node) ?? 0).toFixed(3)]));
  const project = openProject({ folder, environment: { ...process.env, ...sleeps } });
  const events: Event[] = [];
  const ended = await project.run('sleeps.yaml', { jobs: 2, force: nodes.map(({ node }) => node), onEvent: (event) => events.push(event) });
  project.close();
  if (!ended.ok || ended.value.record.state !== 'done') throw new Error(JSON.stringify(ended.ok ? ended.value.problems : ended.problems));
  return events;
}

async function trial(nodes: readonly Played[], seed: number): Promise<Told> {
  const folder = mkdtempSync(join(tmpdir(), 'stillroom-bench-'));
  try {
    mkdirSync(join(folder, 'artifacts'));
    writeFileSync(join(folder, 'sleeps.yaml'), pipelineText(nodes));
    const dice = new Dice(seed);
    for (let run = 0; run < EARLIER; run += 1) await eventsOfRun(folder, nodes, noisy(nodes, dice, noise));
    const events = await eventsOfRun(folder, nodes, noisy(nodes, dice, noise));
    return judged(stretched(events), 20);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The events as they would be if all took longer. */
function stretched(events: readonly Event[]): readonly Event[] {
  const start = Date.parse(events[0]?.time ?? '');
  return events.map((event): Event => {
    const time = new Date(start + STRETCH * (Date.parse(event.time) - start)).toISOString();
    if (event.type === 'node-ended')
      return { ...event, time, outcome: { ...event.outcome, seconds: STRETCH * (event.outcome.seconds ?? 0) } };
    if (event.type !== 'run-started') return { ...event, time };
    const nodes = event.nodes.map(({ expected, ...node }) => ({
      ...node,
      ...(expected === undefined ? {} : { expected: { ...expected, took: expected.took.map((seconds) => STRETCH * seconds) } }),
    }));
    return { ...event, time, nodes };
  });
}

function line(name: string, told: Told): string {
  const percent = (count: number): string => `${Math.round((100 * count) / told.known)} %`;
  const width = (told.widths / told.known).toFixed(2);
  return `${name}: the end lay inside in ${percent(told.inside)} of ${told.known} moments (before: ${percent(told.below)}, after: ${percent(told.above)}); the range was ${width} of what was left\n`;
}

const all: Told[] = [];
for (const [name, nodes] of Object.entries(shapes)) {
  const rounds = Array.from({ length: Number(given.rounds) }, (_, round) => 1 + round * 7919);
  const told = await Promise.all(rounds.map((seed) => trial(nodes, seed)));
  all.push(...told);
  process.stdout.write(line(name, together(told)));
}
process.stdout.write(line('all', together(all)));

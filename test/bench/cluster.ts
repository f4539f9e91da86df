// What Stillroom makes of a large cluster: ten thousand nodes on five hundred machines that are played, with log-normal queues and run times,
// preemption and failures (`test/executors/slurm/simulation`). Planner, scheduler, store and executor are the real ones. Nothing is scaled:
// waiting is skipped, computing takes its time.
//
//   npm run bench -- cluster [--rows 'chains,recipes'] [--nodes 10000] [--machines 500] [--jobs 1000] [--seed 1] [--first] [--markdown]
//
// --rows names graphs by parts of their names; each is simulated in a process of its own. --jobs is that of the executor in stillroom.yaml.
// With --first nothing is known of what nodes take; else they were executed before, and take about what they took.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { traits } from '../executors/slurm/simulation/machines.ts';
import { shapes } from '../executors/slurm/simulation/shapes.ts';
import { simulate } from '../executors/slurm/simulation/simulation.ts';

const { values: given } = parseArgs({
  options: {
    rows: { type: 'string', default: '' },
    nodes: { type: 'string', default: '10000' },
    machines: { type: 'string', default: String(traits.machines) },
    jobs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(traits.seed) },
    markdown: { type: 'boolean', default: false },
    first: { type: 'boolean', default: false },
    shape: { type: 'string' },
  },
});

/** What each figure may be at most; the makespan, in the same run's own terms: those of a coordinator that is never late. */
const WANTED = { delay: 1.1, squeue: 4.1, processor: 0.02, mebibytes: 1024 };

const minutes = (seconds: number): string => `${(seconds / 60).toFixed(0)} min`;

/** Simulates a graph; returns the cells of its row. */
async function row(name: string): Promise<Record<string, string>> {
  const seed = Number(given.seed);
  const shape = shapes[name]?.(Number(given.nodes), seed) ?? [];
  const end = await simulate({
    shape,
    traits: { ...traits, seed, machines: Number(given.machines) },
    settings: { jobs: Number(given.jobs) },
    isKnown: !given.first,
  });
  const { makespan, asked, done, executions, processor, memory } = end;
  const bad = Object.values(end.states).filter((state) => state !== 'executed').length + done.length - new Set(done).size;
  const [delay, perMinute] = [makespan / end.undelayed, (count = 0): string => ((60 * count) / makespan).toFixed(2)];
  const mebibytes = memory.peak / 2 ** 20;
  const within = (isWithin: boolean): string => (isWithin ? '' : ' (!)');
  return {
    nodes: `${shape.length}${within(bad === 0)}`,
    makespan: minutes(makespan),
    'of the lower bound': (makespan / end.lowerBound).toFixed(3),
    'of a coordinator that is never late': `${delay.toFixed(3)}${within(delay <= WANTED.delay)}`,
    'squeue a minute': `${perMinute(asked['squeue'])}${within((60 * (asked['squeue'] ?? 0)) / makespan <= WANTED.squeue)}`,
    'by name': perMinute(asked['squeue --name']),
    'sbatch a minute': perMinute(asked['sbatch']),
    'scancel a minute': perMinute(asked['scancel']),
    executions: `${executions}`,
    'looks into folders a second': (end.looks / makespan).toFixed(0),
    processor: `${(processor.plan + processor.run).toFixed(0)} s${within(processor.run / makespan <= WANTED.processor)}`,
    memory: `${mebibytes.toFixed(0)} MiB${within(mebibytes <= WANTED.mebibytes)}`,
  };
}

function rowInItsOwnProcess(name: string): Record<string, string> {
  const args = [...process.execArgv, process.argv[1] ?? '', ...process.argv.slice(2), '--shape', name];
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (status !== 0) throw new Error(`${name} was not simulated`);
  return JSON.parse(stdout) as Record<string, string>;
}

if (given.shape !== undefined) console.log(JSON.stringify(await row(given.shape)));
else {
  const asked = given.rows.split(',');
  const names = Object.keys(shapes).filter((name) => asked.some((part) => name.includes(part)));
  const rows = names.map((name) => {
    const cells = rowInItsOwnProcess(name);
    if (!given.markdown) console.log([name, ...Object.entries(cells).map(([what, cell]) => `  ${what.padEnd(38)} ${cell}`)].join('\n'));
    return { graph: name, ...cells };
  });
  const [head] = rows;
  if (given.markdown && head !== undefined) {
    const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
    const columns = Object.keys(head);
    console.log([line(columns), line(columns.map(() => '---')), ...rows.map((one) => line(Object.values(one)))].join('\n'));
  }
}

// What listing and filtering ten thousand recorded runs takes, beside an empty Node process of the same moment:
//
//   npm run bench -- runs [--runs 10000] [--rounds 9]
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { manyRuns } from '../commands/many-runs.ts';
import { intervalOf, medianOf } from './measuring/statistics.ts';

const { values: given } = parseArgs({
  options: { runs: { type: 'string', default: '10000' }, rounds: { type: 'string', default: '9' } },
});
const cli = join(process.cwd(), 'dist/cli.js');
const { NODE_EXTRA_CA_CERTS: _certificates, ...env } = process.env;

/** The milliseconds of a Node process, which must end well. */
function timed(folder: string, args: readonly string[]): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', env });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}:\n${stderr.slice(-2000)}`);
  return performance.now() - started;
}

const project = mkdtempSync(join(tmpdir(), 'stillroom-bench-'));
mkdirSync(join(project, 'artifacts'));
writeFileSync(
  join(project, 'p.yaml'),
  'name: p\nstages:\n  train: { run: "echo {} > $o; echo \'{\\"accuracy\\": 0.5}\' > m.json", out: { o: o.json }, metrics: m.json, with: { rate: 1 } }\n',
);
timed(project, [cli, 'run', 'p.yaml', '--json']);
const folder = manyRuns(project, Number(given.runs));
const commands = {
  'an empty Node process': ['-e', ''],
  runs: [cli, 'runs'],
  'runs --where': [cli, 'runs', '--where', 'train.rate<3 and accuracy<1'],
  'runs --sort': [cli, 'runs', '--sort', '-train.rate'],
};
const times = new Map<string, number[]>(Object.keys(commands).map((name) => [name, []]));
timed(folder, [cli, 'runs']);
for (let round = 0; round < Number(given.rounds); round += 1)
  for (const [name, args] of Object.entries(commands)) times.get(name)?.push(timed(folder, args));
const floor = medianOf(times.get('an empty Node process') ?? []);
for (const [name, values] of times) {
  const [low, high] = intervalOf(values).map((value) => value.toFixed(0));
  console.log(
    `${name.padEnd(22)}  ${medianOf(values).toFixed(0).padStart(5)} ms [${low}, ${high}]  ${(medianOf(values) / floor).toFixed(1)} × empty`,
  );
}
for (const made of [project, folder]) rmSync(made, { recursive: true, force: true });

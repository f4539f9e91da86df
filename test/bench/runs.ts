// What listing and filtering ten thousand recorded runs takes, beside an empty Node process of the same moment:
//
//   npm run bench -- runs [--runs 10000] [--rounds 9]
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { manyRuns } from '../commands/many-runs.ts';
import { cli, compareCommands, timed } from './measuring/processes.ts';

const { values: given } = parseArgs({
  options: { runs: { type: 'string', default: '10000' }, rounds: { type: 'string', default: '9' } },
});

const project = mkdtempSync(join(tmpdir(), 'stillroom-bench-'));
mkdirSync(join(project, 'artifacts'));
writeFileSync(
  join(project, 'p.yaml'),
  'name: p\nstages:\n  train: { run: "echo {} > $o; echo \'{\\"accuracy\\": 0.5}\' > m.json", out: { o: o.json }, metrics: m.json, with: { rate: 1 } }\n',
);
timed(project, [cli, 'run', 'p.yaml', '--json']);
const folder = manyRuns(project, Number(given.runs));
timed(folder, [cli, 'runs']);
compareCommands(
  folder,
  {
    runs: [cli, 'runs'],
    'runs --where': [cli, 'runs', '--where', 'train.rate<3 and accuracy<1'],
    'runs --sort': [cli, 'runs', '--sort', '-train.rate'],
  },
  Number(given.rounds),
);
for (const made of [project, folder]) rmSync(made, { recursive: true, force: true });

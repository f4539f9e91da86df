// What commands cost beside an empty Node process, run in turn:
//
//   npm run bench -- start-up [--rounds 15]
//
// The limit of `--help` is twice an empty Node. NODE_EXTRA_CA_CERTS is unset: it alone slows Node 20's own start by about 45 ms.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cli, compareCommands, timed } from './measuring/processes.ts';

const { values: given } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });

const folder = mkdtempSync(join(tmpdir(), 'stillroom-bench-'));
mkdirSync(join(folder, 'artifacts'));
for (const nodes of [10, 100]) {
  const chain = Array.from({ length: nodes }, (_, index) => {
    const input = index % 10 === 0 ? '' : `, in: { before: n${index - 1}.o }`;
    return `  n${index}: { run: 'echo ${index} > "$o"'${input}, out: { o: o.txt } }\n`;
  });
  writeFileSync(join(folder, `${nodes}.yaml`), `name: nodes-${nodes}\nstages:\n${chain.join('')}`);
  timed(folder, [cli, 'run', `${nodes}.yaml`, '--json']);
}
compareCommands(
  folder,
  {
    '--help': [cli, '--help'],
    'run --help': [cli, 'run', '--help'],
    runs: [cli, 'runs'],
    'plan, 10 nodes': [cli, 'plan', '10.yaml'],
    'run, 10 nodes, all reused': [cli, 'run', '10.yaml', '--json'],
    'run, 100 nodes, all reused': [cli, 'run', '100.yaml', '--json'],
  },
  Number(given.rounds),
);
rmSync(folder, { recursive: true, force: true });

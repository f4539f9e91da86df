// What commands cost beside an empty Node process, run in turn:
//
//   npm run bench -- start-up [--rounds 15]
//
// The limit of `--help` is twice an empty Node. NODE_EXTRA_CA_CERTS is unset: it alone slows Node 20's own start by about 45 ms.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { intervalOf, medianOf } from './measuring/statistics.ts';

const { values: given } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });
const cli = join(process.cwd(), 'dist/cli.js');
const { NODE_EXTRA_CA_CERTS: _certificates, ...env } = process.env;

/** The milliseconds of a Node process, which must end well. */
function timed(folder: string, args: readonly string[]): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', env });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}:\n${stderr.slice(-2000)}`);
  return performance.now() - started;
}

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
const commands = new Map<string, readonly string[]>([
  ['an empty Node process', ['-e', '']],
  ['--help', [cli, '--help']],
  ['run --help', [cli, 'run', '--help']],
  ['runs', [cli, 'runs']],
  ['plan, 10 nodes', [cli, 'plan', '10.yaml']],
  ['run, 10 nodes, all reused', [cli, 'run', '10.yaml', '--json']],
  ['run, 100 nodes, all reused', [cli, 'run', '100.yaml', '--json']],
]);
const times = new Map<string, number[]>([...commands.keys()].map((name) => [name, []]));
for (let round = 0; round < Number(given.rounds); round += 1)
  for (const [name, args] of commands) times.get(name)?.push(timed(folder, args));
const floor = medianOf(times.get('an empty Node process') ?? []);
for (const [name, values] of times) {
  const [low, high] = intervalOf(values).map((value) => value.toFixed(0));
  console.log(
    `${name.padEnd(26)}  ${medianOf(values).toFixed(0).padStart(5)} ms [${low}, ${high}]  ${(medianOf(values) / floor).toFixed(1)} × empty`,
  );
}
rmSync(folder, { recursive: true, force: true });

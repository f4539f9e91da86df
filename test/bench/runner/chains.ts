import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Chains of ten commands that each read what the one before wrote and add a number: as a pipeline of Stillroom, and for others that build.
 * `last`, unless it is 0, is the number of the last command, which may be changed.
 */
export interface Chains {
  readonly count: number;
  readonly last: number;
  /** The number of the first command, 0 unless given. */
  readonly first?: number;
}

/** As many nodes as stand in a file one by one; more are a matrix. */
const MOST_WRITTEN = 5000;

interface Link {
  readonly index: number;
  readonly number: number;
  /** The index of the one before in its chain. */
  readonly before: number | undefined;
}

function linksOf({ count, last, first = 0 }: Chains): Link[] {
  return Array.from({ length: count }, (_, index) => ({
    index,
    number: index === count - 1 && last > 0 ? last : first + index,
    before: index % 10 === 0 ? undefined : index - 1,
  }));
}

function shellOf({ index, number, before }: Link): string {
  return before === undefined ? `echo ${number} > o${index}` : `{ cat o${before}; echo ${number}; } > o${index}`;
}

/** A project of Stillroom with the chains as nodes of the pipeline of a name, or, of more than are written, as ten nodes with a matrix. */
export function writeChains(folder: string, chains: Chains, name = 'p'): void {
  mkdirSync(join(folder, 'artifacts'), { recursive: true });
  const written = chains.count > MOST_WRITTEN ? matrix(chains) : linksOf(chains).map(node).join('');
  writeFileSync(join(folder, `${name}.yaml`), `name: ${name}\nstages:\n${written}`);
}

function node({ index, number, before }: Link): string {
  if (before === undefined) return `  n${index}: { run: 'echo ${number} > "$o"', out: { o: o.txt } }\n`;
  return `  n${index}: { run: '{ cat "$before"; echo ${number}; } > "$o"', in: { before: n${before}.o }, out: { o: o.txt } }\n`;
}

function matrix({ count }: Chains): string {
  const points = Array.from({ length: count / 10 }, (_, index) => index).join(', ');
  return Array.from({ length: 10 }, (_, index) => {
    const reads = index === 0 ? '' : `    in: { before: s${index - 1}.o }\n`;
    const run = index === 0 ? 'echo $k > "$o"' : '{ cat "$before"; echo $k; } > "$o"';
    return `  s${index}:\n    matrix: { k: [${points}] }\n    run: '${run}'\n${reads}    with: { k: $k }\n    out: { o: o.txt }\n`;
  }).join('');
}

/** Changes the last node of a project of Stillroom to another number: in its file, or by the option that is returned, where it is a matrix. */
export function changeLast(folder: string, count: number, last: number): string[] {
  if (count > MOST_WRITTEN) return ['--set', `s9[k=${count / 10 - 1}].k=${last}`];
  writeChains(folder, { count, last });
  return [];
}

/** How the chains are written for others, by the file that each reads. */
const writers: Readonly<Record<string, (links: readonly Link[]) => Readonly<Record<string, string>>>> = {
  ninja: (links) => ({
    'build.ninja': `${links.map((link) => `rule r${link.index}\n  command = ${shellOf(link)}\nbuild o${link.index}: r${link.index} ${link.before === undefined ? '' : `o${link.before}`}\n`).join('')}`,
  }),
  // make does not know that a command has changed, so that each stands in a file.
  make: (links) => ({
    ...Object.fromEntries(links.map((link) => [`c${link.index}`, shellOf(link)])),
    Makefile: `all: ${links.map(({ index }) => `o${index}`).join(' ')}\n${links
      .map(({ index, before }) => `o${index}: c${index} ${before === undefined ? '' : `o${before}`}\n\tsh c${index}\n`)
      .join('')}`,
  }),
  doit: (links) => ({
    'dodo.py': `links = ${JSON.stringify(links.map((link) => [link.index, link.before ?? -1, shellOf(link)]))}
def task_all():
    for index, before, shell in links:
        yield {'name': str(index), 'actions': [shell], 'targets': [f'o{index}'], 'file_dep': [] if before < 0 else [f'o{before}'], 'uptodate': [__import__('doit.tools').tools.config_changed(shell)]}
`,
  }),
  dvc: (links) => ({
    'dvc.yaml': `stages:\n${links.map((link) => `  n${link.index}:\n    cmd: '${shellOf(link)}'\n${link.before === undefined ? '' : `    deps: [o${link.before}]\n`}    outs: [o${link.index}]\n`).join('')}`,
  }),
  snakemake: (links) => ({
    Snakefile: `rule all:\n    input: [f'o{index}' for index in range(${links.length})]\n${links.map((link) => `rule n${link.index}:\n${link.before === undefined ? '' : `    input: 'o${link.before}'\n`}    output: 'o${link.index}'\n    shell: ${JSON.stringify(shellOf(link).replaceAll('{', '{{').replaceAll('}', '}}'))}\n`).join('')}`,
  }),
  wireit: (links) => ({
    'package.json': JSON.stringify({
      private: true,
      scripts: Object.fromEntries([['all', 'wireit'], ...links.map(({ index }) => [`n${index}`, 'wireit'])]),
      wireit: Object.fromEntries([
        ['all', { dependencies: links.map(({ index }) => `n${index}`) }],
        ...links.map((link) => [
          `n${link.index}`,
          {
            command: shellOf(link),
            files: [],
            output: [`o${link.index}`],
            dependencies: link.before === undefined ? [] : [`n${link.before}`],
          },
        ]),
      ]),
    }),
  }),
};

/** Writes the chains for another program, where something has changed. */
export function writeFor(program: string, folder: string, chains: Chains): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(writers[program]?.(linksOf(chains)) ?? {})) {
    const path = join(folder, name);
    if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text);
  }
}

import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '../measuring/timer.ts';
import { writeChains } from './chains.ts';
import { othersWith } from './others.ts';
import { always, type Contender, grouped, type Row, type Site, stillroom } from './row.ts';

/** The same commands started by Node alone, two at a time: the least that a program in Node can take. */
export function commandsAlone({ node, folder }: Site, count: number): Contender {
  const script = join(folder, 'alone.mjs');
  writeFileSync(
    script,
    `import { spawn } from 'node:child_process';
import { once } from 'node:events';
const loop = async (first) => {
  for (let index = first; index < ${count}; index += 2)
    await once(spawn('bash', ['-euo', 'pipefail', '-c', \`{ cat /dev/null; echo \${index}; } > o\${index}\`], { stdio: ['ignore', 'pipe', 'pipe'] }), 'close');
};
await Promise.all([loop(0), loop(1)]);
`,
  );
  return always('the commands alone', { words: [node, script], folder });
}

/** Makes a folder as it was when it was written: what a program made of it since is removed. */
function anew(folder: string, original: string): void {
  rmSync(folder, { recursive: true, force: true });
  cpSync(original, folder, { recursive: true, verbatimSymlinks: true });
}

function cold(count: number, wanted: string): Row {
  return {
    name: `all to do: ${grouped(count)} nodes`,
    wanted,
    rounds: count > 1000 ? 3 : 5,
    prepare(site) {
      const [project, original] = [join(site.folder, 'project'), join(site.folder, 'original')];
      writeChains(original, { count, last: 0 });
      const commands = (): Command[] => {
        anew(project, original);
        return [stillroom(site, project, 'run', 'p.yaml', '--json', '--jobs', '2')];
      };
      return [{ name: 'stillroom', commands }];
    },
    beside(site) {
      mkdirSync(join(site.folder, 'as-written'));
      const others = othersWith(site, { count, last: 0 }, (name, folder, round) => {
        const original = join(site.folder, 'as-written', name);
        if (round === 0) cpSync(folder, original, { recursive: true, verbatimSymlinks: true });
        else anew(folder, original);
      });
      return [commandsAlone(site, count), ...others];
    },
  };
}

const together: Row = {
  name: '16 processes with 200 nodes each on one store',
  wanted: '≤ 1.3 × one process',
  rounds: 3,
  prepare(site) {
    const project = join(site.folder, 'project');
    const fresh = (processes: number): Command[] => {
      rmSync(project, { recursive: true, force: true });
      const count = 3200 / processes;
      return Array.from({ length: processes }, (_, index) => {
        writeChains(project, { count, last: 0, first: index * count }, `p${index}`);
        return stillroom(site, project, 'run', `p${index}.yaml`, '--json', '--jobs', '2');
      });
    };
    return [
      { name: 'stillroom', commands: () => fresh(16) },
      { name: 'one process with 3 200', commands: () => fresh(1) },
    ];
  },
};

/** What executing takes that is not what is executed. */
export const rows: readonly Row[] = [cold(1000, '≤ 3 s'), cold(10_000, '≤ 30 s'), together];

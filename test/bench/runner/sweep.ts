import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '../measuring/timer.ts';
import { commandsAlone } from './cold.ts';
import type { Row, Site } from './row.ts';
import { stillroom } from './row.ts';

const [VARIANTS, NODES] = [24, 40];

/** Chains of ten nodes, and at the end so many that are the only ones to read a number. */
function write(folder: string, ends: readonly string[]): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'artifacts'), { recursive: true });
  const shared = Array.from({ length: NODES - 1 }, (_, index) => {
    const reads = index % 10 === 0 ? '' : `, in: { before: n${index - 1}.o }`;
    return `  n${index}: { run: 'echo ${index} > "$o"'${reads}, out: { o: o.txt } }\n`;
  });
  const last = ends.map(
    (name, index) => `  ${name}: { run: 'echo $x > "$o"', with: { x: ${index} }, in: { before: n${NODES - 2}.o }, out: { o: o.txt } }\n`,
  );
  writeFileSync(join(folder, 'p.yaml'), `name: p\nstages:\n${[...shared, ...last].join('')}`);
}

const sweep: Row = {
  name: `a sweep of ${VARIANTS} variants of ${NODES} nodes that share all but one`,
  wanted: '≤ 1.5 × the same nodes in one run',
  prepare(site: Site) {
    const folder = join(site.folder, 'project');
    const fresh = (ends: readonly string[], ...args: readonly string[]): Command[] => {
      write(folder, ends);
      return [stillroom(site, folder, ...args)];
    };
    const ends = Array.from({ length: VARIANTS }, (_, index) => `end${index}`);
    return [
      { name: 'stillroom', commands: () => fresh(['end'], 'sweep', 'p.yaml', '--over', `end.x=1..${VARIANTS}`, '--plain') },
      { name: 'the same nodes in one run', commands: () => fresh(ends, 'run', 'p.yaml', '--json') },
      commandsAlone(site, VARIANTS + NODES - 1),
    ];
  },
};

/** What sweeps take beside what they execute. */
export const rows: readonly Row[] = [sweep];

// What Stillroom takes at work of many sizes, beside what others take that build: doit, ninja, make, Wireit, Snakemake and DVC where they are
// installed, and beside the least that the work can take. Contenders of a row take turns; each figure is a median.
//
//   npm run bench -- runner [--rows 'nothing to do,sweep'] [--rounds 9] [--node PATH]… [--install FOLDER] [--folder FOLDER] [--markdown]
//
// --rows names rows by parts of their names; all of them take about an hour. Each --node measures Stillroom with another Node too. --install
// puts the others, and Node 22 and 24, into a folder from PyPI and npm, and uses what is there. --folder is where projects are made: a store
// syncs what it keeps, so that a part of each figure is the disk's.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Timer } from './measuring/timer.ts';
import { rows as cold } from './runner/cold.ts';
import { rows as files } from './runner/files.ts';
import { rows as large } from './runner/large-file.ts';
import { install, nodesIn, othersHere } from './runner/others.ts';
import { rows as planning } from './runner/planning.ts';
import type { Contender, Row } from './runner/row.ts';
import { rows as startUp } from './runner/start-up.ts';
import { rows as sweep } from './runner/sweep.ts';
import { line, markdown, type Measured } from './runner/table.ts';

const { values: given } = parseArgs({
  options: {
    rows: { type: 'string', default: '' },
    rounds: { type: 'string', default: '9' },
    node: { type: 'string', multiple: true, default: [] },
    install: { type: 'string' },
    folder: { type: 'string', default: tmpdir() },
    markdown: { type: 'boolean', default: false },
  },
});

const installed = given.install === undefined ? undefined : resolve(given.install);
if (installed !== undefined) install(installed);
const others = othersHere(installed);
const nodes = [process.execPath, ...given.node, ...(installed === undefined ? [] : nodesIn(installed))];
const versions = new Map(nodes.map((node) => [execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim(), node]));
const timer = new Timer();

/** Contenders of one row, with the version of Node that they stand for. */
async function contendersOf(row: Row, folder: string): Promise<(readonly [string, Contender])[]> {
  const all: (readonly [string, Contender])[] = [];
  for (const [version, node] of versions) {
    const own = join(folder, version);
    mkdirSync(own);
    const [stillroom, ...least] = await row.prepare({ folder: own, node, timer, others });
    if (stillroom !== undefined) all.push([version, stillroom]);
    // What is beside Stillroom is measured once.
    if (version === versions.keys().next().value)
      for (const one of [...least, ...((await row.beside?.({ folder: own, node, timer, others })) ?? [])]) all.push([version, one]);
  }
  return all;
}

async function measure(row: Row): Promise<Measured[]> {
  const folder = mkdtempSync(join(given.folder, 'stillroom-bench-'));
  try {
    const contenders = await contendersOf(row, folder);
    const measured = contenders.map(([node, { name }]) => ({
      row: row.name,
      wanted: row.wanted,
      node,
      contender: name,
      rounds: [] as Measured['rounds'][number][],
    }));
    for (let round = 0; round < Math.min(Number(given.rounds), row.rounds ?? Number.POSITIVE_INFINITY); round += 1)
      for (const [index, [, contender]] of contenders.entries())
        measured[index]?.rounds.push(await timer.run(await contender.commands(round)));
    return measured;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const asked = given.rows.split(',');
const chosen = [...startUp, ...cold, ...files, ...large, ...planning, ...sweep].filter(({ name }) =>
  asked.some((part) => name.includes(part)),
);
const all: Measured[] = [];
for (const row of chosen) {
  const measured = await measure(row);
  all.push(...measured);
  const own = measured[0];
  if (given.markdown || own === undefined) continue;
  console.log(row.name);
  for (const one of measured) {
    const shown = one.contender === 'stillroom' && versions.size > 1 ? { ...one, contender: `stillroom, Node ${one.node}` } : one;
    console.log(line(one === own ? own : shown, own));
  }
}
if (given.markdown) console.log(markdown(all));
timer.close();

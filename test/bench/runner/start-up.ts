import { join } from 'node:path';
import type { Command } from '../measuring/timer.ts';
import { changeLast, writeChains, writeFor } from './chains.ts';
import { othersWith } from './others.ts';
import { always, type Contender, emptyNode, grouped, type Row, type Site, stillroom } from './row.ts';

const help: Row = {
  name: '--help',
  wanted: '≤ 2 × an empty Node',
  prepare: (site) => [always('stillroom', stillroom(site, site.folder, '--help')), emptyNode(site)],
};

/** A project of chains that has run once. */
async function ranOnce(site: Site, count: number): Promise<string> {
  const project = join(site.folder, 'project');
  writeChains(project, { count, last: 0 });
  await site.timer.run([stillroom(site, project, 'run', 'p.yaml', '--json')]);
  return project;
}

/** Programs of others that have done the chains once; in each round, the last command of their files is given a number. */
async function othersRanOnce(site: Site, count: number, last: (round: number) => number): Promise<readonly Contender[]> {
  const others = othersWith(site, { count, last: 0 }, (name, folder, round) => {
    if (last(round) > 0) writeFor(name, folder, { count, last: last(round) });
  });
  for (const { commands } of others) await site.timer.run(await commands(-1));
  return others;
}

function unchanged(count: number, wanted: string): Row {
  return {
    name: `nothing to do: ${grouped(count)} nodes`,
    wanted,
    async prepare(site) {
      return [always('stillroom', stillroom(site, await ranOnce(site, count), 'run', 'p.yaml', '--json'))];
    },
    beside: (site) => othersRanOnce(site, count, () => 0),
  };
}

function changed(count: number, wanted: string): Row {
  return {
    name: `one leaf changed: ${grouped(count)} nodes`,
    wanted,
    async prepare(site) {
      const project = await ranOnce(site, count);
      let last = [stillroom(site, project, 'run', 'p.yaml', '--json')];
      const commands = (round: number): Command[] => {
        const option = changeLast(project, count, round + 1);
        last = [stillroom(site, project, 'run', 'p.yaml', '--json', ...option)];
        return last;
      };
      // In turns with that, since machines are not equally fast at all times.
      return [
        { name: 'stillroom', commands },
        { name: 'nothing to do', commands: () => last },
      ];
    },
    beside: (site) => othersRanOnce(site, count, (round) => round + 1),
  };
}

/** In the checkout's own store, since its first run trains for minutes. */
const quickstart: Row = {
  name: 'nothing to do: the quickstart',
  wanted: '≤ 120 ms',
  async prepare(site) {
    const run = stillroom(site, process.cwd(), 'run', 'pipelines/quickstart.yaml', '--json');
    await site.timer.run([run]);
    return [always('stillroom', run)];
  },
};

/** What a command takes that has little or nothing to do. */
export const rows: readonly Row[] = [
  help,
  unchanged(10, '≤ 60 ms'),
  unchanged(100, '≤ 70 ms'),
  unchanged(1000, '≤ 110 ms'),
  unchanged(10_000, '≤ 400 ms, ≤ 150 MiB'),
  changed(1000, 'nothing to do + 50 ms'),
  changed(10_000, 'nothing to do + 150 ms'),
  quickstart,
];

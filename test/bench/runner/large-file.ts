import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import type { Contender, Row, Site } from './row.ts';
import { always, stillroom } from './row.ts';

const GIBIBYTES = 2;

/** A project with one large file as its source, whose blocks the disk has written. */
function project({ folder }: Site, keep: boolean): string {
  const made = join(folder, 'project');
  mkdirSync(join(made, 'artifacts'), { recursive: true });
  const file = openSync(join(made, 'large.bin'), 'w');
  const block = randomBytes(1 << 20);
  for (let index = 0; index < GIBIBYTES << 10; index += 1) {
    block.writeUInt32LE(index);
    writeSync(file, block);
  }
  fsyncSync(file);
  closeSync(file);
  const source = keep ? '{ path: large.bin, keep: true }' : '{ path: large.bin, keep: false }';
  writeFileSync(
    join(made, 'p.yaml'),
    `name: p\nsources: { data: ${source} }\nstages:\n  a: { run: 'head -c 16 "$data" > "$o"', in: { data: $sources.data }, out: { o: o.bin } }\n`,
  );
  return made;
}

function fresh(site: Site, folder: string): Contender {
  return {
    name: 'stillroom',
    commands() {
      rmSync(join(folder, 'artifacts'), { recursive: true, force: true });
      mkdirSync(join(folder, 'artifacts'));
      return [stillroom(site, folder, 'run', 'p.yaml', '--json')];
    },
  };
}

const tracked: Row = {
  name: `a source of ${GIBIBYTES} GiB: tracked only`,
  wanted: '≤ 1.8 s, memory flat',
  rounds: 3,
  prepare(site) {
    const folder = project(site, false);
    return [
      fresh(site, folder),
      always('openssl dgst -sha256', { words: ['openssl', 'dgst', '-sha256', 'large.bin'], folder }),
      always('sha256sum', { words: ['sha256sum', 'large.bin'], folder }),
    ];
  },
};

const kept: Row = {
  name: `a source of ${GIBIBYTES} GiB: kept in the store`,
  wanted: '≤ 1.2 × cp and fsync',
  rounds: 3,
  prepare(site) {
    const folder = project(site, true);
    const commands = (): ReturnType<Contender['commands']> => {
      rmSync(join(site.folder, 'copy'), { force: true });
      return [{ words: ['sh', '-c', 'cp large.bin ../copy && sync ../copy'], folder }];
    };
    return [fresh(site, folder), { name: 'cp and fsync', commands }];
  },
};

/** What a large file takes. */
export const rows: readonly Row[] = [tracked, kept];

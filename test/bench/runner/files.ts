import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '../measuring/timer.ts';
import { always, type Contender, grouped, type Row, type Site, stillroom } from './row.ts';

const SMALL_FILES = 70_000;

/** A folder of so many files of 800 bytes, two hundred to a folder. */
function writeFiles(folder: string, count: number): void {
  for (let index = 0; index < count; index += 1) {
    const below = join(folder, String(Math.floor(index / 200)));
    if (index % 200 === 0) mkdirSync(below, { recursive: true });
    writeFileSync(join(below, `${index}.txt`), `${index} `.padEnd(800, 'stillroom '));
  }
}

const pipelines = {
  tracked:
    'name: tracked\nsources: { data: files }\nstages:\n  a: { run: \'ls "$data" > "$o"\', in: { data: $sources.data }, out: { o: o.txt } }\n',
  kept: 'name: kept\nsources: { data: { path: files, keep: true } }\nstages:\n  a: { run: \'ls "$data" > "$o"\', in: { data: $sources.data }, out: { o: o.txt } }\n',
  second:
    'name: second\nsources: { data: { path: files, keep: true } }\nstages:\n  a: { run: \'ls "$data" > "$o"\', in: { data: $sources.data }, out: { o: o.txt } }\n  b: { run: \'ls -r "$data" > "$o"\', in: { data: $sources.data }, out: { o: o.txt } }\n',
} as const;

/** A project with the small files and pipelines over them, and an empty store. */
function project(site: Site): string {
  const folder = join(site.folder, 'project');
  writeFiles(join(folder, 'files'), SMALL_FILES);
  for (const [name, text] of Object.entries(pipelines)) writeFileSync(join(folder, `${name}.yaml`), text);
  mkdirSync(join(folder, 'artifacts'));
  return folder;
}

function emptyStore(folder: string): void {
  rmSync(join(folder, 'artifacts'), { recursive: true, force: true });
  mkdirSync(join(folder, 'artifacts'));
}

/** A script that walks the folder and does something with each file. */
function walk({ node, folder }: Site, name: string, each: string): Contender {
  const script = join(folder, 'walk.mjs');
  writeFileSync(
    script,
    `import { closeSync, fstatSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { createHash } from 'node:crypto';
const bytes = Buffer.alloc(4096);
const walk = (folder) => {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = folder + '/' + entry.name;
    if (entry.isDirectory()) walk(path);
    else { ${each} }
  }
};
walk(process.argv[2]);
`,
  );
  return always(name, { words: [node, script, join(folder, 'project/files')], folder });
}

const small = `${grouped(SMALL_FILES)} small files`;

const tracking: Row = {
  name: `${small}: first plan`,
  wanted: '≤ 0.6 s',
  prepare(site) {
    const folder = project(site);
    const commands = (): Command[] => {
      emptyStore(folder);
      return [stillroom(site, folder, 'plan', 'tracked.yaml', '--json')];
    };
    const hash =
      'const file = openSync(path); fstatSync(file); const length = readSync(file, bytes); createHash("sha256").update(bytes.subarray(0, length)).digest("hex"); closeSync(file);';
    return [{ name: 'stillroom', commands }, walk(site, 'walk, read and hash in one thread', hash)];
  },
};

const keeping: Row = {
  name: `${small}: first run that keeps them`,
  wanted: '≤ 2 s, ≤ 200 MiB',
  rounds: 3,
  prepare(site) {
    const folder = project(site);
    const copy = join(site.folder, 'copy');
    return [
      {
        name: 'stillroom',
        commands() {
          emptyStore(folder);
          return [stillroom(site, folder, 'run', 'kept.yaml', '--json')];
        },
      },
      {
        name: 'cp -r',
        commands() {
          rmSync(copy, { recursive: true, force: true });
          return [{ words: ['cp', '-r', join(folder, 'files'), copy], folder }];
        },
      },
    ];
  },
};

const untouched: Row = {
  name: `${small}: nothing to do`,
  wanted: '≤ 0.3 s',
  async prepare(site) {
    const folder = project(site);
    const run = stillroom(site, folder, 'run', 'kept.yaml', '--json');
    await site.timer.run([run]);
    return [always('stillroom', run), walk(site, 'walk and stat in one thread', 'lstatSync(path);')];
  },
};

const placed: Row = {
  name: `${small}: placed for a second consumer`,
  wanted: '≤ 1.2 × cp -r',
  rounds: 3,
  async prepare(site) {
    const folder = project(site);
    const [kept, copy] = [join(site.folder, 'kept'), join(site.folder, 'copy')];
    await site.timer.run([stillroom(site, folder, 'run', 'kept.yaml', '--json')]);
    cpSync(join(folder, 'artifacts'), kept, { recursive: true, verbatimSymlinks: true });
    return [
      {
        name: 'stillroom',
        commands(round) {
          // Only the second consumer runs: its number makes it another each time.
          const text = pipelines.second.replace('ls -r', `: ${round}; ls -r`);
          writeFileSync(join(folder, 'second.yaml'), text);
          return [stillroom(site, folder, 'run', 'second.yaml', '--json')];
        },
      },
      {
        name: 'cp -r',
        commands() {
          rmSync(copy, { recursive: true, force: true });
          return [{ words: ['cp', '-r', join(folder, 'files'), copy], folder }];
        },
      },
    ];
  },
};

const outputs: Row = {
  name: '20 000 files as an output',
  wanted: '≤ 2.5 s',
  rounds: 3,
  prepare(site) {
    const folder = join(site.folder, 'project');
    mkdirSync(join(folder, 'artifacts'), { recursive: true });
    const write = `const { mkdirSync, writeFileSync } = require("node:fs"); for (let i = 0; i < 20000; i += 1) { const below = process.argv[1] + "/" + (i % 100); if (i < 100) mkdirSync(below, { recursive: true }); writeFileSync(below + "/" + i, String(i).padEnd(800, "stillroom ")); }`;
    writeFileSync(join(folder, 'write.cjs'), write.replace('process.argv[1]', 'process.argv[2]'));
    writeFileSync(
      join(folder, 'p.yaml'),
      `name: p\nsources: { write: write.cjs }\nstages:\n  a: { run: '${site.node} "$write" "$o"', in: { write: $sources.write }, out: { o: o/ } }\n`,
    );
    return [
      {
        name: 'stillroom',
        commands() {
          emptyStore(folder);
          return [stillroom(site, folder, 'run', 'p.yaml', '--json')];
        },
      },
      {
        name: 'writing them',
        commands() {
          rmSync(join(site.folder, 'written'), { recursive: true, force: true });
          return [{ words: [site.node, join(folder, 'write.cjs'), join(site.folder, 'written')], folder }];
        },
      },
    ];
  },
};

/** What many small files take. */
export const rows: readonly Row[] = [tracking, keeping, untouched, placed, outputs];

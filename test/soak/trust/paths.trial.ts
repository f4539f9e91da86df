import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hasStack, questions } from './questions.ts';
import type { Trial } from './trial.ts';

/** Ways out of a folder, to a file or folder beside the project. */
const ESCAPES = (outside: string): readonly string[] => [
  '../outside/precious',
  '../../outside/precious',
  `${'../'.repeat(14)}${outside.slice(1)}/precious`,
  `${outside}/precious`,
  `/${outside}/precious`,
  'a/../../outside/precious',
  './../outside/precious',
  'a/b/../../../outside/precious',
  '..',
  '../outside/',
  '.',
  '/',
  '~/precious',
  '..\\outside\\precious',
  '%2e%2e/outside/precious',
  'link/precious',
  'a/link/precious',
  '../outside/precious\0.txt',
];

type Attack = (way: string, outside: string) => { readonly files?: Readonly<Record<string, string>>; readonly args: readonly string[] };

const run = (text: string, ...more: string[]): ReturnType<Attack> => ({
  files: { 'p.yaml': text },
  args: ['run', 'p.yaml', '--plain', ...more],
});
const command = (more: string, script = 'mkdir -p a; echo hi > "$o"'): string =>
  `name: p\nstages:\n  a: { run: ${JSON.stringify(script)}, ${more} }\n`;
const written = (way: string): string => JSON.stringify(way);

/** What takes a path, or a name that becomes one. */
const ATTACKS: Readonly<Record<string, Attack>> = {
  'the path of an output': (way) => run(command(`out: { o: ${written(way)} }`)),
  'the path of an output folder': (way) => run(command(`out: { o: ${written(`${way}/`)} }`, 'echo hi > "$o/x"')),
  'a path by a reference': (way) =>
    run(`name: p\nparams: { q: ${written(way)} }\n${command('out: { o: "${q}" }').replace('name: p\n', '')}`),
  'the place of an input': (way) => run(command(`in: { i: { from: ./word.txt, at: ${written(way)} } }, out: { o: o.txt }`)),
  'a file of metrics': (way) => run(command(`out: { o: o.txt }, metrics: ${written(way)}`)),
  'an output behind a link': (_, outside) => run(command('out: { o: sub/precious }', `rmdir sub; ln -s ${outside} sub`)),
  'an output that is a link': (_, outside) => run(command('out: { o: o.txt }', `ln -s ${outside}/precious "$o"`)),
  'an output folder with a link': (way, outside) =>
    run(command('out: { o: d/ }', `ln -s ${outside} "$o/x"; ln -s ${JSON.stringify(way.replaceAll('\0', ''))} "$o/y"`)),
  'an output folder that is a link': (_, outside) => run(command('out: { o: d/ }', `rmdir d; ln -s ${outside} d`)),
  'metrics that are a link': (_, outside) =>
    run(command('out: { o: o.txt }, metrics: m.json', `echo hi > "$o"; ln -s ${outside}/precious m.json`)),
  'an output that is a hard link': (_, outside) => run(command('out: { o: o.txt }', `ln ${outside}/precious "$o"`)),
  'a source with a link': (way) =>
    run(
      command(
        `in: { i: ./linked }, out: { o: o.txt }`,
        `: ${JSON.stringify(way.replaceAll('\0', ''))}; echo x > "$o"; chmod -R u+w "$i" || true; echo spoilt > "$i/precious" || true`,
      ),
    ),
  'a value of a matrix': (way) => run(command(`matrix: { m: [${written(way)}] }, out: { o: o.txt }`)),
  'the name of a node': (way) => run(`name: p\nstages:\n  ${written(way)}: { run: 'echo hi > "$o"', out: { o: o.txt } }\n`),
  'the name of a pipeline': (way) => run(`name: ${written(way)}\nstages:\n  a: { run: 'echo hi > "$o"', out: { o: o.txt } }\n`),
  'the name of a port': (way) => run(command(`out: { ${written(way)}: o.txt }`, 'echo hi > o.txt')),
  'the name of a stage': (way) => run(`name: p\nstages:\n  a: { uses: ${written(way)} }\n`),
  'a tag': (way) => ({ args: ['tag', '@latest', way] }),
  'a tag to remove': (way) => ({ args: ['tag', '--remove', way] }),
  'a run to show': (way) => ({ args: ['show', way] }),
  'a run to reproduce': (way) => ({ args: ['reproduce', way] }),
  'a run to pack': (way) => ({ args: ['pack', way, '--output', 'x.still'] }),
  'a run to compare': (way) => ({ args: ['diff', way, '@latest'] }),
  'a run in a report': (way) => ({ args: ['report', way, '--output', 'x.html'] }),
  'a code to explain': (way) => ({ args: ['explain', way] }),
  'a node that is forced': (way) => run(command('out: { o: o.txt }'), '--force', way),
  'an instance that is set': (way) => run(command('matrix: { m: [a] }, out: { o: o.txt }'), '--set', `a[m=${way}].x=1`),
};

/** All that can be seen of a folder: names, kinds, modes, times and contents. */
function lookOf(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const { mode, mtimeMs } = lstatSync(path);
      return [path, mode, mtimeMs, entry.isFile() ? readFileSync(path, 'utf8') : ''].join(' ');
    })
    .sort()
    .join('\n');
}

const trial: Trial = {
  about: 'no path and no name that leads out of a project or a working folder touches anything there',
  full: 300,
  sample: 8,
  async run(count) {
    const faults: string[] = [];
    const { ask, folder, write, remove } = questions({ 'word.txt': 'word\n', 'p.yaml': command('out: { o: o.txt }') });
    const outside = join(dirname(folder), 'outside');
    try {
      mkdirSync(join(outside, 'inner'), { recursive: true });
      for (const name of ['precious', 'inner/precious']) writeFileSync(join(outside, name), 'precious\n', { mode: 0o640 });
      await ask(['run', 'p.yaml']);
      const linked = join(folder, 'linked');
      mkdirSync(linked);
      writeFileSync(join(linked, 'precious'), 'mine\n');
      const before = lookOf(outside) + lookOf(linked);
      const kinds = Object.entries(ATTACKS);
      const escapes = ESCAPES(outside);
      for (let index = 0; index < count; index += 1) {
        const [what, attack] = kinds[(index * 5) % kinds.length] as (typeof kinds)[number];
        const way = escapes[(index + Math.floor(index / kinds.length)) % escapes.length] ?? '..';
        const { files = {}, args } = attack(way, outside);
        // No program can be given a zero byte.
        if (args.some((word) => word.includes('\0'))) continue;
        write(files);
        const { code, text } = await ask(args);
        const told = `${what} ${JSON.stringify(way)}`;
        if (lookOf(outside) + lookOf(linked) !== before) {
          faults.push(`${told}: something outside is no longer what it was`);
          break;
        }
        const around = readdirSync(dirname(folder)).filter((name) => !['project', 'outside', 'cache', '.cache'].includes(name));
        if (around.length > 0) faults.push(`${told}: made ${around.join(', ')} beside the project`);
        if (hasStack(text)) faults.push(`${told}: prints a stack: ${text.slice(0, 400)}`);
        if (code === -1) faults.push(`${told}: did not end`);
      }
      if (!existsSync(join(outside, 'precious'))) faults.push('what was precious is gone');
    } finally {
      remove();
    }
    return { attacks: count, faults };
  },
};

export default trial;

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../src/setup/places.mjs';

const script = process.env['npm_execpath'];
const [npm = 'npm', ...npmArguments] = script?.endsWith('npm-cli.js') ? [process.execPath, script] : ['npm'];

/** The files of the package that npm would publish. */
let packed: ReadonlySet<string>;

beforeAll(() => {
  const printed = execFileSync(npm, [...npmArguments, 'pack', '--dry-run', '--ignore-scripts', '--json'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ files }] = JSON.parse(printed) as [{ files: readonly { readonly path: string }[] }];
  packed = new Set(files.map(({ path }) => path));
});

const below = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(join(root, path)).isFile());

const missing = (needed: Iterable<string>): string[] => [...needed].filter((path) => !packed.has(path)).sort();

/** All files that are reached from some by what they import relatively, `endings` in place of what is written. */
function reached(starts: readonly string[], endings: (path: string) => readonly string[]): Set<string> {
  const seen = new Set<string>();
  const left = [...starts];
  for (let file = left.pop(); file !== undefined; file = left.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    const text = readFileSync(join(root, file), 'utf8');
    for (const [, written = ''] of text.matchAll(/(?:from|import|require)\s*\(?\s*['"](\.[^'"`$]+)['"]/g)) {
      const path = relative(root, resolve(root, dirname(file), written));
      const found = endings(path).find((one) => existsSync(join(root, one)) && statSync(join(root, one)).isFile());
      if (found !== undefined) left.push(found);
    }
  }
  return seen;
}

/** What bundling the stages, and whatever stages of users import, reads of Stillroom's sources. */
async function bundled(): Promise<string[]> {
  const choices = ['models', 'optimizers', 'schedules', 'losses', 'mixing', 'samplers'].flatMap((kind) =>
    readdirSync(join(root, 'src/nn', kind)).flatMap((name) => (name.endsWith('.ts') ? [`src/nn/${kind}/${name}`] : [])),
  );
  const stages = below('stages').filter((path) => path.endsWith('.ts'));
  const { metafile } = await build({
    entryPoints: ['src/index.ts', 'src/training.ts', 'src/nn/index.ts', 'src/nn/serving/predicting.ts', ...choices, ...stages],
    absWorkingDir: root,
    bundle: true,
    write: false,
    outdir: join(root, 'dist'),
    platform: 'node',
    format: 'esm',
    packages: 'external',
    metafile: true,
    logLevel: 'error',
    tsconfig: join(root, 'tsconfig.json'),
  });
  return Object.keys(metafile.inputs);
}

describe('the published package', () => {
  test('holds all that bundling stages reads, and what set-up compiles', async () => {
    const sources = await bundled();
    expect(sources.length).toBeGreaterThan(150);
    expect(missing(sources)).toEqual([]);
    const native = ['src/executors/job/native', 'src/files/native', 'src/nn/engine/native', 'src/setup'].flatMap(below);
    expect(
      missing(
        [...native, ...below('src/python'), ...below('src/shell'), ...below('src/commands/template')].filter(
          (path) => !path.includes('__pycache__'),
        ),
      ),
    ).toEqual([]);
  });

  test('holds all that its doors, the command line and the processes of nodes load', () => {
    const starts = [
      'dist/index.js',
      'dist/nn/index.js',
      'dist/project/project.js',
      'dist/training.js',
      'dist/cli.js',
      'dist/files/work-beside.js',
      ...below('dist/executors').filter((path) => /\.c?js$/.test(path)),
      ...below('dist/engines').filter((path) => path.endsWith('.js')),
    ];
    const needed = reached(starts, (path) => [path]);
    expect(needed.size).toBeGreaterThan(300);
    expect(missing([...needed, 'dist/bundle/parts.cjs', 'dist/package.json'])).toEqual([]);
  });

  test('holds the types of its doors', () => {
    const doors = ['dist/index.d.ts', 'dist/nn/index.d.ts', 'dist/project/project.d.ts', 'dist/training.d.ts', 'dist/events.d.ts'];
    const needed = reached(doors, (path) => [
      path.replace(/\.ts$/, '.d.ts'),
      path.replace(/\.js$/, '.d.ts'),
      path.replace(/\.mjs$/, '.d.mts'),
    ]);
    expect(needed.size).toBeGreaterThan(100);
    expect(missing([...needed, 'src/data-files.d.ts'])).toEqual([]);
  });

  test('says what it is and under which licence, and leaves out what nobody reads', async () => {
    expect(missing(['LICENSE', 'README.md', 'SECURITY.md', 'CHANGELOG.md', 'docs/pipeline-file.md'])).toEqual([]);
    expect(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))).toMatchObject({ license: 'MIT' });
    const used = new Set(await bundled());
    const idle = [...packed].filter(
      (path) =>
        /^(?:test|dist\/commands|dist\/native|docs\/generate|pipelines\/fashion-mnist|artifacts)\//.test(path) ||
        /\.(?:test\.ts|map|tgz)$/.test(path) ||
        (/^src\/(?!nn\/|text\/|setup\/|commands\/template\/).*\.ts$/.test(path) && !used.has(path) && path !== 'src/data-files.d.ts'),
    );
    expect(idle).toEqual([]);
  });
});

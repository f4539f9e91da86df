import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { BuildFailure, Metafile, Plugin } from 'esbuild';
import { installation } from '../model/installation.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import { installedPackage, isNative } from './packages.ts';

/** The code of one stage with the modules that its params chose. */
export interface CodeRequest {
  /** The stage's folder, absolute. */
  readonly folder: string;
  /** Files by param. */
  readonly modules: Readonly<Record<string, string>>;
  /** The project's folder. */
  readonly root: string;
}

/** A bundle as it comes from the bundler. */
export interface Bundled {
  readonly code: string;
  readonly map: string;
  /** Every file that was read, absolute. */
  readonly files: readonly string[];
  /** Those of them that something in the bundle comes from. */
  readonly contributing: readonly string[];
  readonly packageFolders: Readonly<Record<string, string>>;
}

/** What makes one module of a stage's code and all it reaches. */
export interface Bundler {
  readonly version: string;
  /** A change of these makes other bundles of the same sources. */
  readonly settings: string;
  bundle(request: CodeRequest): Promise<Outcome<Bundled>>;
}

/** CommonJS packages and native ones are reached through `require`, which a module does not have by itself. */
const BANNER = "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

function entryOf(modules: Readonly<Record<string, string>>): string {
  const names = Object.keys(modules).sort();
  const imports = names.map((name, index) => `import module${index} from ${JSON.stringify(modules[name])};`);
  const members = names.map((name, index) => `${JSON.stringify(name)}: module${index}`);
  const modulesOf = `export const modules = { ${members.join(', ')} };`;
  return `import run, * as own from './run.ts';\n${imports.join('\n')}\nexport { run };\nexport const threads = own.threads;\n${modulesOf}\n`;
}

function packageName(path: string): string {
  return path
    .split('/')
    .slice(0, path.startsWith('@') ? 2 : 1)
    .join('/');
}

/**
 * A module that loads an addon when something of it is first used. Each thread of a stage imports the whole bundle, and an addon with
 * state of its own (TensorFlow's) must not be loaded again by a thread that never uses it.
 */
function addonWhenUsed(path: string): string {
  return `let addon;
module.exports = new Proxy({}, { get: (_, name) => (addon ??= require(${JSON.stringify(path)}))[name] });`;
}

/** Inlines everything that is JavaScript; leaves packages with native code outside and notes them. */
function stillroomPlugin(packageFolders: Record<string, string>): Plugin {
  return {
    name: 'stillroom',
    setup(build) {
      build.onResolve({ filter: /^stillroom(\/|$)/ }, ({ path }) => {
        if (path === 'stillroom') return { path: join(installation, 'src/index.ts'), sideEffects: false };
        if (path === 'stillroom/nn') return { path: join(installation, 'src/nn/index.ts'), sideEffects: false };
        return { errors: [{ text: `"${path}" is not part of Stillroom's interface: import 'stillroom' or 'stillroom/nn'` }] };
      });
      build.onResolve({ filter: /^[^./]/ }, async ({ path, kind, resolveDir, importer, namespace, pluginData }) => {
        if (pluginData === 'resolving' || kind === 'entry-point' || namespace === 'native')
          return namespace === 'native' ? { path, external: true } : undefined;
        const name = packageName(path);
        const folder = installedPackage(name, resolveDir) ?? installedPackage(name, installation);
        if (folder !== undefined && isNative(folder)) {
          packageFolders[name] = folder;
          return path.endsWith('.node') ? { path, namespace: 'native' } : { path, external: true };
        }
        return build.resolve(path, { kind, resolveDir, importer, pluginData: 'resolving' });
      });
      build.onLoad({ filter: /.*/, namespace: 'native' }, ({ path }) => ({ contents: addonWhenUsed(path), loader: 'js' }));
    },
  };
}

/** Finds what would read beside the bundle at run time: such a file would not count. */
function findEscapes(files: readonly string[]): Problem | undefined {
  for (const file of files.filter((path) => !path.includes('/node_modules/') && /\.[cm]?[jt]sx?$/.test(path))) {
    const lines = readFileSync(file, 'utf8').split('\n');
    for (const [index, line] of lines.entries()) {
      if (/^\s*(\/\/|\*|\/\*)/.test(line)) continue;
      const match = /import\.meta\.(url|dirname|filename)/.exec(line) ?? /(?<![\w.])import\s*\(\s*(?!['"][^'"]*['"]\s*\))/.exec(line);
      if (match === null) continue;
      const isUrl = match[0].startsWith('import.meta');
      return {
        kind: 'pipeline',
        code: 'escaping-code',
        message: isUrl
          ? 'stage code may not use import.meta.url: what it reads that way would not count'
          : 'import() takes a literal text in stage code: what it loads otherwise would not count',
        place: { file, line: index + 1, column: match.index + 1, excerpt: line },
        hint: isUrl
          ? 'import the data file (.json, .txt, .bin), or declare it as an input'
          : 'write the path as a text, or choose with param.module',
      };
    }
  }
  return undefined;
}

function buildProblem(error: unknown, folder: string): Problem {
  const first = (error as Partial<BuildFailure>).errors?.[0];
  if (first === undefined) throw error;
  const { location } = first;
  return {
    kind: 'pipeline',
    code: 'bad-stage',
    message: `the code of ${folder} does not bundle: ${first.text}`,
    ...(location === null
      ? {}
      : { place: { file: location.file, line: location.line, column: location.column + 1, excerpt: location.lineText } }),
  };
}

/** Every file that was read, and those of them that something in the bundle comes from. */
function filesOf(metafile: Metafile, base: string): Pick<Bundled, 'files' | 'contributing'> {
  const isFile = (path: string): boolean => !path.includes('<stdin>') && !path.startsWith('native:') && !path.startsWith('(');
  const outputs = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  const contributing = outputs.flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 && isFile(path) ? [join(base, path)] : []));
  return {
    files: Object.keys(metafile.inputs)
      .filter(isFile)
      .map((path) => join(base, path)),
    contributing,
  };
}

/** A source map without the text of our own entry, which names where modules lie on this machine. */
function withoutEntry(text: string): string {
  const map = JSON.parse(text) as { readonly sources: readonly string[]; readonly sourcesContent?: readonly (string | null)[] };
  const isEntry = (index: number): boolean => map.sources[index]?.endsWith('<stdin>') === true;
  return JSON.stringify({ ...map, sourcesContent: map.sourcesContent?.map((content, index) => (isEntry(index) ? null : content)) });
}

/** The packages that the bundle still imports once what is unused is gone. */
function importedPackages(metafile: Metafile, found: Readonly<Record<string, string>>): Record<string, string> {
  const imported = new Set(Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => packageName(path))));
  return Object.fromEntries(Object.entries(found).filter(([name]) => imported.has(name)));
}

const SETTINGS = {
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  target: 'node20',
  format: 'esm',
  platform: 'node',
} as const;

/** Bundling by esbuild: names are kept, so that stack traces can be read and unused exports change nothing. */
export const esbuildBundler: Bundler = {
  get version() {
    return (JSON.parse(readFileSync(join(installedPackage('esbuild', installation) ?? '', 'package.json'), 'utf8')) as { version: string })
      .version;
  },
  settings: JSON.stringify(SETTINGS),
  async bundle({ folder, modules, root }) {
    const esbuild = await import('esbuild');
    const packageFolders: Record<string, string> = {};
    const base = relative(root, folder).startsWith('..') ? installation : root;
    try {
      const built = await esbuild.build({
        ...SETTINGS,
        stdin: { contents: entryOf(modules), resolveDir: folder, sourcefile: '<stdin>', loader: 'ts' },
        absWorkingDir: base.replace(/\/$/, ''),
        bundle: true,
        write: false,
        outfile: 'stage.mjs',
        sourcemap: 'external',
        sourcesContent: true,
        metafile: true,
        logLevel: 'silent',
        tsconfigRaw: { compilerOptions: { target: 'es2023', verbatimModuleSyntax: true } },
        banner: { js: BANNER },
        loader: { '.txt': 'text', '.bin': 'binary' },
        plugins: [stillroomPlugin(packageFolders)],
      });
      const files = filesOf(built.metafile, base);
      const found = findEscapes(files.contributing);
      if (found !== undefined) return failed(found);
      const text = (suffix: string): string => built.outputFiles.find(({ path }) => path.endsWith(suffix))?.text ?? '';
      return done({
        code: text('stage.mjs'),
        map: withoutEntry(text('stage.mjs.map')),
        ...files,
        packageFolders: importedPackages(built.metafile, packageFolders),
      });
    } catch (error) {
      return failed(buildProblem(error, relative(base, folder)));
    }
  },
};

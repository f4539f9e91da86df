import { isBuiltin } from 'node:module';
import { isOutside } from '../files/folder.ts';
import { basename, join, relative } from 'node:path';
import type { BuildFailure, Metafile, Plugin } from 'esbuild';
import { installation } from '../model/installation.ts';
import type { ChosenModule } from '../model/pipeline.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import { absentImports, findEscape } from './escapes.ts';
import { bundlingFault } from './faults.ts';
import { installedPackage, isNative, readPackage } from './packages.ts';
import { LANGUAGE } from './syntax.ts';
import { filesAmong, openReader, type Reader, type Readings } from './readings.ts';

/** The code of one stage with the modules that its params chose. */
export interface CodeRequest {
  /** The stage's folder, absolute. */
  readonly folder: string;
  /** The file of its work, as `stage.ts` names it: `./run.ts`. */
  readonly entry: string;
  /** By param. */
  readonly modules: Readonly<Record<string, ChosenModule>>;
  /** The project's folder. */
  readonly root: string;
}

/** A bundle as it comes from the bundler. */
export interface Bundled {
  readonly code: string;
  readonly map: string;
  /** What was read, and where something was looked for. */
  readonly readings: Readings;
  /** The files, absolute, that something in the bundle comes from. */
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

/** The stage's work, and what makes the modules that its params chose, as one module. */
function entryOf({ entry, modules }: Pick<CodeRequest, 'entry' | 'modules'>): string {
  const chosen = Object.entries(modules).sort(([a], [b]) => (a < b ? -1 : 1));
  const imports = chosen.map(([, { file }], index) => `import module${index} from ${JSON.stringify(file)};`);
  const members = chosen.map(([name, { takesParams }], index) => {
    const key = JSON.stringify(name);
    return `${key}: module${index}${takesParams ? `(params[${key}])` : ''}`;
  });
  return [
    `import run, * as own from ${JSON.stringify(entry)};`,
    ...imports,
    'export { run };',
    'export const threads = own.threads;',
    `export const modules = (params) => ({ ${members.join(', ')} });`,
    '',
  ].join('\n');
}

/** Whether Stillroom does without a package, but for some stages. */
function isOptional(name: string): boolean {
  return Object.hasOwn(readPackage(installation).optionalDependencies ?? {}, name);
}

function packageName(path: string): string {
  return path
    .split('/')
    .slice(0, path.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Inlines everything that is JavaScript; leaves packages with native code outside and notes them. */
function stillroomPlugin(packageFolders: Record<string, string>, reader: Reader): Plugin {
  return {
    name: 'stillroom',
    setup(build) {
      build.onResolve({ filter: /^stillroom(\/|$)/ }, ({ path }) => {
        if (path === 'stillroom') return { path: join(installation, 'src/index.ts'), sideEffects: false };
        if (path === 'stillroom/nn') return { path: join(installation, 'src/nn/index.ts'), sideEffects: false };
        return { errors: [{ text: `"${path}" is not part of Stillroom's interface: import 'stillroom' or 'stillroom/nn'` }] };
      });
      build.onResolve({ filter: /^[^./]/ }, ({ path, kind, resolveDir }) => {
        if (kind === 'entry-point' || isBuiltin(path)) return undefined;
        const name = packageName(path);
        const folder = reader.findPackage(name, resolveDir) ?? reader.findPackage(name, installation);
        const native = folder === undefined ? done(false) : isNative(folder);
        if (!native.ok) return { errors: native.problems.map(({ message }) => ({ text: message })) };
        // Whether it is needed is known once what is unused is gone.
        if (folder === undefined && isOptional(name)) return { path, external: true };
        if (folder !== undefined && native.value) {
          packageFolders[name] = folder;
          return { path, external: true };
        }
        return undefined;
      });
    },
  };
}

/** What in the project's own files that the bundle holds leads out of it; packages are taken at their word. */
async function findEscapes(metafile: Metafile, base: string, isPackage: (path: string) => boolean): Promise<Problem | undefined> {
  for (const file of contributingFiles(metafile, base)) {
    if (file.includes('/node_modules/') || !/\.[cm]?[jt]sx?$/.test(file)) continue;
    const found = await findEscape(file, absentImports(metafile.inputs[relative(base, file)]?.imports ?? [], isPackage));
    if (found !== undefined) return found;
  }
  return undefined;
}

function buildProblem(
  error: unknown,
  { folder, entry, base, root }: { readonly folder: string; readonly entry: string; readonly base: string; readonly root: string },
): Problem {
  const first = (error as Partial<BuildFailure>).errors?.[0];
  if (first === undefined) throw error;
  const { message, hint, place } = bundlingFault(first, { folder, entry, base, root });
  return {
    kind: 'pipeline',
    code: 'bad-stage',
    message: `the code of ${relative(base, folder)} does not bundle: ${message}`,
    ...(place === undefined ? {} : { place }),
    ...(hint === undefined ? {} : { hint }),
  };
}

/** The files that something in the bundle comes from. */
function contributingFiles({ outputs }: Metafile, base: string): string[] {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  return filesAmong(
    inputs.flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
    base,
  );
}

/** A source map without the text of our own entry, which names where modules lie on this machine. */
function withoutEntry(text: string): string {
  const map = JSON.parse(text) as { readonly sources: readonly string[]; readonly sourcesContent?: readonly (string | null)[] };
  const isEntry = (index: number): boolean => map.sources[index]?.endsWith('<stdin>') === true;
  return JSON.stringify({ ...map, sourcesContent: map.sourcesContent?.map((content, index) => (isEntry(index) ? null : content)) });
}

/** The names of packages that the bundle still imports once what is unused is gone. */
function importedNames(metafile: Metafile): ReadonlySet<string> {
  return new Set(Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => packageName(path))));
}

/** A package that npm left out when it installed Stillroom, and without which a stage cannot do its work. */
function leftOut(name: string, folder: string): Problem {
  return {
    kind: 'stage',
    code: 'engine-missing',
    message: `the stage ${basename(folder)} needs ${name}, an optional part of Stillroom that is not installed`,
    hint: 'get it: npx stillroom doctor --install (about 0.8 GB, once for all projects; only training and trained models need it)',
  };
}

const SETTINGS = {
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  target: LANGUAGE.target,
  format: 'esm',
  platform: 'node',
} as const;

/** Bundling by esbuild: names are kept, so that stack traces can be read and unused exports change nothing. */
export const esbuildBundler: Bundler = {
  get version() {
    return readPackage(installedPackage('esbuild', installation) ?? '').version ?? '';
  },
  settings: JSON.stringify([SETTINGS, BANNER, entryOf({ entry: '', modules: { x: { file: '', takesParams: true } } })]),
  async bundle({ folder, entry, modules, root }) {
    const esbuild = await import('esbuild');
    const packageFolders: Record<string, string> = {};
    const reader = openReader();
    const base = (isOutside(root, folder) ? installation : root).replace(/\/$/, '');
    try {
      const built = await esbuild.build({
        ...SETTINGS,
        stdin: { contents: entryOf({ entry, modules }), resolveDir: folder, sourcefile: '<stdin>', loader: 'js' },
        absWorkingDir: base,
        bundle: true,
        write: false,
        outfile: 'stage.mjs',
        sourcemap: 'external',
        sourcesContent: true,
        metafile: true,
        logLevel: 'silent',
        tsconfigRaw: LANGUAGE.tsconfigRaw,
        banner: { js: BANNER },
        loader: { '.txt': 'text', '.bin': 'binary' },
        plugins: [stillroomPlugin(packageFolders, reader), reader.plugin],
      });
      const found = await findEscapes(built.metafile, base, (path) => packageName(path) in packageFolders);
      if (found !== undefined) return failed(found);
      const imported = importedNames(built.metafile);
      const missing = [...imported].find((name) => isOptional(name) && packageFolders[name] === undefined);
      if (missing !== undefined) return failed(leftOut(missing, folder));
      const text = (suffix: string): string => built.outputFiles.find(({ path }) => path.endsWith(suffix))?.text ?? '';
      return done({
        code: text('stage.mjs'),
        map: withoutEntry(text('stage.mjs.map')),
        readings: reader.readings(built.metafile, base),
        contributing: contributingFiles(built.metafile, base),
        packageFolders: Object.fromEntries(Object.entries(packageFolders).filter(([name]) => imported.has(name))),
      });
    } catch (error) {
      return failed(buildProblem(error, { folder, entry, base, root }));
    }
  },
};

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * What building does with the compiled sources so that commands start fast: the modules that check fixed schemas become plain code without
 * ajv, and the command line becomes one file and a part for each verb, loaded when used.
 */

/** Modules that export `schemas` and, by the same names, their `checks`. */
const checkModules = [join('load', 'checks.js'), join('records', 'checks.js')];

/** Packages that hold native code, or that few commands need and that are large. */
const external = ['ajv', 'esbuild', 'sharp', 'fs-native-extensions', 'onnxruntime-node', '@tensorflow/*'];

/** CommonJS packages inside a bundle load what is built into Node by `require`, which a module does not have by itself. */
const requireBanner = "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

/** What `dist/cli.js` becomes. Node 22 keeps the compiled code of what is imported after this call: in the user's own cache, not where others may write. */
const entry = `#!/usr/bin/env node
import module from 'node:module';
import { homedir } from 'node:os';
const { NODE_COMPILE_CACHE, XDG_CACHE_HOME: cache } = process.env;
module.enableCompileCache?.(NODE_COMPILE_CACHE ?? (cache?.startsWith('/') ? cache : homedir() + '/.cache') + '/stillroom/compiled');
await import('./bundle/cli.js');
`;

/** The packages of an installation, by its root.
 * @param {string} root
 */
const packagesOf = (root) => createRequire(join(root, 'package.json'));

/**
 * Shows the bundler which modules are imported by a name that is known only when running: it finds them by their pattern, `./${kind}/executor.js`,
 * which the compiler wraps in a call.
 * @type {import('esbuild').Plugin}
 */
const importsByName = {
  name: 'imports-by-name',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (path.includes('node_modules') || !text.includes('import(__rewriteRelativeImportExtension(')) return undefined;
      return { contents: text.replaceAll(/import\(__rewriteRelativeImportExtension\((`[^`]*)\.ts`\)\)/g, 'import($1.js`)') };
    });
  },
};

/** commander loads what starts programs, for subcommands that are programs of their own. There are none, and loading it takes a tenth of a start.
 * @type {import('esbuild').Plugin}
 */
const noSubprograms = {
  name: 'no-subprograms',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:child_process$/ }, ({ path, importer }) =>
      /node_modules\/commander\//.test(importer) ? { path, namespace: 'none' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'none' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/** Replaces a module of checks by plain code that does the same.
 * @param {string} file
 * @param {string} root
 */
async function compileChecks(file, root) {
  const require = packagesOf(root);
  const { Ajv } = require('ajv');
  const { default: standaloneCode } = require('ajv/dist/standalone');
  const { build } = require('esbuild');
  const { schemas } = await import(pathToFileURL(file).href);
  const names = Object.keys(schemas);
  // The same options as in the modules themselves.
  const ajv = new Ajv({ allErrors: true, strict: false, code: { source: true, lines: true, esm: true } });
  for (const name of names) ajv.addSchema(schemas[name], name);
  const contents = `${standaloneCode(ajv, Object.fromEntries(names.map((name) => [name, name])))}
export const checks = { ${names.join(', ')} };
export const schemas = ${JSON.stringify(schemas)};`;
  const built = await build({
    stdin: { contents, resolveDir: root, sourcefile: 'checks.js' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'silent',
  });
  writeFileSync(`${file}.part`, built.outputFiles[0]?.text ?? '');
  renameSync(`${file}.part`, file);
}

/** Replaces the module of the verbs' summaries by what it returns.
 * @param {string} file
 */
async function writeSummaries(file) {
  const { summaries } = await import(pathToFileURL(file).href);
  writeFileSync(`${file}.part`, `export const summaries = async () => ${JSON.stringify(await summaries())};\n`);
  renameSync(`${file}.part`, file);
}

/** Makes compiled sources start fast. They are complete without it, only slower.
 * @param {string} dist The folder of the compiled sources.
 * @param {string} root The installation whose packages they use.
 * @returns {Promise<void>}
 */
export async function bundleCommand(dist, root) {
  for (const name of checkModules) if (existsSync(join(dist, name))) await compileChecks(join(dist, name), root);
  if (!existsSync(join(dist, 'cli.js'))) return;
  await writeSummaries(join(dist, 'commands', 'summaries.js'));
  await packagesOf(root)('esbuild').build({
    entryPoints: [join(dist, 'cli.js')],
    outdir: join(dist, 'bundle'),
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external,
    plugins: [importsByName, noSubprograms],
    legalComments: 'none',
    chunkNames: '[name]-[hash]',
    banner: { js: requireBanner },
    logLevel: 'silent',
  });
  writeFileSync(join(dist, 'cli.js'), entry);
}

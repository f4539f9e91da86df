import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * What building does with the compiled sources so that commands start fast: the modules that check fixed schemas become plain code without
 * ajv, and the command line becomes parts, in a few files, that are loaded when used.
 */

/** Modules that export `schemas` and, by the same names, their `checks`. */
const checkModules = [join('load', 'checks.js'), join('records', 'checks.js')];

/** Packages that hold native code, or that few commands need and that are large. */
const external = ['@aws-sdk/*', 'ajv', 'esbuild', 'marked', 'sharp', 'onnxruntime-node', '@tensorflow/*'];

/**
 * The files that parts stand in, and the modules that the commands begin with which need no more than a file and those before it: a run in which
 * nothing has changed, help and the completion of a word; plans and runs that execute commands; all. Reading all parts takes longer than all else
 * that short commands do.
 */
const files = [
  {
    name: 'parts.cjs',
    entries:
      /^(cli|commands\/(start|run|summaries|complete\/main)|project\/(project|remembered|repeat|pipeline-files)|executors\/process\/executor|engines\/\w+\/engine)\.js$/,
  },
  { name: 'run-parts.cjs', entries: /^(commands\/plan|project\/(part|run|exchange)|engine\/forecast|executors\/job\/execute)\.js$/ },
  { name: 'more-parts.cjs', entries: /./ },
];

/** What `dist/cli.js` becomes: for whoever runs the command line as a module. */
const entry = "#!/usr/bin/env node\nimport './cli.cjs';\n";

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

/** The package of locks finds its addon by ways that take longer to load than all else of it, past the place where it is.
 * @type {import('esbuild').Plugin}
 */
const addonAtItsPlace = {
  name: 'addon-at-its-place',
  setup({ onLoad }) {
    const addon = "'fs-native-extensions/prebuilds/' + process.platform + '-' + process.arch + '/fs-native-extensions.node'";
    onLoad({ filter: /node_modules\/fs-native-extensions\/binding\.js$/ }, () => ({ contents: `module.exports = require(${addon});` }));
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
  await buildParts(dist, root);
  copyFileSync(join(dist, 'setup', 'start.cjs'), join(dist, 'cli.cjs'));
  writeFileSync(join(dist, 'cli.js'), entry);
}

/** Lets a part import by the function that it is given, `__import`, since V8 keeps no way to import in compiled code.
 * @param {string} code
 * @param {typeof import('acorn').parse} parse
 */
function withImports(code, parse) {
  /** @type {number[]} */
  const places = [];
  /** @param {unknown} value */
  const find = (value) => {
    if (value === null || typeof value !== 'object') return;
    if ('type' in value && value.type === 'ImportExpression' && 'start' in value) places.push(Number(value.start));
    for (const inner of Object.values(value)) find(inner);
  };
  find(parse(code, { ecmaVersion: 'latest' }));
  return places.sort((a, b) => b - a).reduce((text, at) => `${text.slice(0, at)}__${text.slice(at)}`, code);
}

/**
 * Lets a part take what it imports of others when it is called, and give what it exports in one object: esbuild would have each name of another
 * part asked for anew, by two functions, wherever it is used. A part is called when those that it imports have been.
 * @param {string} code
 * @param {typeof import('acorn').parse} parse
 */
function linked(code, parse) {
  const { body } = parse(code, { ecmaVersion: 'latest', sourceType: 'module' });
  /** @param {import('acorn').Identifier | import('acorn').Literal} name */
  const nameOf = (name) => (name.type === 'Identifier' ? name.name : String(name.value));
  /** @param {string} name @param {string} local */
  const pair = (name, local) => (name === local ? name : `${JSON.stringify(name)}: ${local}`);
  /** @type {Set<string>} */
  const exported = new Set();
  /** @param {import('acorn').Program['body'][number]} node */
  const replaced = (node) => {
    if (node.type === 'ImportDeclaration' && String(node.source.value).startsWith('./')) {
      const names = node.specifiers.map((one) => {
        if (one.type !== 'ImportSpecifier') throw new Error(`a part is imported as a whole: ${node.source.raw}`);
        return pair(nameOf(one.imported), one.local.name);
      });
      return `${names.length === 0 ? '' : `var { ${names.join(', ')} } = `}require(${node.source.raw});`;
    }
    if (node.type !== 'ExportNamedDeclaration') return undefined;
    for (const { local } of node.specifiers) exported.add(nameOf(local));
    return `module.exports = { ${node.specifiers.map(({ exported: name, local }) => pair(nameOf(name), nameOf(local))).join(', ')} };`;
  };
  let text = code;
  for (const node of [...body].reverse()) {
    const other = replaced(node);
    if (other !== undefined) text = text.slice(0, node.start) + other + text.slice(node.end);
  }
  /** @param {unknown} value */
  const check = (value) => {
    if (value === null || typeof value !== 'object') return;
    const target = 'type' in value && value.type === 'AssignmentExpression' && 'left' in value ? value.left : undefined;
    const updated = 'type' in value && value.type === 'UpdateExpression' && 'argument' in value ? value.argument : undefined;
    for (const one of [target, updated])
      if (one !== null && typeof one === 'object' && 'name' in one && exported.has(String(one.name)))
        throw new Error(`a part exports ${String(one.name)}, and something of that name is assigned to: give one of them another name`);
    for (const inner of Object.values(value)) check(inner);
  };
  check(body);
  return text;
}

/** The outputs that some modules are in, and those that they load at once, by their paths.
 * @param {import('esbuild').Metafile} metafile Its paths begin at the compiled sources.
 * @param {RegExp} entries
 */
function loadedBy({ outputs }, entries) {
  const loaded = new Set(Object.keys(outputs).filter((path) => entries.test(outputs[path]?.entryPoint ?? '')));
  for (const path of loaded)
    for (const { path: imported, kind } of outputs[path]?.imports ?? []) if (kind === 'import-statement') loaded.add(imported);
  return loaded;
}

/** Puts the command line into files of parts; `start.cjs` says how they are run.
 * @param {string} dist
 * @param {string} root
 */
async function buildParts(dist, root) {
  const require = packagesOf(root);
  const esbuild = require('esbuild');
  const { parse } = require('acorn');
  const { outputFiles, metafile } = await esbuild.build({
    entryPoints: [join(dist, 'cli.js')],
    outdir: join(dist, 'bundle'),
    absWorkingDir: dist,
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external,
    plugins: [importsByName, noSubprograms, addonAtItsPlace],
    legalComments: 'none',
    chunkNames: '[name]-[hash]',
    logLevel: 'silent',
  });
  /** @param {import('esbuild').OutputFile} file */
  const partOf = async ({ path, text }) => {
    const define = { 'import.meta.url': '__url' };
    const { code } = await esbuild.transform(linked(text, parse), {
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      define,
      minifyWhitespace: true,
      lineLimit: 140,
    });
    return `${JSON.stringify(`./${basename(path)}`)}: function (exports, require, module, __import, __url) {\n${withImports(code, parse)}}`;
  };
  /** @type {Set<string>} */
  const placed = new Set();
  const built = [];
  for (const { name, entries } of files) {
    const loaded = loadedBy(metafile, entries);
    const own = outputFiles.filter(({ path }) => loaded.has(relative(dist, path)) && !placed.has(path));
    for (const { path } of own) placed.add(path);
    const text = `({\n${(await Promise.all(own.map(partOf))).join(',\n')}\n})\n`;
    // It is read as Latin-1, which V8 does not have to convert.
    if (Buffer.byteLength(text) !== text.length) throw new Error('the command line is not built as ASCII');
    built.push({ name, text, parts: own.map(({ path }) => `./${basename(path)}`) });
  }
  const { verbs } = await import(pathToFileURL(join(dist, 'commands', 'verbs.js')).href);
  const digest = createHash('sha256');
  for (const { text } of built) digest.update(text);
  const [first, ...others] = built;
  const note = {
    build: digest.digest('hex').slice(0, 16),
    verbs: [...Object.keys(verbs), 'complete'],
    others: others.map(({ name, parts }) => [name, parts]),
  };
  mkdirSync(join(dist, 'bundle'), { recursive: true });
  for (const { name, text } of others) writeFileSync(join(dist, 'bundle', name), text);
  // The last one: how it stands tells whether anything was built anew.
  writeFileSync(join(dist, 'bundle', first?.name ?? ''), `//${JSON.stringify(note)}\n${first?.text ?? ''}`);
}

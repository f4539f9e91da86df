import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's root folder: a checkout, or an installation in some `node_modules`. (This file lies in `src/setup` or `dist/setup`.) */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** The user's cache folder of Stillroom, after the XDG base directory specification.
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {string}
 */
export function cacheFolder(environment = process.env) {
  const base = environment['XDG_CACHE_HOME'];
  return join(base?.startsWith('/') ? base : join(homedir(), '.cache'), 'stillroom');
}

/** The folder of an installed package as Stillroom itself would resolve it, or undefined where it is not installed.
 * @param {string} name
 * @param {string} [from] The package root that looks for it.
 * @returns {string | undefined}
 */
export function packageFolder(name, from = root) {
  // A package need not export its package.json.
  const folders = createRequire(join(from, 'package.json')).resolve.paths(name) ?? [];
  const found = folders.map((folder) => join(folder, name)).find((folder) => existsSync(join(folder, 'package.json')));
  return found === undefined ? undefined : realpathSync(found);
}

/** Parses a JSON file; undefined where it is missing or damaged.
 * @param {string} path
 * @returns {any}
 */
export function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

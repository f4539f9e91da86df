import { existsSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder, readJson, root } from './places.mjs';

/**
 * What is known about the installed engine without loading it.
 *
 * - `libtensorflow`: its version; `operations`: the digest of the operations that Stillroom adds to it.
 * - `variant`: which build it is; `device`: the kind of device that it computes on (a child that gets another one reports so).
 * - `platform`: `linux-x64` …
 * - `path`: the folder of its libraries; `files`: their sizes in bytes, by path below that folder.
 *
 * @typedef {{ format: 2, libtensorflow: string, operations: string, variant: 'cpu' | 'cuda', device: 'cpu' | 'gpu', platform: string, path: string, files: Record<string, number> }} EngineFacts
 */

/** The npm package that holds the engine's addon, and the files that set-up puts there. */
export const addonPackage = '@tensorflow/tfjs-node-gpu';
export const addonPath = join('lib', 'napi-v8', 'tfjs_binding.node');
export const factsPath = join('lib', 'napi-v8', 'engine.json');

/** True if this machine has an NVIDIA driver. */
export function hasNvidiaDriver() {
  return existsSync('/proc/driver/nvidia/version') || existsSync('/dev/nvidiactl') || existsSync('/usr/lib/wsl/lib/libcuda.so.1');
}

/** Raised where what is noted changes: an engine that was set up otherwise is set up anew. */
export const factsFormat = 2;

/** True if a folder holds all the files, with their sizes, and they can be seen.
 * @param {string} folder
 * @param {Record<string, number>} files
 */
export function holdsFiles(folder, files) {
  try {
    return Object.entries(files).every(([path, bytes]) => statSync(join(folder, path)).size === bytes);
  } catch {
    return false;
  }
}

/** Reads the facts of the installed engine; undefined where none is installed or a library of it is missing. Costs well under a millisecond.
 * @param {string} [from] The package root whose engine is meant.
 * @returns {EngineFacts | undefined}
 */
export function readEngineFacts(from = root) {
  const folder = packageFolder(addonPackage, from);
  if (folder === undefined || !existsSync(join(folder, addonPath))) return undefined;
  /** @type {EngineFacts | undefined} */
  const facts = readJson(join(folder, factsPath));
  return facts?.format === factsFormat && holdsFiles(join(folder, 'deps'), facts.files) ? facts : undefined;
}

/** The npm package by which OpenVINO's libraries are reached: set-up links their folder below it. */
export const openvinoPackage = 'koffi';

/** What is known of the OpenVINO that is set up, without loading it; undefined where none is, or a file of it is missing.
 * @param {string} [from] The package root whose OpenVINO is meant.
 * @returns {{ readonly version: string, readonly path: string } | undefined}
 */
export function readOpenvinoFacts(from = root) {
  const folder = packageFolder(openvinoPackage, from);
  const path = folder === undefined ? undefined : join(folder, 'deps');
  const contents = path === undefined ? undefined : readJson(join(path, 'contents.json'));
  if (path === undefined || contents?.format !== 1 || !holdsFiles(path, contents.files)) return undefined;
  return { version: contents.version, path: realpathSync(path) };
}

/** True if the root is a checkout, where packages and `dist` are set-up's work; false for an installation from the tarball.
 * @param {string} [folder]
 */
export function isCheckout(folder = root) {
  return existsSync(join(folder, 'package-lock.json')) && existsSync(join(folder, 'src', 'tsconfig.json'));
}

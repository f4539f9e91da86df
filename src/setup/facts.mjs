import { existsSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { commandLinked, compiled } from './compile.mjs';
import { findProgram } from './command.mjs';
import { nodeProblem } from './node-version.cjs';
import { packagesReady } from './packages.mjs';
import { packageFolder, readJson, root } from './places.mjs';
import { confinementHere, supervisorNeeds, supervisorReady } from './supervisor.mjs';

/**
 * What is known about the installed engine without loading it.
 *
 * - `libtensorflow`: its version; `operations`: the digest of the operations that Stillroom adds to it.
 * - `variant`: which build it is; `device`: the kind of device that it computes on (a child that gets another one reports so).
 * - `platform`: `linux-x64` …
 * - `path`: the folder of its libraries; `files`: their sizes in bytes, by path below that folder.
 *
 * @typedef {{ format: 2, libtensorflow: string, operations: string, variant: 'cpu' | 'cuda', device: 'cpu' | 'gpu', platform: string, path: string, files: Record<string, number> }} EngineFacts
 * `optional`: it is not there, and all but what its detail names does without it.
 *
 * @typedef {{ name: string, ok: boolean, detail: string, hint?: string, optional?: true }} SetupItem
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

/** @param {string} hint @param {boolean} ok */
const unless = (ok, hint) => (ok ? {} : { hint });

/** What may be set up. @param {boolean} ok @param {string} hint @returns {{ hint?: string, optional?: true }} */
const optional = (ok, hint) => (ok ? {} : { optional: true, hint });

/** What is set up and what is not, for `stillroom doctor`.
 * @returns {SetupItem[]}
 */
export function describeSetup() {
  const checkout = isCheckout();
  const engineCommand = checkout ? 'npm run setup' : 'npx stillroom doctor --install';
  const problem = nodeProblem();
  const facts = readEngineFacts();
  /** @type {SetupItem[]} */
  const items = [{ name: 'Node.js', ok: problem === undefined, detail: process.version, ...(problem ? { hint: problem } : {}) }];
  if (checkout) {
    const packages = packagesReady(root);
    const fresh = compiled(root);
    const linked = commandLinked(root);
    items.push({
      name: 'npm packages',
      ok: packages,
      detail: packages ? 'as package-lock.json says' : 'missing or out of date',
      ...unless(packages, engineCommand),
    });
    items.push({
      name: 'compiled sources',
      ok: fresh,
      detail: fresh ? 'dist is up to date' : 'dist is missing or older than src',
      ...unless(fresh, engineCommand),
    });
    items.push({ name: 'npx stillroom', ok: linked, detail: linked ? 'linked' : 'not linked', ...unless(linked, engineCommand) });
  }
  items.push(describeSupervisor(engineCommand), describeConfinement());
  const detail = facts
    ? `libtensorflow ${facts.libtensorflow}, ${facts.variant} build, in ${facts.path}`
    : 'not installed: training and what uses trained models need it, all else runs without';
  items.push({
    name: 'training engine',
    ok: facts !== undefined,
    detail,
    ...optional(facts !== undefined, `${engineCommand} (about 0.8 GB)`),
  });
  items.push(describeOpenvino(checkout));
  if (!facts) items.push(...describeTools());
  return items;
}

/** What runs exported models by OpenVINO: nothing is wrong where it is not set up, since nothing takes it unasked.
 * @param {boolean} checkout
 * @returns {SetupItem}
 */
function describeOpenvino(checkout) {
  const facts = readOpenvinoFacts();
  const command = checkout ? 'npm run setup -- --openvino' : 'npx stillroom doctor --openvino';
  const detail = facts ? `${facts.version}, in ${facts.path}` : 'not set up: only `runtime: openvino` needs it';
  return { name: 'OpenVINO', ok: true, detail, ...optional(facts !== undefined, command) };
}

/** Whether processes that a node leaves are ended for certain.
 * @param {string} command What sets up what is missing.
 * @returns {SetupItem}
 */
function describeSupervisor(command) {
  const ready = supervisorReady(root);
  const needs = supervisorNeeds();
  return {
    name: 'process supervisor',
    ok: ready,
    detail: ready ? 'compiled' : 'not compiled: processes that hide from their node are ended only if they are found by their marks',
    ...optional(ready, needs === undefined ? command : `${command}, with ${needs}`),
  };
}

/** What holds stages to their inputs and outputs: what there is of it counts for no result.
 * @returns {SetupItem}
 */
function describeConfinement() {
  const { landlock, filters } = confinementHere(root);
  const files = landlock > 0 ? `Landlock ${landlock}` : "Node's permission model alone";
  const others = filters ? 'a filter of system calls' : 'nothing';
  return { name: 'stage confinement', ok: true, detail: `files: ${files}; signals and network: ${others}` };
}

/** The programs that installing the engine needs. @returns {SetupItem[]} */
function describeTools() {
  const python = findProgram(['python3', 'python', 'pip3', 'pip']);
  const compiler = findProgram(['g++', 'c++', 'clang++']);
  return [
    {
      name: 'Python with pip',
      ok: python !== undefined,
      detail: python ?? 'missing: setting up the training engine needs it',
      ...optional(python !== undefined, 'sudo apt-get install python3-pip'),
    },
    {
      name: 'C++ compiler',
      ok: compiler !== undefined,
      detail: compiler ?? 'missing: setting up the training engine needs it',
      ...optional(compiler !== undefined, 'sudo apt-get install g++'),
    },
  ];
}

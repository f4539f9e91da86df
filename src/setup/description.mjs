import { commandLinked, compiled } from './compile.mjs';
import { findProgram } from './command.mjs';
import { isCheckout, readEngineFacts, readOpenvinoFacts } from './facts.mjs';
import { compilerNeeds, confinementHere, nativeParts, nativeReady } from './native.mjs';
import { nodeProblem } from './node-version.cjs';
import { packagesReady } from './packages.mjs';
import { root } from './places.mjs';

/**
 * One thing that may be set up. `optional`: it is not there, and all but what its detail names does without it.
 *
 * @typedef {{ name: string, ok: boolean, detail: string, hint?: string, optional?: true }} SetupItem
 */

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
  items.push(...nativeParts.map((part) => describeNative(part, engineCommand)), describeConfinement());
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

/** Whether a part that is written in C was compiled.
 * @param {import('./native.mjs').NativePart} part
 * @param {string} command What sets up what is missing.
 * @returns {SetupItem}
 */
function describeNative(part, command) {
  const ready = nativeReady(root, part);
  const needs = compilerNeeds();
  return {
    name: part.name,
    ok: ready,
    detail: ready ? 'compiled' : `not compiled: ${part.without}`,
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

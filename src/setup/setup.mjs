#!/usr/bin/env node
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addonReady, installAddon } from './addon.mjs';
import { commandLinked, compile, compiled, linkCommand } from './compile.mjs';
import { chooseEngine, engineFolder, engineWorkplace, fillCache, linkLibraries, wholeEngine } from './engine.mjs';
import { openvino } from './wheels.mjs';
import { addonPackage, isCheckout, openvinoPackage, readOpenvinoFacts } from './facts.mjs';
import { withLock } from './lock.mjs';
import { nodeProblem } from './node-version.cjs';
import { installOptionalPackages, installPackages, packagesReady } from './packages.mjs';
import { cacheFolder, packageFolder, root } from './places.mjs';
import { errorCode, SetupProblem } from './problem.mjs';
import { startStep } from './progress.mjs';
import { bringUv, findUv } from './uv.mjs';
import { compileNative, compilerNeeds, nativeParts, nativeReady } from './native.mjs';

/**
 * Set-up: brings a checkout (or an installation from the tarball) to a usable state, doing only what is missing, silent where nothing is.
 *
 *   node src/setup/setup.mjs            everything: npm packages, the compiled sources, the command's link, what is compiled from C, the
 *                                       training engine
 *   node src/setup/setup.mjs --sources  without the engine
 *   node src/setup/setup.mjs --openvino OpenVINO too, for the runtime of that name
 *   node src/setup/setup.mjs --uv       uv too, which builds environments of Python (else it is brought when it is first needed)
 *
 * @typedef {import('./command.mjs').Work} Work
 */

/** Runs one step with its progress shown, under a lock that other set-ups of this machine wait for.
 * @param {string} title
 * @param {string} lock
 * @param {AbortSignal} signal
 * @param {() => boolean} ready Whether there is nothing to do (any more).
 * @param {(work: Work) => Promise<string>} act Does it and says what it did.
 */
async function step(title, lock, signal, ready, act) {
  if (ready()) return;
  const shown = startStep(title);
  try {
    const result = await withLock(
      lock,
      { signal, onWait: (pid) => shown.show(`another set-up works on it (process ${pid}); waiting`) },
      ({ noteChild }) => (ready() ? Promise.resolve('done by another set-up') : act({ signal, show: shown.show, noteChild })),
    );
    shown.done(result);
  } catch (error) {
    shown.failed();
    throw error;
  }
}

/** The lock on what set-up writes into this checkout or installation. */
function rootLock() {
  const key = createHash('sha256').update(realpathSync(root)).digest('hex').slice(0, 16);
  return join(cacheFolder(), 'locks', `${key}.lock`);
}

/** Sets up a checkout's packages, `dist` and command.
 * @param {AbortSignal} signal
 */
export async function setUpSources(signal) {
  const lock = rootLock();
  await step(
    'npm packages',
    lock,
    signal,
    () => packagesReady(root),
    (work) => installPackages(root, work),
  );
  await step(
    'compiled sources',
    lock,
    signal,
    () => compiled(root),
    (work) => compile(root, work),
  );
  if (!commandLinked(root)) linkCommand(root);
}

/** Compiles what is written in C where that is possible.
 * @param {AbortSignal} signal
 */
async function setUpNative(signal) {
  for (const part of nativeParts) {
    const ready = () => compilerNeeds() !== undefined || nativeReady(root, part);
    await step(part.name, rootLock(), signal, ready, (work) => compileNative(root, part, work));
  }
}

/** The folders of the packages that the engine needs, once all are installed.
 * @returns {string | undefined} The addon's package.
 */
function enginePackage() {
  const folder = packageFolder(addonPackage);
  return folder !== undefined && packageFolder('onnxruntime-node') !== undefined ? realpathSync(folder) : undefined;
}

/** Installs the training engine: its libraries into the user's cache, its addon into the package.
 * @param {{ signal?: AbortSignal }} [options]
 * @returns {Promise<void>}
 */
export async function installEngine({ signal = new AbortController().signal } = {}) {
  const engine = chooseEngine();
  const cache = cacheFolder();
  const target = engineFolder(engine, cache);
  // Machines that share this installation may have set up the build that computes on their graphics processors: it does here too.
  const isFree = (process.env['STILLROOM_ENGINE'] ?? 'auto') === 'auto';
  const ready = () => {
    const folder = enginePackage();
    return folder !== undefined && (addonReady(folder, engine.variant) || (isFree && addonReady(folder, 'cuda')));
  };
  await step('training engine', engineWorkplace(target).lock, signal, ready, async (work) => {
    if (enginePackage() === undefined) await installOptionalPackages(root, work);
    const folder = enginePackage();
    if (folder === undefined) throw new SetupProblem(`npm did not install ${addonPackage} or onnxruntime-node.`);
    const files = wholeEngine(target) ?? (await fillCache(engine, target, work));
    await installAddon(folder, { folder: target, variant: engine.variant, device: engine.device, files }, cache, work);
    return `libtensorflow ${basename(target)}`;
  });
}

/** Brings OpenVINO's libraries into the user's cache, and links them below the package that reaches them.
 * @param {AbortSignal} signal
 */
async function installOpenvino(signal) {
  const target = engineFolder(openvino, cacheFolder());
  const ready = () => readOpenvinoFacts()?.version === openvino.version;
  await step('OpenVINO', engineWorkplace(target).lock, signal, ready, async (work) => {
    if (packageFolder(openvinoPackage) === undefined) await installOptionalPackages(root, work);
    const folder = packageFolder(openvinoPackage);
    if (folder === undefined) throw new SetupProblem(`npm did not install ${openvinoPackage}, by which OpenVINO is reached.`);
    if (wholeEngine(target) === undefined) await fillCache(openvino, target, work);
    await linkLibraries(realpathSync(folder), target);
    return `OpenVINO ${openvino.version}`;
  });
}

/** Brings uv into the user's cache.
 * @param {AbortSignal} signal
 */
async function installUv(signal) {
  if (findUv() !== undefined) return;
  const shown = startStep('uv');
  try {
    const { version } = await bringUv(shown.show, signal);
    shown.done(`uv ${version}`);
  } catch (error) {
    shown.failed();
    throw error;
  }
}

/** What to do about a file system that refuses: no permission, read-only, full. */
const refusals = /** @type {Record<string, string>} */ ({
  EACCES: 'it is not writable for you',
  EPERM: 'it is not writable for you',
  EROFS: 'it is read-only',
  ENOTDIR: 'a file stands in its way',
  EEXIST: 'a file stands in its way',
  ENOSPC: 'the disk is full',
  EDQUOT: 'your quota is used up',
});

/** Says on standard error what went wrong and what to do; an error that set-up does not expect is thrown on.
 * @param {unknown} error
 */
export function explain(error) {
  const refusal = refusals[errorCode(error) ?? ''];
  if (error instanceof SetupProblem) {
    process.stderr.write(`set-up: ${error.message}\n${error.remedy.map((line) => `  ${line}\n`).join('')}`);
  } else if (refusal !== undefined && error instanceof Error) {
    const place = 'path' in error ? String(error.path) : cacheFolder();
    process.stderr.write(
      `set-up: cannot write ${place}: ${refusal}.\n  Make it writable, or set XDG_CACHE_HOME to another folder for the engine.\n`,
    );
  } else throw error;
}

/** Runs set-up as a program; returns its exit code.
 * @param {readonly string[]} args
 */
async function main(args) {
  const problem = nodeProblem();
  if (problem) {
    process.stderr.write(`set-up: ${problem}\n`);
    return 1;
  }
  const controller = new AbortController();
  let code = 1;
  for (const [name, number] of /** @type {const} */ ([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ])) {
    process.once(name, () => {
      code = number;
      controller.abort();
    });
  }
  try {
    if (isCheckout()) await setUpSources(controller.signal);
    await setUpNative(controller.signal);
    if (!args.includes('--sources')) await installEngine({ signal: controller.signal });
    if (args.includes('--openvino')) await installOpenvino(controller.signal);
    if (args.includes('--uv')) await installUv(controller.signal);
    return 0;
  } catch (error) {
    if (controller.signal.aborted) process.stderr.write('set-up: stopped; the next one goes on from here\n');
    else explain(error);
    return code;
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url))
  process.exitCode = await main(process.argv.slice(2));

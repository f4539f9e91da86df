import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findProgram, lastLines, runProgram } from './command.mjs';
import { addonPath, factsFormat, factsPath, holdsFiles } from './facts.mjs';
import { operationFlags, operationsDigest, operationSources } from './operations.mjs';
import { linkLibraries } from './engine.mjs';
import { packageFolder, readJson } from './places.mjs';
import { SetupProblem } from './problem.mjs';
import { engineVersion } from './wheels.mjs';

/**
 * The addon that joins Node.js to libtensorflow: the C++ sources of `@tensorflow/tfjs-node-gpu` and of Stillroom's own operations, compiled
 * against the engine's headers and Node-API's. It looks for the libraries in `deps/tensorflow` of its package: `deps` is a link to the engine's folder in the cache.
 *
 * @typedef {import('./command.mjs').Work} Work
 */

const sources = ['binding/tfjs_backend.cc', 'binding/tfjs_binding.cc'];
const flags = ['-O2', '-fPIC', '-shared', '-std=c++17', '-w', '-DNAPI_VERSION=8'];
const libraries = ['-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2', '-Wl,-rpath,$ORIGIN/../../deps/tensorflow'];

const compilerRemedy = [
  'It compiles the small addon that joins Node.js to the training engine.',
  'On Debian or Ubuntu:  sudo apt-get install g++',
  'On Fedora:  sudo dnf install gcc-c++      On Arch:  sudo pacman -S gcc',
  'Elsewhere: install a C++17 compiler and have it on the PATH as g++, c++ or clang++.',
  'Then run this command again.',
];

/** Names the addon by all that it is made of, so that a compiled one is found again after `npm ci`.
 * @param {string} folder The package's.
 * @param {string} engine The engine's folder.
 */
function addonName(folder, engine) {
  const hash = createHash('sha256').update([engine, operationsDigest(), ...flags, ...libraries].join('\n'));
  for (const name of readdirSync(join(folder, 'binding')).sort()) hash.update(name).update(readFileSync(join(folder, 'binding', name)));
  return `tfjs_binding-${engineVersion}-${hash.digest('hex').slice(0, 16)}.node`;
}

/** Compiles the addon into the cache, unless the same one lies there.
 * @param {string} folder The package's.
 * @param {string} engine The engine's folder.
 * @param {string} cache
 * @param {Work} work
 * @returns {Promise<string>} Its path in the cache.
 */
async function compileAddon(folder, engine, cache, work) {
  const target = join(cache, 'addon', addonName(folder, engine));
  if ((lstatSync(target, { throwIfNoEntry: false })?.size ?? 0) > 0) return target;
  const compiler = process.env['CXX'] || findProgram(['g++', 'c++', 'clang++']);
  if (!compiler) throw new SetupProblem('A C++ compiler is missing.', compilerRemedy);
  const nodeHeaders = packageFolder('node-api-headers');
  if (!nodeHeaders) throw new SetupProblem('The npm package node-api-headers is missing.', ['Run npm ci, then this command again.']);
  await mkdir(dirname(target), { recursive: true });
  work.show('compiling the addon');
  await removeParts(dirname(target));
  const part = `${target}.${process.pid}.part`;
  const includes = ['.', join(engine, 'include'), join(nodeHeaders, 'include')].map((path) => `-I${path}`);
  const command = [
    compiler,
    ...flags,
    ...operationFlags,
    ...includes,
    ...sources,
    ...operationSources(),
    '-o',
    part,
    `-L${join(engine, 'tensorflow')}`,
    ...libraries,
  ];
  try {
    const { code, output } = await runProgram(command, work, { cwd: folder });
    if (code !== 0)
      throw new SetupProblem(`${compiler} could not compile the engine's addon:`, [...lastLines(output), ...compilerRemedy.slice(1)]);
    await rename(part, target);
    return target;
  } finally {
    await rm(part, { force: true });
  }
}

/** Removes what compilers of killed set-ups left.
 * @param {string} folder
 */
async function removeParts(folder) {
  const parts = readdirSync(folder).filter((name) => name.endsWith('.part'));
  for (const path of parts.map((name) => join(folder, name))) {
    const made = lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - made > 600_000) await rm(path, { force: true });
  }
}

/** True if the package has an addon for this variant of the engine, and the engine that it is linked to is whole (be it in the cache of
 * another user or place: what works is not moved).
 * @param {string} folder The package's.
 * @param {'cpu' | 'cuda'} variant
 */
export function addonReady(folder, variant) {
  /** @type {(import('./facts.mjs').EngineFacts & { addonBytes: number }) | undefined} */
  const facts = readJson(join(folder, factsPath));
  const link = lstatSync(join(folder, 'deps'), { throwIfNoEntry: false });
  if (facts?.format !== factsFormat || facts.libtensorflow !== engineVersion || facts.variant !== variant) return false;
  if (facts.operations !== operationsDigest()) return false;
  if (!link?.isSymbolicLink() || readlinkSync(join(folder, 'deps')) !== facts.path) return false;
  return lstatSync(join(folder, addonPath), { throwIfNoEntry: false })?.size === facts.addonBytes && holdsFiles(facts.path, facts.files);
}

/** Compiles the addon if need be, puts it with its facts into the package, and loads it once in another process as a test.
 * @param {string} folder The package's.
 * @param {{ folder: string, variant: string, device: string, files: Record<string, number> }} engine
 * @param {string} cache
 * @param {Work} work
 */
export async function installAddon(folder, engine, cache, work) {
  const addon = await compileAddon(folder, engine.folder, cache, work);
  work.show('testing the addon');
  const target = join(folder, addonPath);
  await mkdir(dirname(target), { recursive: true });
  await rm(join(folder, factsPath), { force: true });
  await linkLibraries(folder, engine.folder);
  await copyFile(addon, `${target}.new`);
  await rename(`${target}.new`, target);
  const program = 'process.stdout.write(require(process.argv[1]).TF_Version)';
  const { code, output } = await runProgram([process.execPath, '-e', program, target], work, { env: { TF_CPP_MIN_LOG_LEVEL: '3' } });
  if (code !== 0 || !output.includes(engineVersion)) {
    await rm(addon, { force: true });
    throw new SetupProblem('The compiled addon does not load:', lastLines(output));
  }
  const { files, variant, device } = engine;
  const facts = {
    format: factsFormat,
    libtensorflow: engineVersion,
    operations: operationsDigest(),
    variant,
    device,
    platform: `${process.platform}-${process.arch}`,
    path: engine.folder,
  };
  await writeFile(
    `${join(folder, factsPath)}.new`,
    JSON.stringify({ ...facts, addonBytes: lstatSync(target).size, files: libraryFiles(files) }),
    { flush: true },
  );
  await rename(`${join(folder, factsPath)}.new`, join(folder, factsPath));
}

/** The engine's files that must be there to run: not the headers.
 * @param {Record<string, number>} files
 */
function libraryFiles(files) {
  return Object.fromEntries(Object.entries(files).filter(([path]) => /\.so[\d.]*$/.test(path)));
}

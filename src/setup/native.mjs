import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, lastLines, runProgram } from './command.mjs';
import { packageFolder, readJson } from './places.mjs';

/**
 * What is compiled from C where there is a compiler: small programs, without which all runs too, but more slowly or less surely.
 *
 * @typedef {import('./command.mjs').Work} Work
 * @typedef {object} NativePart
 * @property {string} name As people are told of it.
 * @property {string} file In `dist/native`.
 * @property {readonly string[]} sources The folder of its sources, from the root on.
 * @property {() => readonly string[]} flags
 * @property {readonly string[]} spared Flags without which it is compiled where they do not work.
 * @property {string} without How things are where it was not compiled.
 */

/** @type {NativePart} */
const supervisor = {
  name: 'process supervisor',
  file: 'supervisor',
  sources: ['src', 'executors', 'job', 'native'],
  flags: () => [],
  // Without libraries of others it forks in a fifth less time; not every system has what that takes.
  spared: ['-static'],
  without: 'processes that hide from their node are ended only if they are found by their marks',
};

/** @type {NativePart} */
const manyFiles = {
  name: 'addon for many files',
  file: 'files.node',
  sources: ['src', 'files', 'native'],
  flags: () => ['-shared', '-fPIC', '-pthread', `-I${join(packageFolder('node-api-headers') ?? '', 'include')}`],
  spared: [],
  without: 'folders of thousands of files take half as long again',
};

/** All of them. */
export const nativeParts = [supervisor, manyFiles];

const targetFolder = join('dist', 'native');
const flags = ['-O2', '-std=gnu11', '-Wall', '-Wextra'];

/** Where it is noted what a part was made of.
 * @param {NativePart} part
 */
const stampName = ({ file }) => `${file}.json`;

/** The C compiler of this machine. */
const findCompiler = () => process.env['CC'] || findProgram(['cc', 'gcc', 'clang']);

/** The sources of a part, and a digest of all that it is made of.
 * @param {string} root
 * @param {NativePart} part
 */
function sourcesOf(root, part) {
  const folder = join(root, ...part.sources);
  const names = readdirSync(folder).sort();
  const hash = createHash('sha256').update([process.platform, process.arch, ...flags, ...part.spared].join('\n'));
  for (const name of names) hash.update(`\n${name}\n`).update(readFileSync(join(folder, name)));
  return { paths: names.filter((name) => name.endsWith('.c')).map((name) => join(folder, name)), digest: hash.digest('hex') };
}

/** True if a part was compiled from the sources as they are now.
 * @param {string} root
 * @param {NativePart} part
 */
export function nativeReady(root, part) {
  const folder = join(root, targetFolder);
  return existsSync(join(folder, part.file)) && readJson(join(folder, stampName(part)))?.sources === sourcesOf(root, part).digest;
}

/** What the supervisor finds in this kernel to confine stages with; nothing where it is not compiled.
 * @param {string} root
 * @returns {{ landlock: number, filters: boolean }}
 */
export function confinementHere(root) {
  const { status, stdout } = spawnSync(join(root, targetFolder, supervisor.file), ['--confinement'], { encoding: 'utf8' });
  return status === 0 ? JSON.parse(stdout) : { landlock: 0, filters: false };
}

/** Compiles anew what has other sources than it was compiled from; where that cannot be, an older one is no longer used.
 * @param {string} root
 * @param {Work} work
 */
export async function renewNative(root, work) {
  for (const part of nativeParts) {
    if (nativeReady(root, part)) continue;
    rmSync(join(root, targetFolder, part.file), { force: true });
    if (compilerNeeds() === undefined) await compileNative(root, part, work);
  }
}

/** What would have to be there to compile these parts; undefined: nothing more.
 * @returns {string | undefined}
 */
export function compilerNeeds() {
  if (process.platform !== 'linux') return 'Linux';
  return findCompiler() === undefined ? 'a C compiler: sudo apt-get install gcc' : undefined;
}

/** Compiles a part. Where that fails, all runs without it.
 * @param {string} root
 * @param {NativePart} part
 * @param {Work} work
 * @returns {Promise<string>} What was done.
 */
export async function compileNative(root, part, work) {
  const { paths, digest } = sourcesOf(root, part);
  const folder = join(root, targetFolder);
  const made = join(folder, `${part.file}.${process.pid}.part`);
  mkdirSync(folder, { recursive: true });
  try {
    const command = [findCompiler() ?? 'cc', ...flags, ...part.flags(), ...paths, '-o', made];
    const whole = await runProgram([...command, ...part.spared], work);
    const { code, output } = whole.code === 0 ? whole : await runProgram(command, work);
    if (code !== 0) return `not compiled; ${part.without}:\n${lastLines(output).join('\n')}`;
    rmSync(join(folder, stampName(part)), { force: true });
    renameSync(made, join(folder, part.file));
    writeFileSync(join(folder, stampName(part)), JSON.stringify({ sources: digest }));
    return 'compiled';
  } finally {
    rmSync(made, { force: true });
  }
}

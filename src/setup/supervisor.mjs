import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, lastLines, runProgram } from './command.mjs';
import { readJson } from './places.mjs';

/**
 * The supervisor of processes: a small program in C, compiled where there is a compiler. Nodes run without it too, under a shell.
 *
 * @typedef {import('./command.mjs').Work} Work
 */

const sourceFolder = join('src', 'executors', 'job', 'native');
const targetFolder = join('dist', 'native');
const stampName = 'supervisor.json';
const flags = ['-O2', '-std=gnu11', '-Wall', '-Wextra'];

/** The C compiler of this machine. */
const findCompiler = () => process.env['CC'] || findProgram(['cc', 'gcc', 'clang']);

/** The sources, and a digest of all that the program is made of.
 * @param {string} root
 */
function sourcesOf(root) {
  const folder = join(root, sourceFolder);
  const names = readdirSync(folder).sort();
  const hash = createHash('sha256').update([process.platform, process.arch, ...flags, '-static'].join('\n'));
  for (const name of names) hash.update(`\n${name}\n`).update(readFileSync(join(folder, name)));
  return { paths: names.filter((name) => name.endsWith('.c')).map((name) => join(folder, name)), digest: hash.digest('hex') };
}

/** True if the supervisor was compiled from the sources as they are now.
 * @param {string} root
 */
export function supervisorReady(root) {
  const folder = join(root, targetFolder);
  return existsSync(join(folder, 'supervisor')) && readJson(join(folder, stampName))?.sources === sourcesOf(root).digest;
}

/** What the supervisor finds in this kernel to confine stages with; nothing where it is not compiled.
 * @param {string} root
 * @returns {{ landlock: number, filters: boolean }}
 */
export function confinementHere(root) {
  const { status, stdout } = spawnSync(join(root, targetFolder, 'supervisor'), ['--confinement'], { encoding: 'utf8' });
  return status === 0 ? JSON.parse(stdout) : { landlock: 0, filters: false };
}

/** Compiles the supervisor anew where its sources have changed; where that cannot be, an older one is no longer used.
 * @param {string} root
 * @param {Work} work
 */
export async function renewSupervisor(root, work) {
  if (supervisorReady(root)) return;
  rmSync(join(root, targetFolder, 'supervisor'), { force: true });
  if (supervisorNeeds() === undefined) await compileSupervisor(root, work);
}

/** What would have to be there to compile the supervisor; undefined: nothing more.
 * @returns {string | undefined}
 */
export function supervisorNeeds() {
  if (process.platform !== 'linux') return 'Linux';
  return findCompiler() === undefined ? 'a C compiler: sudo apt-get install gcc' : undefined;
}

/** Compiles the supervisor. Where that fails, nodes run under a shell.
 * @param {string} root
 * @param {Work} work
 * @returns {Promise<string>} What was done.
 */
export async function compileSupervisor(root, work) {
  const { paths, digest } = sourcesOf(root);
  const folder = join(root, targetFolder);
  const part = join(folder, `supervisor.${process.pid}.part`);
  mkdirSync(folder, { recursive: true });
  try {
    const command = [findCompiler() ?? 'cc', ...flags, ...paths, '-o', part];
    // Without libraries of others it forks in a fifth less time; not every system has what that takes.
    const whole = await runProgram([...command, '-static'], work);
    const { code, output } = whole.code === 0 ? whole : await runProgram(command, work);
    if (code !== 0) return `not compiled; nodes run under a shell:\n${lastLines(output).join('\n')}`;
    rmSync(join(folder, stampName), { force: true });
    renameSync(part, join(folder, 'supervisor'));
    writeFileSync(join(folder, stampName), JSON.stringify({ sources: digest }));
    return 'compiled';
  } finally {
    rmSync(part, { force: true });
  }
}

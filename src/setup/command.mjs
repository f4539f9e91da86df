import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * What every step of set-up works with: a signal that stops it, a way to show how far it is, and a way to note the program that it runs
 * (so that another set-up waits for that program even if this one is killed).
 *
 * @typedef {{ signal: AbortSignal, show: (text: string) => void, noteChild: (pid: number | undefined) => Promise<void> }} Work
 * @typedef {{ code: number | null, output: string }} Outcome
 */

/** The first of the programs that lies on the PATH, as an absolute path.
 * @param {readonly string[]} names
 * @returns {string | undefined}
 */
export function findProgram(names) {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const name of names) {
    for (const folder of folders) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // Not there: the next folder.
      }
    }
  }
  return undefined;
}

/** Runs a program to its end with its output captured (the last 64 KiB); an abort stops it with SIGTERM, after five seconds with SIGKILL.
 * @param {readonly string[]} command
 * @param {Work} work
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<Outcome>}
 */
export async function runProgram([program = '', ...args], work, { cwd, env } = {}) {
  work.signal.throwIfAborted();
  const child = spawn(program, args, { ...(cwd ? { cwd } : {}), env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output = (output + text).slice(-65_536);
    });
  }
  /** @type {NodeJS.Timeout | undefined} */
  let killer;
  const stop = () => {
    child.kill('SIGTERM');
    killer = setTimeout(() => child.kill('SIGKILL'), 5000);
  };
  work.signal.addEventListener('abort', stop, { once: true });
  /** @type {Promise<number | null>} */
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  try {
    const [code] = await Promise.all([ended, work.noteChild(child.pid)]);
    work.signal.throwIfAborted();
    return { code, output };
  } finally {
    clearTimeout(killer);
    work.signal.removeEventListener('abort', stop);
    await work.noteChild(undefined);
  }
}

/** The last lines of a program's output, indented, for an error's remedy.
 * @param {string} output
 * @param {number} [count]
 * @returns {string[]}
 */
export function lastLines(output, count = 12) {
  const lines = output.split(/\r?\n|\r/).filter((line) => line.trim() !== '');
  return lines.slice(-count).map((line) => `  ${line}`);
}

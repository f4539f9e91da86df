import { readFileSync } from 'node:fs';
import { link, mkdir, readFile, rename, rm, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from './problem.mjs';

/**
 * A lock between processes of one machine: a file that names its holder and the program that the holder runs just now. It counts as free
 * only when neither lives, so a killed set-up frees it and a program that outlives it (npm, pip) is waited for.
 *
 * @typedef {{ pid: number, started: string | undefined }} Process
 * @typedef {{ holder: Process, child?: Process }} Content
 * @typedef {{ noteChild: (pid: number | undefined) => Promise<void> }} Lock
 */

/** Tells one life of a process id from the next (Linux: its start time; elsewhere unknown); `gone` for one that does not live.
 * @param {number} pid
 * @returns {string | undefined}
 */
function startOf(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
    return fields[0] === 'Z' ? 'gone' : fields[19];
  } catch {
    return process.platform === 'linux' ? 'gone' : undefined;
  }
}

/** @param {Process | undefined} one */
function lives(one) {
  if (!one) return false;
  try {
    process.kill(one.pid, 0);
  } catch (error) {
    if (errorCode(error) !== 'EPERM') return false;
  }
  return one.started === startOf(one.pid);
}

/** @param {string} path @returns {Promise<Content | undefined>} */
async function read(path) {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Removes a lock whose holder is gone; only one process at a time looks and removes.
 * @param {string} path
 */
async function removeStale(path) {
  const guard = `${path}.stale`;
  try {
    await mkdir(guard);
  } catch {
    const made = (await stat(guard).catch(() => undefined))?.mtimeMs ?? Date.now();
    if (Date.now() - made > 10_000) await rmdir(guard).catch(() => undefined);
    return;
  }
  const content = await read(path);
  if (!lives(content?.holder) && !lives(content?.child)) await unlink(path).catch(() => undefined);
  await rmdir(guard).catch(() => undefined);
}

/** Runs `work` while no other process holds the lock at `path`; waits for it as long as it takes.
 * @template T
 * @param {string} path
 * @param {{ signal: AbortSignal, onWait: (pid: number) => void }} options
 * @param {(lock: Lock) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(path, { signal, onWait }, work) {
  await mkdir(dirname(path), { recursive: true });
  const own = `${path}.${process.pid}`;
  const holder = { pid: process.pid, started: startOf(process.pid) };
  try {
    await writeFile(own, JSON.stringify({ holder }));
    while (!(await tryLink(own, path))) {
      const content = await read(path);
      const busy = [content?.holder, content?.child].find(lives);
      if (busy) {
        onWait(busy.pid);
        await sleep(200, undefined, { signal });
      } else await removeStale(path);
    }
  } finally {
    await rm(own, { force: true });
  }
  try {
    return await work({
      async noteChild(pid) {
        await writeFile(own, JSON.stringify({ holder, ...(pid === undefined ? {} : { child: { pid, started: startOf(pid) } }) }));
        await rename(own, path);
      },
    });
  } finally {
    await rm(path, { force: true });
  }
}

/** @param {string} from @param {string} to */
async function tryLink(from, to) {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

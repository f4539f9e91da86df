// Loaded before a command (`node --import`): keeps what each sync of a file or folder makes durable, and what had been told by then.
//
// SYNCED_LOG    a folder outside the project: `log`, a line of JSON each, and the bytes of files as they were synced
// SYNCED_ROOT   the project
// SYNCED_SKIP   a kind of sync that is left out, as if nobody had written it
import childProcess from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';

const { SYNCED_LOG: folder = '', SYNCED_ROOT: root = '', SYNCED_SKIP: skipped } = process.env;
const { appendFileSync, copyFileSync, fstatSync, fsync, fsyncSync, lstatSync, readdirSync, readlinkSync } = fs;
const { spawn } = childProcess;
let copies = 0;

/** @param {object} line */
const log = (line) => appendFileSync(join(folder, 'log'), `${JSON.stringify(line)}\n`);

/** A file or folder through all its names: numbers of inodes are used again.
 * @param {fs.BigIntStats} stats */
const keyOf = ({ ino, birthtimeNs }) => `${ino}-${birthtimeNs}`;

/** What is synced, without what differs from time to time.
 * @param {string} path @param {boolean} isFolder */
function kindOf(path, isFolder) {
  const within = path
    .slice(root.length + 1)
    .replace(/^artifacts\/scratch\/.*/, 'artifacts/scratch/*')
    .replace(/\.[0-9a-f]{12}\.part$/, '')
    .replace(/\d{8}T\d{6}-[0-9a-f]+|[0-9a-f]{10,}/g, '*')
    .replace(/\/blobs\/[0-9a-f]{2}(?=\/|$)/, '/blobs/*');
  return `${isFolder ? 'folder' : 'file'} ${within === '' ? '.' : within}`;
}

/** @param {number} descriptor */
function keep(descriptor) {
  const link = `/proc/self/fd/${descriptor}`;
  const path = readlinkSync(link);
  if (path !== root && !path.startsWith(`${root}/`)) return;
  const stats = fstatSync(descriptor, { bigint: true });
  const kind = kindOf(path, stats.isDirectory());
  if (kind === skipped) return;
  const key = keyOf(stats);
  if (!stats.isDirectory()) {
    const bytes = join(folder, `${process.pid}-${++copies}`);
    copyFileSync(link, bytes);
    return log({ type: 'file', kind, key, bytes });
  }
  const entries = readdirSync(link).flatMap((name) => {
    const entry = lstatSync(join(link, name), { bigint: true, throwIfNoEntry: false });
    if (entry === undefined) return [];
    const type = entry.isDirectory() ? 'folder' : entry.isSymbolicLink() ? 'link' : 'file';
    return [{ name, type, key: keyOf(entry), ...(type === 'link' ? { target: readlinkSync(join(link, name)) } : {}) }];
  });
  return log({ type: 'folder', kind, key, entries });
}

fs.fsyncSync = (descriptor) => {
  fsyncSync(descriptor);
  keep(descriptor);
};
// @ts-expect-error: the form that promises is not used.
fs.fsync = (descriptor, callback) =>
  fsync(descriptor, (error) => {
    if (error === null) keep(descriptor);
    callback(error);
  });
// What a detached job syncs counts too; it is given a cleared environment.
// @ts-expect-error: of all forms only this one is used.
childProcess.spawn = (program, args, options) => {
  const isJob = args?.[0]?.endsWith('run-job.js');
  const { NODE_OPTIONS, SYNCED_LOG, SYNCED_ROOT, SYNCED_SKIP } = process.env;
  const env = { ...options?.env, NODE_OPTIONS, SYNCED_LOG, SYNCED_ROOT, ...(SYNCED_SKIP === undefined ? {} : { SYNCED_SKIP }) };
  return spawn(program, args ?? [], isJob ? { ...options, env } : (options ?? {}));
};
syncBuiltinESMExports();

for (const stream of [process.stdout, process.stderr]) {
  const write = stream.write.bind(stream);
  /** @param {unknown} text @param {unknown[]} more */
  const logged = (text, ...more) => {
    log({ type: 'told', text: String(text) });
    return Reflect.apply(write, stream, [text, ...more]);
  };
  stream.write = /** @type {typeof stream.write} */ (logged);
}

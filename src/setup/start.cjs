'use strict';
// Starts the command line; in `dist` this is `cli.cjs`. The build puts the command line into `bundle/parts.cjs`: a first line with what it
// notes, then an object of functions, one for what each verb needs and for what several share, called when they are first needed. What the
// shortest commands never load stands in files beside it. What V8 has compiled of each is kept for each verb in the user's own cache, where
// others may not write, since compiling takes longer than all else that a short command does. Losing it costs only time.
const { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } = require('node:fs');
const { homedir } = require('node:os');
const { dirname, join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { Script } = require('node:vm');
const { crc32 } = require('node:zlib');

/**
 * @typedef {{ readonly code: Buffer, readonly additions: number }} Kept
 * @typedef {(exports: object, require: (name: string) => unknown, module: { exports: object }, imported: (name: string) => Promise<unknown>, url: string) => void} Part
 * @typedef {{ readonly build: string, readonly verbs: readonly string[], readonly others: readonly [file: string, parts: readonly string[]][] }} Note What the build notes; `build` changes with every change of the parts, `others` are the parts of other files.
 */

/** How often what a verb has compiled is added to what is kept of it: its first runs differ in what they do. */
const MOST_ADDITIONS = 3;

/** Microseconds of the processor after which what a process has compiled of the first parts is not kept: loading it would hold up short commands. */
const MOST_WORK = 1_500_000;

/**
 * Bytes of bytecode that V8 executes of a function between two looks whether to optimise it. Node 20 looks so early that a command of seconds
 * optimises for longer than it wins by that, on processors that its nodes need; later ones count calls.
 */
const USUAL_BUDGET = 67_584;
const LARGE_BUDGET = 8 * USUAL_BUDGET;

/** Milliseconds after which kept code is removed, used or not: that of builds and versions of Node that are gone. */
const LONGEST_KEPT = 30 * 24 * 3600 * 1000;

/** What is kept in a file: a checksum, how often it was added to, and the code; undefined where it is missing or damaged.
 * @param {string} file
 * @returns {Kept | undefined}
 */
function readKept(file) {
  try {
    const bytes = readFileSync(file);
    return crc32(bytes.subarray(4)) === bytes.readUInt32LE(0) ? { additions: bytes.readUInt32LE(4), code: bytes.subarray(8) } : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps code where that is possible.
 * @param {string} file
 * @param {Kept} kept
 */
function writeKept(file, { code, additions }) {
  const bytes = Buffer.concat([Buffer.alloc(8), code]);
  bytes.writeUInt32LE(additions, 4);
  bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
  try {
    const folder = dirname(file);
    // One by one: Node 20 does not come back from making folders below /proc.
    for (const one of [dirname(dirname(folder)), dirname(folder), folder]) if (!existsSync(one)) mkdirSync(one, { mode: 0o700 });
    for (const name of readdirSync(folder))
      if (Date.now() - statSync(join(folder, name)).mtimeMs > LONGEST_KEPT) rmSync(join(folder, name), { force: true });
    writeFileSync(`${file}.${process.pid}`, bytes, { mode: 0o600 });
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // A full disk, or no folder of one's own: the next command compiles again.
  }
}

/** Where the code of the verb is kept; undefined where the user wants none kept.
 * @param {Note} note
 */
function keptFile({ build, verbs }) {
  const { XDG_CACHE_HOME: cache, NODE_DISABLE_COMPILE_CACHE: off } = process.env;
  if (off) return undefined;
  const verb = verbs.find((name) => name === process.argv[2]) ?? 'help';
  const folder = join(cache?.startsWith('/') ? cache : join(homedir(), '.cache'), 'stillroom', 'compiled');
  return join(folder, `${build}-${process.version}-${process.arch}-${verb}`);
}

/** Sets after how much V8 looks whether to optimise a function, where that can be set. Code that is kept fits only the setting that it was made with.
 * @param {number} budget
 */
function setBudget(budget) {
  if (process.version.startsWith('v20.')) require('node:v8').setFlagsFromString(`--interrupt-budget=${budget}`);
}

/** Compiles parts, with what is kept of them, and sees to it that what this process compiles is kept, unless it works for too long.
 * @param {string} text
 * @param {{ readonly file: string, readonly kept: string | undefined, readonly mostWork: number }} options
 * @returns {Record<string, Part>}
 */
function compiledParts(text, { file, kept, mostWork }) {
  const before = kept === undefined ? undefined : readKept(kept);
  const script = new Script(text, { filename: file, cachedData: before?.code });
  const additions = before === undefined || script.cachedDataRejected ? 0 : before.additions;
  if (kept !== undefined && additions < MOST_ADDITIONS)
    process.on('exit', () => {
      const { user, system } = process.cpuUsage();
      setBudget(USUAL_BUDGET);
      if (user + system < mostWork) writeKept(kept, { code: script.createCachedData(), additions: additions + 1 });
    });
  return script.runInThisContext();
}

/** A file that was built, which is ASCII.
 * @param {string} name
 */
function built(name) {
  const file = join(__dirname, 'bundle', name);
  return { file, text: readFileSync(file, 'latin1') };
}

const { file, text } = built('parts.cjs');
/** @type {Note} */
const note = JSON.parse(text.slice('//'.length, text.indexOf('\n')));
const kept = keptFile(note);
const parts = compiledParts(text, { file, kept, mostWork: MOST_WORK });
const url = pathToFileURL(file).href;

/** The files that other parts stand in. */
const places = new Map(note.others.flatMap(([name, names]) => names.map((part) => [part, name])));

/** Whether the command needs more than the first parts. */
let needsMore = false;

/** Finds the function of a part; undefined: there is none.
 * @param {string} name
 */
function found(name) {
  const place = parts[name] === undefined ? places.get(name) : undefined;
  if (place !== undefined) {
    const { file, text } = built(place);
    Object.assign(parts, compiledParts(text, { file, kept: kept && `${kept}-${place}`, mostWork: Number.POSITIVE_INFINITY }));
    needsMore = true;
  }
  return parts[name];
}

/** @type {Map<string, { exports: object }>} */
const loaded = new Map();

/** What a part exports, which is loaded where it was not yet.
 * @param {string} name
 * @returns {object}
 */
function part(name) {
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  loaded.set(name, module);
  found(name)?.(module.exports, required, module, imported, url);
  return module.exports;
}

/** @param {string} name */
const isPart = (name) => Object.hasOwn(parts, name) || places.has(name);

/** @param {string} name A part, or a package. */
const required = (name) => (isPart(name) ? part(name) : require(name));

/** @param {string} name A part, a package, or the address of a module. */
const imported = async (name) => {
  if (!isPart(name)) return import(name);
  // What is kept of parts, and what Node has of its own modules, fits the usual setting alone.
  if (needsMore) setBudget(USUAL_BUDGET);
  const exports = part(name);
  if (needsMore) setBudget(LARGE_BUDGET);
  return exports;
};

part('./cli.js');

import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';

/**
 * A small reader of zip archives (PKWARE APPNOTE 6.3, without zip64 and encryption): enough for wheels, so that set-up needs no unzip program.
 *
 * @typedef {{ name: string, method: number, packedBytes: number, bytes: number, headerOffset: number }} Member
 */

const endOfDirectory = 0x06054b50;
const directoryEntry = 0x02014b50;
const chunkBytes = 1 << 20;

/** Lists the members of an archive from its central directory.
 * @param {string} archive
 * @returns {Promise<Member[]>}
 */
async function listMembers(archive) {
  const file = await open(archive);
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(Math.min(size, 0x10000 + 22));
    await file.read(tail, 0, tail.length, size - tail.length);
    let end = tail.length - 22;
    while (end >= 0 && tail.readUInt32LE(end) !== endOfDirectory) end--;
    if (end < 0) throw new Error(`${archive} is not a zip archive`);
    const directory = Buffer.alloc(tail.readUInt32LE(end + 12));
    await file.read(directory, 0, directory.length, tail.readUInt32LE(end + 16));
    return parseDirectory(directory, archive);
  } finally {
    await file.close();
  }
}

/**
 * @param {Buffer} directory
 * @param {string} archive
 */
function parseDirectory(directory, archive) {
  /** @type {Member[]} */
  const members = [];
  for (let at = 0; at + 46 <= directory.length; ) {
    if (directory.readUInt32LE(at) !== directoryEntry) throw new Error(`${archive} has a damaged directory`);
    const nameLength = directory.readUInt16LE(at + 28);
    members.push({
      name: directory.toString('utf8', at + 46, at + 46 + nameLength),
      method: directory.readUInt16LE(at + 10),
      packedBytes: directory.readUInt32LE(at + 20),
      bytes: directory.readUInt32LE(at + 24),
      headerOffset: directory.readUInt32LE(at + 42),
    });
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return members;
}

/** Unpacks one member to a file, flushed to the disk before it returns.
 * @param {string} archive
 * @param {Member} member
 * @param {string} target
 * @param {{ mode?: number, signal?: AbortSignal, onBytes?: (bytes: number) => void }} [options]
 */
async function unpackMember(archive, member, target, { mode = 0o644, signal, onBytes } = {}) {
  const header = Buffer.alloc(30);
  const file = await open(archive);
  await file.read(header, 0, 30, member.headerOffset).finally(() => file.close());
  const start = member.headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  await mkdir(dirname(target), { recursive: true });
  let written = 0;
  const count = new Transform({
    transform(chunk, _encoding, done) {
      written += chunk.length;
      onBytes?.(chunk.length);
      done(null, chunk);
    },
  });
  const packed = createReadStream(archive, { start, end: Math.max(start, start + member.packedBytes - 1), highWaterMark: chunkBytes });
  const output = createWriteStream(target, { mode, flush: true });
  const options = signal ? { signal } : {};
  if (member.packedBytes === 0) {
    packed.destroy();
    await pipeline([], output, options);
  } else if (member.method === 8) await pipeline(packed, createInflateRaw({ chunkSize: chunkBytes }), count, output, options);
  else await pipeline(packed, count, output, options);
  if (written !== member.bytes) throw new Error(`${member.name} in ${archive} is damaged: ${written} bytes instead of ${member.bytes}`);
}

/** Unpacks the members that `take` gives a path for, below `folder`; returns their paths with sizes.
 * @param {string} archive
 * @param {string} folder
 * @param {(member: string) => string | undefined} take
 * @param {{ signal?: AbortSignal, onBytes?: (bytes: number) => void }} [options]
 * @returns {Promise<Record<string, number>>}
 */
export async function unpack(archive, folder, take, options = {}) {
  /** @type {Record<string, number>} */
  const files = {};
  for (const member of await listMembers(archive)) {
    const path = take(member.name);
    if (path === undefined) continue;
    await unpackMember(archive, member, join(folder, path), { ...options, mode: /(^|\/)bin\//.test(path) ? 0o755 : 0o644 });
    files[path] = member.bytes;
  }
  return files;
}

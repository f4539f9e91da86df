import { createHash, type Hash } from 'node:crypto';
import { closeSync, createReadStream, mkdirSync, openSync, readFileSync, type Stats, statfsSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { done, failed, type Outcome } from '../../model/problem.ts';
import type { PackEntry } from '../../model/upkeep.ts';

/** The first line of a pack, before it is compressed; the number is that of this format. */
const HEADER = 'stillroom-pack 1';

/** The only names in a pack. */
const ENTRY = /^(run\.json|(?:bundles|sources)\/[0-9a-f]{64}\.json|blobs\/[0-9a-f]{2}\/[0-9a-f]{62}) (\d{1,15})$/;

const LONGEST_LINE = 200;
const MOST_ENTRIES = 1_000_000;

/** Records and notes are small. */
const LARGEST_NOTE = 64 * 1024 * 1024;

/** From this size on, a pack that grows more than a hundredfold is a bomb. */
const UNSUSPICIOUS = 256 * 1024 * 1024;
const LARGEST_RATIO = 100;

/** Writes the record of a run and all that it reaches as one compressed stream: a header line, then each file as a line of name and size, and its bytes. */
export async function writePack(record: string, entries: Iterable<PackEntry>, target: Writable): Promise<void> {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(`${HEADER}\nrun.json ${Buffer.byteLength(record)}\n${record}`);
    const written = new Set<string>();
    for (const { name, size, bytes } of entries) {
      if (written.has(name)) continue;
      written.add(name);
      yield Buffer.from(`${name} ${size}\n`);
      yield* bytes();
    }
    yield Buffer.from('end\n');
  }
  await pipeline(Readable.from(pieces(), { objectMode: false }), createGzip(), target);
}

class PackError extends Error {}

/** Takes a pack's bytes apart into files below a folder, refusing whatever is not named, sized and hashed as it must be. */
class Unpacker {
  compressed = 0;
  private inflated = 0;
  private state: 'header' | 'name' | 'bytes' | 'end' = 'header';
  private line = Buffer.alloc(0);
  private left = 0;
  private entry: { readonly name: string; readonly descriptor: number; readonly hash: Hash } | undefined;
  private readonly folder: string;
  private readonly free: number;
  private readonly seen = new Set<string>();

  constructor(folder: string) {
    this.folder = folder;
    const { bavail, bsize } = statfsSync(folder);
    this.free = bavail * bsize;
  }

  take(chunk: Buffer): void {
    this.inflated += chunk.length;
    if (this.inflated > UNSUSPICIOUS && this.inflated > LARGEST_RATIO * this.compressed)
      throw new PackError(`it inflates more than ${LARGEST_RATIO} times`);
    for (let at = 0; at < chunk.length; ) at = this.state === 'bytes' ? this.takeBytes(chunk, at) : this.takeLine(chunk, at);
  }

  private takeBytes(chunk: Buffer, at: number): number {
    const piece = chunk.subarray(at, at + this.left);
    this.entry?.hash.update(piece);
    for (let written = 0; written < piece.length; ) written += writeSync(this.entry?.descriptor ?? -1, piece, written);
    this.left -= piece.length;
    if (this.left === 0) this.endEntry();
    return at + piece.length;
  }

  private takeLine(chunk: Buffer, at: number): number {
    if (this.state === 'end') throw new PackError('something follows its end');
    const stop = chunk.indexOf(10, at);
    const piece = chunk.subarray(at, stop === -1 ? chunk.length : stop);
    this.line = Buffer.concat([this.line, piece]);
    if (this.line.length > LONGEST_LINE) throw new PackError(this.state === 'header' ? 'it is no pack' : 'a name in it is too long');
    if (stop === -1) return chunk.length;
    const text = this.line.toString('latin1');
    this.line = Buffer.alloc(0);
    if (this.state === 'header') {
      const [, version] = /^stillroom-pack (\d{1,9})$/.exec(text) ?? [];
      if (text !== HEADER)
        throw new PackError(version === undefined ? 'it is no pack' : `a newer Stillroom wrote it (pack format ${version})`);
      this.state = 'name';
    } else if (text === 'end') this.state = 'end';
    else this.startEntry(text);
    return stop + 1;
  }

  private startEntry(text: string): void {
    const [, name, size] = ENTRY.exec(text) ?? [];
    if (name === undefined) throw new PackError(`it holds a file that no pack has: ${JSON.stringify(text.slice(0, 80))}`);
    this.left = Number(size);
    if (this.seen.has(name) || this.seen.size >= MOST_ENTRIES) throw new PackError(`it holds ${name} twice, or too many files`);
    if (!name.startsWith('blobs/') && this.left > LARGEST_NOTE) throw new PackError(`${name} in it is too large`);
    if (this.left > this.free) throw new PackError(`${name} in it is larger than the free space of the disk`);
    this.seen.add(name);
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    this.entry = { name, descriptor: openSync(path, 'wx', 0o600), hash: createHash('sha256') };
    this.state = 'bytes';
    if (this.left === 0) this.endEntry();
  }

  private endEntry(): void {
    const { name = '', hash, descriptor } = this.entry ?? {};
    if (descriptor !== undefined) closeSync(descriptor);
    this.entry = undefined;
    this.state = 'name';
    const digest = hash?.digest('hex') ?? '';
    if (name.startsWith('blobs/') && `blobs/${digest.slice(0, 2)}/${digest.slice(2)}` !== name)
      throw new PackError(`${name} in it is damaged: its bytes have another digest`);
  }

  close(): void {
    if (this.entry !== undefined) closeSync(this.entry.descriptor);
    this.entry = undefined;
  }

  finish(): void {
    if (this.state === 'header') throw new PackError('it is no pack');
    if (this.state !== 'end') throw new PackError('it is cut off');
    if (!this.seen.has('run.json')) throw new PackError('it holds no run');
  }
}

/** A pack that is not taken, with why. */
export function badPack(file: string, why: string): Outcome<never> {
  return failed({
    kind: 'usage',
    code: 'bad-pack',
    message: `${file} cannot be used: ${why}`,
    hint: 'nothing of it was kept; ask for it again, or make it with: stillroom pack RUN > run.still',
  });
}

/** What lies where a plain file should. */
function whatElse(stats: Stats): string {
  return stats.isDirectory() ? 'a folder' : stats.isFIFO() ? 'a named pipe' : stats.isSocket() ? 'a socket' : 'a device';
}

/** Unpacks into an empty folder and returns the text of the record. Only names that a pack may hold are written, and every blob has its digest. */
export async function readPack(file: string, folder: string): Promise<Outcome<string>> {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats?.isFile() !== true)
    return failed({
      kind: 'usage',
      code: 'no-such-file',
      message: stats === undefined ? `${file} does not exist` : `${file} is ${whatElse(stats)}, not a file`,
      hint: 'stillroom pack RUN > run.still makes one',
    });
  mkdirSync(folder, { recursive: true });
  const unpacker = new Unpacker(folder);
  // A pipeline tells of its own abortion, not of what its last step threw.
  let refusal = undefined as PackError | undefined;
  try {
    const source = createReadStream(file);
    source.on('data', (chunk) => {
      unpacker.compressed += chunk.length;
    });
    await pipeline(source, createGunzip(), async (stream: AsyncIterable<Buffer>) => {
      try {
        for await (const chunk of stream) unpacker.take(chunk);
        unpacker.finish();
      } catch (error) {
        if (error instanceof PackError) refusal = error;
        throw error;
      }
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (refusal === undefined && code?.startsWith('Z_') !== true) throw error;
    return badPack(file, refusal?.message ?? (code === 'Z_BUF_ERROR' ? 'it is cut off' : 'it is no pack, or damaged'));
  } finally {
    unpacker.close();
  }
  return done(readFileSync(join(folder, 'run.json'), 'utf8'));
}

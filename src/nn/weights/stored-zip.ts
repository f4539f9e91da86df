import { crc32 } from 'node:zlib';
import type { Bytes } from './bytes.ts';
import { WeightsError } from './bytes.ts';

/** A member of an archive, as the archive's directory has it. */
interface Member {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly size: number;
  readonly headerOffset: number;
}

const signatures = { header: 0x04034b50, directoryEntry: 0x02014b50, end: 0x06054b50, end64: 0x06064b50, end64Locator: 0x07064b50 };
const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;
const LARGEST_DIRECTORY = 64 * 1024 * 1024;
/** Stands where the number is in the zip64 field instead. */
const ELSEWHERE = 0xffffffff;

/** An archive whose members are stored as they are. */
export interface StoredZip {
  readonly names: readonly string[];
  /** The content of a member, or undefined if there is none of that name. Its checksum is compared. */
  read(name: string): Buffer | undefined;
}

/**
 * Opens a zip archive of uncompressed members (PKWARE APPNOTE 6.3, with zip64), the form of PyTorch's files. Members are read one at a
 * time. Throws a `WeightsError` if the archive is damaged, or its members are together larger than the file that holds them.
 */
export function openStoredZip(bytes: Bytes): StoredZip {
  const members = new Map(directoryOf(bytes).map((member) => [member.name, member]));
  const total = [...members.values()].reduce((sum, { size }) => sum + size, 0);
  if (total > bytes.size) throw new WeightsError('the zip archive is broken: its members are larger than the file.');
  return {
    names: [...members.keys()],
    read(name) {
      const member = members.get(name);
      return member === undefined ? undefined : contentOf(bytes, member);
    },
  };
}

function contentOf(bytes: Bytes, { name, flags, method, crc, size, headerOffset }: Member): Buffer {
  if (method !== 0 || (flags & 1) !== 0)
    throw new WeightsError(`the member "${name}" is compressed or encrypted, which PyTorch's are not.`);
  const header = bytes.read(headerOffset, 30);
  if (header.readUInt32LE(0) !== signatures.header) throw new WeightsError(`the zip archive is broken at the member "${name}".`);
  const content = bytes.read(headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28), size);
  if (crc32(content) !== crc) throw new WeightsError(`the member "${name}" is damaged: its checksum is another.`);
  return content;
}

function directoryOf(bytes: Bytes): Member[] {
  const { from, length } = placeOfDirectory(bytes);
  if (length > LARGEST_DIRECTORY) throw new WeightsError(`the zip archive is broken: its directory of ${length} bytes is too large.`);
  const directory = bytes.read(from, length);
  const members: Member[] = [];
  for (let at = 0; at < directory.length; ) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== signatures.directoryEntry) {
      throw new WeightsError('the zip archive is broken: its directory is damaged.');
    }
    const nameEnd = at + 46 + directory.readUInt16LE(at + 28);
    const extraEnd = nameEnd + directory.readUInt16LE(at + 30);
    const [size = 0, packedSize = 0, headerOffset = 0] = sizesOf(directory.subarray(at, at + 46), directory.subarray(nameEnd, extraEnd));
    const [flags, method, crc] = [directory.readUInt16LE(at + 8), directory.readUInt16LE(at + 10), directory.readUInt32LE(at + 16)];
    const name = directory.toString('utf8', at + 46, nameEnd);
    if (method === 0 && size !== packedSize) throw new WeightsError(`the zip archive is broken: "${name}" has two sizes.`);
    members.push({ name, flags, method, crc, size, headerOffset });
    at = extraEnd + directory.readUInt16LE(at + 32);
  }
  return members;
}

/** Where the directory lies: the zip64 record says it where there is one, else the record at the end. */
function placeOfDirectory(bytes: Bytes): { from: number; length: number } {
  const start = Math.max(0, bytes.size - END_BYTES - LONGEST_COMMENT);
  const tail = bytes.read(start, bytes.size - start);
  let end = tail.length - END_BYTES;
  while (end >= 0 && !(tail.readUInt32LE(end) === signatures.end && end + END_BYTES + tail.readUInt16LE(end + 20) === tail.length)) end--;
  if (end < 0) throw new WeightsError('the zip archive is cut off: its end is missing.');
  const locator = end - 20;
  if (locator < 0 || tail.readUInt32LE(locator) !== signatures.end64Locator) {
    return { from: tail.readUInt32LE(end + 16), length: tail.readUInt32LE(end + 12) };
  }
  const record = bytes.read(Number(tail.readBigUInt64LE(locator + 8)), 56);
  if (record.readUInt32LE(0) !== signatures.end64) throw new WeightsError('the zip archive is broken: its end is damaged.');
  return { from: Number(record.readBigUInt64LE(48)), length: Number(record.readBigUInt64LE(40)) };
}

/** Size, packed size and offset of a member; the zip64 field (number 1) holds those of them that 32 bits cannot. */
function sizesOf(entry: Buffer, extra: Buffer): number[] {
  const sizes = [entry.readUInt32LE(24), entry.readUInt32LE(20), entry.readUInt32LE(42)];
  let at = 0;
  while (at + 4 <= extra.length && extra.readUInt16LE(at) !== 1) at += 4 + extra.readUInt16LE(at + 2);
  let place = at + 4;
  return sizes.map((size) => {
    if (size !== ELSEWHERE || place + 8 > extra.length) return size;
    place += 8;
    return Number(extra.readBigUInt64LE(place - 8));
  });
}

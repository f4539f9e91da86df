import { hash } from 'node:crypto';

// An entry of a segment is a head of fixed size and a body. The head says all about the body, its digest included, and ends in a sum of its
// own, into which the segment's name and the place count: so no bytes elsewhere, not even a copy of a segment in a body, look like an entry.

/** Bytes of the head of an entry. */
export const HEAD = 136;

/** What is kept: content by its digest, or the record of a result by its fingerprint. */
export type Kind = 'content' | 'result';

/**
 * How much of an entry is looked at: nothing, where its segment stands as it did when all in it was proven; its bytes, unless this process
 * has hashed them; its bytes; its bytes and what its head says of them.
 */
export type Care = 'stamp' | 'once' | 'bytes' | 'all';

/** What is to be kept. */
export interface NewEntry {
  readonly kind: Kind;
  /** A content's digest or a result's fingerprint, in hex. */
  readonly key: string;
  /** Of a result: the digest of its work without its inputs, in hex. */
  readonly work?: string;
  /** Of several results with one fingerprint the one with the highest number counts. */
  readonly order: number;
  readonly body: Uint8Array;
}

/** Where an entry lies in its segment, and what its head says. */
export interface Entry {
  readonly kind: Kind;
  readonly key: Buffer;
  readonly work: Buffer;
  readonly order: number;
  /** Of the head, in the segment. */
  readonly offset: number;
  /** Bytes of the body. */
  readonly length: number;
}

/** What the head of an entry says. */
export interface Head extends Entry {
  /** SHA-256 of the body. */
  readonly digest: Buffer;
  /** All before this offset was durable when the entry was written. */
  readonly durable: number;
  /** It counts no more. */
  readonly isVoid: boolean;
}

const MAGIC = Buffer.from('StE1');
/** What is written over the first bytes of an entry so that it counts no more. */
export const VOID = Buffer.from('void');

/** All kinds; the place of one is what stands in a head. */
export const KINDS: readonly Kind[] = ['content', 'result'];
const [AT_KIND, AT_LENGTH, AT_ORDER, AT_DURABLE, AT_KEY, AT_WORK, AT_DIGEST, AT_SUM] = [4, 8, 12, 16, 24, 56, 88, 120];

/** SHA-256 as bytes. */
export function digestOf(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer');
}

function sumOf(segment: string, offset: number, head: Buffer): Buffer {
  const place = `${segment}:${offset}:`;
  const summed = Buffer.allocUnsafe(place.length + AT_SUM);
  summed.write(place, 'latin1');
  MAGIC.copy(summed, place.length);
  head.copy(summed, place.length + MAGIC.length, MAGIC.length, AT_SUM);
  return digestOf(summed).subarray(0, HEAD - AT_SUM);
}

/** Where an entry will lie. */
interface Place {
  readonly segment: string;
  readonly offset: number;
  readonly durable: number;
}

/** The head of an entry at its place. */
export function headOf({ kind, key, work, order, body }: NewEntry, { segment, offset, durable }: Place): Buffer {
  const head = Buffer.alloc(HEAD);
  MAGIC.copy(head);
  head[AT_KIND] = KINDS.indexOf(kind);
  head.writeUInt32LE(body.length, AT_LENGTH);
  head.writeUInt32LE(order, AT_ORDER);
  head.writeDoubleLE(durable, AT_DURABLE);
  head.write(key, AT_KEY, 'hex');
  if (work !== undefined) head.write(work, AT_WORK, 'hex');
  if (kind === 'content') head.copy(head, AT_DIGEST, AT_KEY, AT_KEY + 32);
  else digestOf(body).copy(head, AT_DIGEST);
  sumOf(segment, offset, head).copy(head, AT_SUM);
  return head;
}

/** The entry whose head begins at an offset of a segment, from the bytes there; undefined where they are none. */
export function readHead(segment: string, offset: number, bytes: Buffer): Head | undefined {
  const mark = bytes.subarray(0, MAGIC.length);
  const isVoid = VOID.equals(mark);
  const isHead = bytes.length >= HEAD && (isVoid || MAGIC.equals(mark));
  if (!isHead || !sumOf(segment, offset, bytes).equals(bytes.subarray(AT_SUM, HEAD))) return undefined;
  const kind = KINDS[bytes[AT_KIND] ?? -1];
  if (kind === undefined) return undefined;
  // Copied: the bytes may be those of a buffer that is used again.
  const digests = Buffer.from(bytes.subarray(AT_KEY, AT_SUM));
  const part = (at: number): Buffer => digests.subarray(at - AT_KEY, at - AT_KEY + 32);
  return {
    kind,
    key: part(AT_KEY),
    work: part(AT_WORK),
    order: bytes.readUInt32LE(AT_ORDER),
    offset,
    length: bytes.readUInt32LE(AT_LENGTH),
    digest: part(AT_DIGEST),
    durable: bytes.readDoubleLE(AT_DURABLE),
    isVoid,
  };
}

/** Where the next head may begin in bytes; -1 where none does. */
export function nextHead(bytes: Buffer, from: number): number {
  return bytes.indexOf(MAGIC, from);
}

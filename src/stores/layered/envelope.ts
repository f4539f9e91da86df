import { isObject, parseJson } from '../../files/json.ts';
import { isDigest, sha256 } from '../../model/canonical.ts';
import type { JsonObject } from '../../model/json.ts';

/** The number of the format in which things lie in a remote. */
const FAR_FORMAT = 1;

/** Longer records are not looked into. */
export const LONGEST_RECORD = 64 * 1024 * 1024;

/** A pack of small contents: an object of this digest, of whose bytes the first are its index. */
export interface PackReference {
  readonly digest: string;
  readonly size: number;
  readonly index: number;
}

/** What a record in a remote is asked under: its own place. One that says another was copied there. */
export interface Asked {
  readonly kind: 'result' | 'run' | 'hash';
  readonly prefix: string;
  /** A fingerprint, a run's id, a run's hash. */
  readonly key: string;
}

/** Where the contents are that a record names. */
export interface FarContents {
  readonly packs: readonly PackReference[];
  /** The digests of those that lie each for itself. */
  readonly blobs: readonly string[];
}

/** A record as it lies in a remote. */
export interface FarRecord extends FarContents {
  readonly record: JsonObject;
}

/** The object that a record is in a remote: a text that tells what it was asked under, its digest, and room for signatures of that text. */
export function envelopeOf({ kind, prefix, key }: Asked, { record, packs, blobs }: FarRecord): Buffer {
  const payload = JSON.stringify({ far: FAR_FORMAT, kind, prefix, key, packs, blobs, record });
  return Buffer.from(`${JSON.stringify({ payload, digest: sha256(payload), signatures: [] })}\n`);
}

/** The record that an object of a remote holds, or in words why it is not used. */
export function readEnvelope(bytes: Uint8Array, asked: Asked): FarRecord | string {
  const envelope = parseJson(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'), isObject);
  const text = envelope?.['payload'];
  if (typeof text !== 'string' || envelope?.['digest'] !== sha256(text)) return 'its record is damaged';
  const payload = parseJson(text, isObject);
  if (payload === undefined) return 'its record is damaged';
  const { far, kind, prefix, key, packs, blobs, record } = payload;
  if (typeof far === 'number' && far > FAR_FORMAT) return `a newer Stillroom wrote its record (format ${far} of remotes)`;
  if (far !== FAR_FORMAT || !isObject(record) || !isListOf(packs, isPackReference) || !isListOf(blobs, isDigest))
    return 'its record is not one of a remote';
  if (prefix !== asked.prefix) return `its record was written under another prefix, ${shown(prefix)}`;
  if (kind !== asked.kind || key !== asked.key) return `its record is that of something else, ${shown(key)}`;
  return { record: record as JsonObject, packs, blobs };
}

function isListOf<Item>(value: unknown, isItem: (item: unknown) => item is Item): value is readonly Item[] {
  return Array.isArray(value) && value.every(isItem);
}

function isPackReference(value: unknown): value is PackReference {
  return (
    isObject(value) && isDigest(value['digest']) && isCount(value['size']) && isCount(value['index']) && value['index'] <= value['size']
  );
}

/** Whether a value is a number of bytes. */
export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Something of a record that is not believed, so that it can be shown. */
function shown(value: unknown): string {
  return JSON.stringify(String(value).slice(0, 80));
}

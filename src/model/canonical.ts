import { hash } from 'node:crypto';
import type { Json } from './json.ts';

function quoted(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('canonical JSON cannot hold a lone surrogate');
  return JSON.stringify(text);
}

/** JSON with the keys of mappings sorted, or as they stand; throws on what JSON cannot hold exactly. */
function write(value: unknown, isSorted: boolean): string {
  if (typeof value === 'string') return quoted(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`canonical JSON cannot hold ${value}`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${Array.from(value, (member) => write(member, isSorted)).join(',')}]`;
  if (typeof value === 'object' && (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null)) {
    return membersJson(isSorted ? sortedKeys(value) : Object.keys(value), (key) =>
      write((value as Readonly<Record<string, unknown>>)[key], isSorted),
    );
  }
  throw new TypeError(`canonical JSON cannot hold ${typeof value === 'object' ? Object.prototype.toString.call(value) : typeof value}`);
}

/** The keys of an object in the order of their UTF-16 units. Most are in order as they stand, and sorting takes longer than seeing that. */
export function sortedKeys(value: object): string[] {
  const keys = Object.keys(value);
  return keys.every((key, index) => index === 0 || (keys[index - 1] ?? '') < key) ? keys : keys.sort();
}

/** The JSON of a mapping of keys in their order, given the JSON of what stands at each. */
function membersJson(keys: readonly string[], json: (key: string) => string): string {
  let text = '';
  for (const key of keys) text += `${text === '' ? '' : ','}${quoted(key)}:${json(key)}`;
  return `{${text}}`;
}

/**
 * Canonical JSON by RFC 8785: keys sorted by UTF-16 units, numbers and texts as ECMAScript writes them. Equal values give equal bytes.
 * Throws on what JSON cannot hold exactly (undefined, NaN, infinities, lone surrogates, other objects): such a value in a fingerprint is a bug.
 */
export function canonicalJson(value: unknown): string {
  return write(value, true);
}

/**
 * The same with keys in the order in which the value has them, as whoever reads it sees them: those that look like array indexes first,
 * rising, which is the order of ECMAScript, then the others as they are written.
 */
export function exactJson(value: unknown): string {
  return write(value, false);
}

/** SHA-256, in lower-case hexadecimal. */
export function sha256(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}

/** Whether a value is a digest as `sha256` writes it. */
export function isDigest(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

/** The digest of a JSON value, whatever the order of its keys. */
export function digestOf(value: Json | object): string {
  return sha256(canonicalJson(value));
}

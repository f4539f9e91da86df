import { createHash } from 'node:crypto';
import type { Json } from './json.ts';

/** JSON with the members of mappings in an order; throws on what JSON cannot hold exactly. */
function write(value: unknown, order: (members: [string, unknown][]) => [string, unknown][]): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`canonical JSON cannot hold ${value}`);
    return JSON.stringify(value);
  }
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new TypeError('canonical JSON cannot hold a lone surrogate');
    return JSON.stringify(value);
  }
  const inner = (member: unknown): string => write(member, order);
  if (Array.isArray(value)) return `[${Array.from(value, inner).join(',')}]`;
  if (typeof value === 'object' && (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null)) {
    return `{${order(Object.entries(value))
      .map(([key, member]) => `${inner(key)}:${inner(member)}`)
      .join(',')}}`;
  }
  throw new TypeError(`canonical JSON cannot hold ${typeof value === 'object' ? Object.prototype.toString.call(value) : typeof value}`);
}

/**
 * Canonical JSON by RFC 8785: keys sorted by UTF-16 units, numbers and texts as ECMAScript writes them. Equal values give equal bytes.
 * Throws on what JSON cannot hold exactly (undefined, NaN, infinities, lone surrogates, other objects): such a value in a fingerprint is a bug.
 */
export function canonicalJson(value: unknown): string {
  return write(value, (members) => members.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * The same with keys in the order in which the value has them, as whoever reads it sees them: those that look like array indexes first,
 * rising, which is the order of ECMAScript, then the others as they are written.
 */
export function exactJson(value: unknown): string {
  return write(value, (members) => members);
}

/** SHA-256, in lower-case hexadecimal. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Whether a value is a digest as `sha256` writes it. */
export function isDigest(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

/** The digest of a JSON value, whatever the order of its keys. */
export function digestOf(value: Json | object): string {
  return sha256(canonicalJson(value));
}

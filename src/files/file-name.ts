import { createHash } from 'node:crypto';

/** Bytes of a file's name that leave room for a suffix and for what a temporary name adds; file systems take 255. */
const LONGEST = 180;

/** A mark that no escaped name has, since it is escaped itself. */
const SHORTENED = '~';

/** `%XX` of each byte of a text. */
function escaped(text: string): string {
  return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}

/** The beginning of a text's digest. */
function digestOf(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}

/** A name that is too long as its beginning and its digest: different for different names. */
function shortened(name: string, whole: string): string {
  if (Buffer.byteLength(name) <= LONGEST) return name;
  const digest = digestOf(whole, 32);
  let beginning = name;
  while (Buffer.byteLength(beginning) > LONGEST - digest.length - 1) beginning = beginning.slice(0, -1);
  return `${beginning.replace(/%[0-9a-f]?$|[\uD800-\uDBFF]$/, '')}${SHORTENED}${digest}`;
}

/** A name in lower case alone: one that has others ends in a part of its digest, since some file systems do not tell letters' cases apart. */
function ofOneCase(name: string, whole: string): string {
  return name === name.toLowerCase() ? name : `${name}${SHORTENED}${digestOf(whole, 12)}`;
}

/**
 * A name as that of a file or folder, different for different names, also where a file system takes `a` for `A` or drops dots at the end:
 * what stands out in a path is written as `%XX`, what is too long or holds capitals ends in its digest.
 */
export function safeFileName(name: string): string {
  const safe = name.replaceAll(/[^A-Za-z0-9._=,[\]-]+/g, escaped).replace(/\.+$/, escaped);
  return shortened(ofOneCase(safe, name), name);
}

/** The same for names that a node is given, which are hashed: only what no file of Linux can be called is written as `%XX`. */
export function legalFileName(name: string): string {
  const legal = name.replaceAll(/[/%~\p{Cc}]+/gu, escaped).replace(/^\.+$/, escaped);
  return shortened(legal, name);
}

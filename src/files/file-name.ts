import { createHash } from 'node:crypto';

/** Bytes of a file's name that leave room for a suffix and for what a temporary name adds; file systems take 255. */
const LONGEST = 180;

/** A mark that no escaped name has, since it is escaped itself. */
const SHORTENED = '~';

/** `%XX` of each byte of a text. */
function escaped(text: string): string {
  return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}

/** A name that is too long as its beginning and its digest: different for different names. */
function shortened(name: string, whole: string): string {
  if (Buffer.byteLength(name) <= LONGEST) return name;
  const digest = createHash('sha256').update(whole).digest('hex').slice(0, 32);
  let beginning = name;
  while (Buffer.byteLength(beginning) > LONGEST - digest.length - 1) beginning = beginning.slice(0, -1);
  return `${beginning.replace(/%[0-9a-f]?$|[\uD800-\uDBFF]$/, '')}${SHORTENED}${digest}`;
}

/** A name as that of a file or folder, different for different names: what stands out in a path is written as `%XX`, what is too long ends in its digest. */
export function safeFileName(name: string): string {
  const safe = name.replaceAll(/[^A-Za-z0-9._=,[\]-]+/g, escaped).replace(/\.+$/, escaped);
  return shortened(safe, name);
}

/** The same for names that a node is given, which are hashed: only what no file of Linux can be called is written as `%XX`. */
export function legalFileName(name: string): string {
  const legal = name.replaceAll(/[/%~\p{Cc}]+/gu, escaped).replace(/^\.+$/, escaped);
  return shortened(legal, name);
}

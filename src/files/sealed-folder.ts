import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { hashFile } from './hash.ts';
import { isObject } from './json.ts';
import { readSealed, sealedJson } from './sealed.ts';

/** The file in a sealed folder that holds the digests of all others. */
const DIGESTS = '.digests.json';

type Digests = readonly (readonly [path: string, digest: string])[];

function isSealed(value: unknown): value is { readonly files: Digests } {
  return isObject(value) && Array.isArray(value['files']);
}

function digestsBelow(folder: string, prefix = ''): Digests {
  const entries = readdirSync(folder, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() || (entry.isFile() && prefix + entry.name !== DIGESTS),
  );
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? digestsBelow(path, `${prefix}${entry.name}/`) : [[prefix + entry.name, hashFile(path)] as const];
    });
}

/** Writes the digests of all files of a folder into it, the last that is written there. It needs no right to sync: what a power cut tears shows. */
export function sealFolder(folder: string): void {
  writeFileSync(join(folder, DIGESTS), sealedJson({ files: digestsBelow(folder) }));
}

/** Whether two folders held the same when they were sealed. */
export function areAlike(folder: string, other: string): boolean {
  const [one, two] = [folder, other].map((path) => readSealed(join(path, DIGESTS), isSealed));
  return one !== undefined && isDeepStrictEqual(one.files, two?.files);
}

/** Whether a sealed folder holds just what it held when it was sealed. */
export function isWholeFolder(folder: string): boolean {
  const sealed = readSealed(join(folder, DIGESTS), isSealed);
  return sealed !== undefined && isDeepStrictEqual(sealed.files, digestsBelow(folder));
}

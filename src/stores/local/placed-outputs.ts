import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { dirname, join } from 'node:path';
import { lookAt } from '../../files/many-files.ts';
import { bytesOfStamps } from '../../files/stamp.ts';
import { foldersOf, stampTree } from './folders.ts';

/** How outputs stand that were put into a folder, and the folders that they are in: of what is added there, or goes, those tell. */
export interface PlacedOutputs {
  readonly folder: string;
  /** That of the folder itself is empty. */
  readonly paths: readonly string[];
  readonly stamps: BigInt64Array;
  /** How what is in outputs stands that are folders. */
  readonly inside: readonly string[];
}

/** Looks at outputs by their paths in a folder; undefined where one is gone. */
export function lookAtOutputs(folder: string, outputs: readonly string[]): PlacedOutputs | undefined {
  const paths = ['', ...foldersOf(outputs), ...outputs];
  const found = look(folder, paths);
  if (found === undefined) return undefined;
  const { stamps, marks } = found;
  const first = paths.length - outputs.length;
  const isFolder = (index: number): boolean => ((marks[2 * index] ?? 0) & constants.S_IFMT) === constants.S_IFDIR;
  const folders = paths.filter((_, index) => index >= first && isFolder(index));
  return { folder, paths, stamps, inside: folders.map((path) => stampTree(join(folder, path))) };
}

function look(folder: string, paths: readonly string[]): { readonly stamps: BigInt64Array; readonly marks: Int32Array } | undefined {
  try {
    const { learned, marks } = lookAt('stat', { folder, paths });
    return { stamps: new BigInt64Array(learned), marks };
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** The same after an output that is a file was swapped. */
export function swappedOutput(placed: PlacedOutputs, output: string): PlacedOutputs | undefined {
  const { folder, paths } = placed;
  const changed = [dirname(output).replace(/^\.$/, ''), output];
  const found = look(folder, changed);
  if (found === undefined) return undefined;
  const stamps = placed.stamps.slice();
  for (const [index, path] of changed.entries()) stamps.set(found.stamps.subarray(4 * index, 4 * index + 4), 4 * paths.indexOf(path));
  return { ...placed, stamps };
}

/** The same in few words: equal as long as nothing of it changes. */
export function stampOf({ paths, stamps, inside }: PlacedOutputs): string {
  return createHash('sha256')
    .update([...paths, ...inside].join('\0'))
    .update(bytesOfStamps(stamps))
    .digest('hex');
}

import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { ifPossible } from '../../files/durable.ts';
import { forgetFolder, namesIn } from '../../files/folder.ts';
import { usesLeases } from '../../files/lock.ts';
import type { Segments } from './segments/segments.ts';

/** Folders of a store that hold folders of many files. */
const DEEP: ReadonlySet<string> = new Set(['blobs', 'results', 'runs', 'index']);

/**
 * Sees a store as it is, whatever this machine keeps of earlier looks: for who would take what another machine has just made for lost, or its
 * content for what nothing reaches. Nothing where no other machine has the store.
 */
export function lookAnew(root: string, segments: Segments): void {
  if (usesLeases(root)) ifPossible(() => lookAtAll(root, segments));
}

function lookAtAll(root: string, segments: Segments): void {
  forgetFolder(root, root);
  for (const name of foldersIn(root)) {
    forgetFolder(join(root, name), root);
    if (DEEP.has(name)) for (const inner of foldersIn(join(root, name))) forgetFolder(join(root, name, inner), root);
  }
  segments.lookAnew();
}

function foldersIn(folder: string): string[] {
  return namesIn(folder).filter((name) => lstatSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory() === true);
}

import { fileURLToPath } from 'node:url';
import type { ManyFiles } from './many-work.ts';

/** What set-up compiles of the C in `native`. */
interface Addon {
  /** Lets so many threads begin with files, whose paths and packs are given as one text each too; undefined where they cannot. */
  readonly begin: (files: ManyFiles, paths: string, packs: string, threads: number) => unknown;
  /** Takes part in what was begun, until every file was dealt with, or is left since something refused. */
  readonly end: (begun: unknown) => void;
}

let loaded: Addon | 'none' | undefined;

/** The addon that deals with many files; undefined where it was not compiled, or cannot be loaded. */
export function addon(): Addon | undefined {
  loaded ??= load() ?? 'none';
  return loaded === 'none' ? undefined : loaded;
}

function load(): Addon | undefined {
  const module: { exports: Partial<Addon> } = { exports: {} };
  try {
    // From wherever this is run: compiled, bundled, or as it was written.
    process.dlopen(module, fileURLToPath(new URL('../../dist/native/files.node', import.meta.url)));
  } catch {
    return undefined;
  }
  const { begin, end } = module.exports;
  return begin === undefined || end === undefined ? undefined : { begin, end };
}

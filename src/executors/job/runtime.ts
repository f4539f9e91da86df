import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { installation } from '../../model/installation.ts';

/** What running a stage takes of the place where it runs. */
export interface Runtime {
  /** The program of Node. */
  readonly node: string;
  readonly nodeMajor: number;
  /** Stillroom's folder there. */
  readonly installation: string;
  /** The folders of the libraries that Node has loaded there. */
  readonly libraries: readonly string[];
}

/** The folders of the libraries that this process has loaded: Node's own need not lie where the system's do. */
function loadedLibraries(): readonly string[] {
  let maps: string;
  try {
    maps = readFileSync('/proc/self/maps', 'latin1');
  } catch {
    return [];
  }
  const files = [...maps.matchAll(/^\S+ \S*x\S* .*?(\/\S.*\.so[\d.]*)$/gm)].map(([, file = '']) => dirname(file));
  return [...new Set(files)];
}

/** This process's own, for what it executes. */
export function runtimeHere(): Runtime {
  here ??= {
    node: process.execPath,
    nodeMajor: Number.parseInt(process.versions.node, 10),
    installation,
    libraries: loadedLibraries(),
  };
  return here;
}

let here: Runtime | undefined;

import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { isObject } from '../../files/json.ts';
import type { ExecutorFacts } from '../../model/executor.ts';
import { shellWord } from '../../text/shell-word.ts';
import { installation } from '../../model/installation.ts';
import type { Problem } from '../../model/problem.ts';
import type { SetupItem } from '../../model/setup-item.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What a machine of a cluster tells of itself: its facts, and what else there is to know. */
export interface Place extends ExecutorFacts {
  readonly items: readonly SetupItem[];
}

/** Whether something read is what a machine tells. */
export function isPlace(value: unknown): value is Place {
  if (!isObject(value) || typeof value['platform'] !== 'string') return false;
  return isObject(value['machine']) && isObject(value['engines']) && Array.isArray(value['items']);
}

/** The folder of the user's cache that keeps what machines of clusters told. They must see it: their engines lie beside it. */
export function placeFolder(environment: Environment, kind: string): string {
  return join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'stillroom', kind);
}

/** What must be the same for what machines told to count still, as far as it is of this installation. */
export function installed(): { readonly installation: string; readonly version: string; readonly node: string } {
  const { version } = JSON.parse(readFileSync(join(installation, 'package.json'), 'utf8')) as { readonly version: string };
  return { installation, version, node: process.version };
}

/** What is there of a path: itself, or the nearest folder above. */
function nearest(path: string): string {
  return existsSync(path) ? path : nearest(dirname(path));
}

/** Of paths that may not be there yet, what is. */
export function present(paths: readonly string[]): readonly string[] {
  return [...new Set(paths.map(nearest))];
}

/** The roots of the file systems that paths lie on: a machine that has one of them sees all that lies there. */
export function fileSystems(paths: readonly string[]): readonly string[] {
  const rootOf = (path: string): string => {
    const above = dirname(path);
    return above !== path && statSync(above).dev === statSync(path).dev ? rootOf(above) : path;
  };
  return [...new Set(present(paths).map(rootOf))].sort();
}

/** Codes that a job ends with on a machine where no node could be executed. */
const CODE = { cache: 71, noNode: 72, otherMachine: 73, otherNode: 74, installation: 75, path: 76 } as const;

/** What a job looks for on its machine. */
export interface Needs {
  /** The folder of the user's cache that it writes to. */
  readonly folder: string;
  /** A file there, by which it is known to be the same folder. */
  readonly mark: string;
  /** Where what it prints goes, below that folder; may hold variables of the shell. */
  readonly said: string;
  /** What it must see. */
  readonly paths: readonly string[];
  /** What it does before anything else. */
  readonly before: readonly string[];
}

/** The first lines of a job's script: it ends where its machine lacks something that nodes need. */
export function checks({ folder, mark, said, paths, before }: Needs): string {
  const node = shellWord(process.execPath);
  const seen = paths.map((one) => `test -e ${shellWord(one)} || { echo ${shellWord(one)}; exit ${CODE.path}; }`);
  return `#!/bin/bash
cd ${shellWord(folder)} && test -e ${shellWord(mark)} || exit ${CODE.cache}
exec > "${said}" 2>&1
${before.join('\n')}
test -e ${node} || exit ${CODE.noNode}
version=$(${node} --version) || { uname -sm; exit ${CODE.otherMachine}; }
test "$version" = ${process.version} || { echo "$version"; exit ${CODE.otherNode}; }
test -r ${shellWord(join(installation, 'package.json'))} || exit ${CODE.installation}
${seen.join('\n')}
`;
}

/** Why nothing can be executed on the machines of an executor, by the code that its job ended with; undefined: by another one. */
export function lackOf(
  code: number | undefined,
  { folder }: Pick<Needs, 'folder'>,
  said: string,
): { readonly message: string; readonly hint: string } | undefined {
  switch (code) {
    case CODE.cache:
      return {
        message: `its machines do not see ${folder}`,
        hint: 'what they tell of themselves goes there, and engines lie beside it: set XDG_CACHE_HOME to a folder that all machines have',
      };
    case CODE.noNode:
      return {
        message: `its machines have no ${process.execPath}, by which this command is executed`,
        hint: 'start it by a Node that all machines see, such as one that nvm puts into your home folder',
      };
    case CODE.otherMachine:
      return {
        message: `its machines cannot execute ${process.execPath}: ${said}`,
        hint: `they are of another kind than this one (${process.platform}-${process.arch}), or their system is older: install Node and Stillroom on one of them, and start runs for them there; a remote shares results`,
      };
    case CODE.otherNode:
      return {
        message: `its machines have Node ${said} at ${process.execPath}, and this one ${process.version}`,
        hint: 'start this by a Node that all machines see, such as one that nvm puts into your home folder',
      };
    case CODE.installation:
      return {
        message: `its machines do not see this installation of Stillroom: ${installation}`,
        hint: 'install it where all machines see it: npm install in the folder of the project',
      };
    case CODE.path:
      return {
        message: `its machines do not see ${said}`,
        hint: 'keep project and store in a folder that all machines have; df shows which are shared',
      };
    default:
      return undefined;
  }
}

/** What is wrong with an executor whose machines nobody waited for. */
export function unasked(name: string): Problem {
  const message = `${name}: it was not waited for to tell what machines it has`;
  return { kind: 'usage', code: 'cluster-refused', message, hint: 'run it again' };
}

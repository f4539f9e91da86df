import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, realpathSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { ifPossible, syncTree } from '../../files/durable.ts';
import { isObject } from '../../files/json.ts';
import { namesIn } from '../../files/folder.ts';
import { lockFile, noteHolder, tryLockFile } from '../../files/lock.ts';
import { removeTree } from '../../files/remove.ts';
import { readSealed, sealedJson } from '../../files/sealed.ts';
import { writeDurably } from '../../files/durable.ts';
import { digestOf, sha256 } from '../../model/canonical.ts';
import { done, failed, type Outcome } from '../../model/problem.ts';
import { readVirtualEnvironment } from '../virtual-environment.ts';
import type { Interpreter } from './interpreters.ts';
import { remedyOf } from './locks.ts';
import { type Provision, runUv, type UvEnd } from './uv.ts';

/** An environment that is to be there: built once for its lock and Python. */
export interface Buildable {
  /** As messages name it. */
  readonly shown: string;
  /** Where it lies, once it is built. */
  readonly folder: string;
  readonly lock: string;
  readonly interpreter: Interpreter;
  /** Where its packages are found, as requirements tell uv; and where uv's settings are looked for. */
  readonly options: readonly string[];
  readonly from: string;
}

/** Where an environment lies that holds what a lock says, of a Python. */
export function builtFolder(lock: string, { path, told, platform }: Interpreter, folder: string): string {
  return join(folder, sha256([path, told, platform, lock].join('\n')).slice(0, 32));
}

/** What is noted of an environment when all of it is there. */
type Marker = { readonly format: 1; readonly held: string };

const isMarker = (value: unknown): value is Marker => isObject(value) && value['format'] === 1 && typeof value['held'] === 'string';

const markerOf = (folder: string): string => join(folder, 'stillroom-built.json');

/** What is installed in an environment, by digest; undefined where it is none. */
function heldIn(folder: string, cache: string): string | undefined {
  const held = readVirtualEnvironment(folder, cache);
  return held.ok ? digestOf(held.value) : undefined;
}

/** Whether an environment is whole: built to its end, of a Python that is still there, and nobody has installed anything else since. */
export function isBuilt({ folder, interpreter }: Pick<Buildable, 'folder' | 'interpreter'>, cache: string): boolean {
  const marker = readSealed(markerOf(folder), isMarker);
  if (marker === undefined || !existsSync(join(folder, 'bin', 'python'))) return false;
  return realpathSync(join(folder, 'bin', 'python')) === interpreter.path && heldIn(folder, cache) === marker.held;
}

/** The lock on building what lies in a folder. */
function lockOf(folder: string): string {
  return join(dirname(folder), 'locks', basename(folder));
}

/** Milliseconds after which an environment that no node has used goes: 60 days. */
const UNUSED = 60 * 86_400_000;

/** Removes environments that have not been used for long, and what was left half built as long ago. */
function removeUnused(folder: string): void {
  for (const name of namesIn(folder)) {
    const place = join(folder, name);
    const used =
      (statSync(markerOf(place), { throwIfNoEntry: false }) ?? statSync(place, { throwIfNoEntry: false }))?.mtimeMs ?? Date.now();
    if (name === 'locks' || Date.now() - used < UNUSED) continue;
    const lock = tryLockFile(lockOf(place));
    if (lock === undefined) continue;
    removeTree(place);
    lock.release();
  }
}

/** How building is waited for and stopped. */
export interface BuildOptions {
  readonly provision: Provision;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** A folder of what can be made again. */
  readonly cache: string;
  readonly signal: AbortSignal;
  /** Told what goes on, once anything must be built: goes on from the name of what waits. */
  readonly onWait: (message: string) => void;
}

/** Builds an environment unless it is there; one process at a time. What a killed one left half built is built anew. */
export async function build(wanted: Buildable, options: BuildOptions): Promise<Outcome<void> | 'stopped'> {
  const { provision, cache, signal, onWait } = options;
  if (isBuilt(wanted, cache)) {
    ifPossible(() => utimesSync(markerOf(wanted.folder), new Date(), new Date()));
    return done(undefined);
  }
  onWait(`waits until its environment is built from ${wanted.shown}`);
  const lock = await lockFile(lockOf(wanted.folder), signal);
  if (lock === undefined) return 'stopped';
  try {
    noteHolder(lock, { pid: process.pid });
    if (isBuilt(wanted, cache)) return done(undefined);
    const uv = await provision.uv.bring(signal);
    if (!uv.ok) return uv;
    removeTree(wanted.folder);
    const end = await install(wanted, uv.value, options);
    if (end === 'stopped') return end;
    if ('why' in end) return failedBuild(wanted, end.why);
    const held = heldIn(wanted.folder, cache);
    if (held === undefined) return failedBuild(wanted, ['what uv built is no virtual environment']);
    await settle(wanted.folder);
    writeDurably(markerOf(wanted.folder), sealedJson({ format: 1, held } satisfies Marker));
    removeUnused(provision.folder);
    return done(undefined);
  } finally {
    lock.release();
  }
}

/** Brings thousands of files to the disk while others work: by one call for their file system where the system has it. */
async function settle(folder: string): Promise<void> {
  const isDone = await new Promise<boolean>((resolve) => execFile('sync', ['-f', folder], (error) => resolve(error === null)));
  if (!isDone) syncTree(folder);
}

async function install(
  { folder, lock, interpreter, options, from }: Buildable,
  uv: string,
  { environment, signal }: BuildOptions,
): Promise<UvEnd> {
  const call = { uv, folder: existsSync(from) ? from : tmpdir(), environment, signal };
  const made = await runUv(['venv', '--no-project', '--python', interpreter.path, folder], call);
  if (made === 'stopped' || 'why' in made) return made;
  const scratch = mkdtempSync(join(tmpdir(), 'stillroom-environment-'));
  try {
    const file = join(scratch, 'requirements.txt');
    writeFileSync(file, [...options, lock].join('\n'), { mode: 0o600 });
    return await runUv(['pip', 'sync', '--allow-empty-requirements', '--python', join(folder, 'bin', 'python'), file], call);
  } finally {
    removeTree(scratch);
  }
}

function failedBuild({ shown }: Buildable, why: readonly string[]): Outcome<never> {
  const told = why.join('\n  | ');
  return failed({
    kind: 'stage',
    code: 'environment-failed',
    message: `its environment could not be built from ${shown}`,
    hint: `${remedyOf(told)}; uv says:\n  | ${told}`,
  });
}

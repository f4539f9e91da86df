import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isObject } from '../../files/json.ts';
import { removeTree } from '../../files/remove.ts';
import { readSealed, writeSealedNote } from '../../files/sealed.ts';
import { sha256 } from '../../model/canonical.ts';
import { done, failed, type Outcome, type Problem } from '../../model/problem.ts';
import { telling } from '../../model/waiting.ts';
import type { Interpreter } from './interpreters.ts';
import { readLock } from './locked.ts';
import type { Asked } from './requirements.ts';
import { type Provision, runUv, type UvCall, type UvEnd } from './uv.ts';

/** What a file was locked to. */
export interface Lock {
  /** In the one form that counts. */
  readonly text: string;
  /** Digest of what was asked for: the lock holds as long as it stays the same. */
  readonly asked: string;
}

/** What locking needs to know of its surroundings. */
export interface LockPlaces {
  readonly provision: Provision | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** A folder of what can be made again. */
  readonly cache: string;
  readonly signal: AbortSignal;
  /** The lock that a run used for what was asked for, where it is no longer noted. */
  readonly recorded: (asked: string) => string | undefined;
  /** What a file of this name was locked to last: packages that may stay as they were do so. */
  readonly last: (shown: string) => string | undefined;
}

type Note = { readonly lock: string };

const isNote = (value: unknown): value is Note => isObject(value) && typeof value['lock'] === 'string';

/** Why there is no lock yet, in words that go on from the name of the file. */
export type Unlocked = { readonly unlocked: string };

/**
 * The lock of what a file asks for. What no file locks is locked once and kept, until it is to be locked anew or asks for something else.
 * Where no locks are made, it is said that there is none.
 */
export async function lockOf(asked: Asked, interpreter: Interpreter, places: LockPlaces): Promise<Outcome<Lock | Unlocked>> {
  if (asked.lock !== undefined) return done({ text: asked.lock, asked: sha256(asked.text) });
  const minor = interpreter.told.replace(/(\d+\.\d+)\.\S+/, '$1');
  const digest = sha256([asked.kind, asked.text, minor, interpreter.platform].join('\n'));
  const noteFile = join(places.cache, 'environments', `lock-${digest.slice(0, 32)}.json`);
  const { provision } = places;
  const isAnew = provision?.refreshes === true && asked.kind !== 'project-lock';
  const known = isAnew ? undefined : (readSealed(noteFile, isNote)?.lock ?? places.recorded(digest));
  const read = known === undefined ? undefined : readLock(known);
  if (read !== undefined && 'text' in read) {
    if (known !== undefined) writeNote(noteFile, read.text);
    return done({ text: read.text, asked: digest });
  }
  const tell = (): void => provision?.tell(`waits until ${asked.shown} is locked: what it asks for is looked up`);
  const uv = await telling(program(asked, places), tell);
  if (!uv.ok) return uv;
  if (uv.value === undefined) return done({ unlocked: isAnew ? 'is locked anew by a run' : 'is not locked yet: a run does it' });
  const call = { uv: uv.value, folder: dirname(asked.file), environment: places.environment, signal: places.signal };
  const lock = lockMade(asked, await telling(made(asked, interpreter, call, isAnew ? undefined : places.last(asked.shown)), tell));
  if (!lock.ok) return lock;
  writeNote(noteFile, lock.value);
  return done({ text: lock.value, asked: digest });
}

function writeNote(file: string, lock: string): void {
  if (readSealed(file, isNote)?.lock !== lock) writeSealedNote(file, { lock }, 'lines');
}

/** uv, where it may be used: a plan takes it if it is here, and only for what needs no network. */
async function program(asked: Asked, { provision, signal }: LockPlaces): Promise<Outcome<string | undefined>> {
  if (provision === undefined) return done(undefined);
  if (provision.makesLocks) return provision.uv.bring(signal);
  return done(asked.kind === 'project-lock' ? await provision.uv.here() : undefined);
}

/** Has uv make the lock of what a file asks for; `last`: that of before, of which packages stay as they were where they may. */
async function made(asked: Asked, { path }: Interpreter, call: UvCall, last: string | undefined): Promise<UvEnd> {
  const form = ['--no-header', '--no-annotate', '--no-emit-index-url', '--no-emit-find-links', '--python', path];
  for (const extra of asked.more?.extras ?? []) form.push('--extra', extra);
  for (const group of asked.more?.groups ?? []) form.push('--group', group);
  if (asked.kind === 'project-lock')
    return runUv(
      ['export', '--locked', '--offline', '--no-emit-project', '--no-default-groups', '--format', 'requirements.txt', ...form],
      call,
    );
  const scratch = mkdtempSync(join(tmpdir(), 'stillroom-lock-'));
  try {
    const file = join(scratch, 'lock.txt');
    if (last !== undefined) writeFileSync(file, last);
    const end = await runUv(['pip', 'compile', '--generate-hashes', ...form, '--output-file', file, asked.file], call);
    return end === 'stopped' || 'why' in end ? end : { output: readFileSync(file, 'utf8') };
  } finally {
    removeTree(scratch);
  }
}

/** The lock that uv printed; else what is wrong. */
function lockMade({ shown, kind }: Asked, end: UvEnd): Outcome<string> {
  if (end === 'stopped')
    return failed({ kind: 'usage', code: 'environment-failed', message: `locking ${shown} was stopped`, hint: 'run it again' });
  if ('why' in end) return failed(unlockable(shown, kind, end.why));
  const lock = readLock(end.output.replaceAll(/^--(?:index-url|extra-index-url|find-links|no-index).*$/gm, ''));
  if ('text' in lock) return done(lock.text);
  const hint =
    'what is installed must be known by its hashes: build a wheel of it and name its folder (--find-links wheels), or give its code to the node as an input';
  return failed({ kind: 'pipeline', code: 'bad-environment', message: `${shown} cannot be locked: ${lock.flaw}`, hint });
}

function unlockable(shown: string, kind: Asked['kind'], why: readonly string[]): Problem {
  const told = why.join('\n  | ');
  // Where the lock fits, nothing is to be looked up.
  const isStale = kind === 'project-lock' && /needs to be updated|network was disabled|No solution found/.test(told);
  return {
    kind: 'pipeline',
    code: 'environment-failed',
    message: isStale ? `${shown} does not fit its pyproject.toml any more` : `${shown} could not be locked`,
    hint: isStale ? 'lock it: uv lock' : `${remedyOf(told)}; uv says:\n  | ${told}`,
  };
}

/** What may mend a failure of uv, by its words. */
export function remedyOf(told: string): string {
  if (/Failed to fetch|error sending request|dns error|network was disabled|timed out/i.test(told))
    return 'without the network only what is in the cache of uv can be used: check the network, proxy and index (UV_DEFAULT_INDEX, UV_FIND_LINKS)';
  if (/No solution found/.test(told)) return 'change what is asked for so that it goes together, or name another Python (version: "3.12")';
  if (/[Hh]ash mismatch/.test(told)) return 'what the index gives is not what was locked: lock it anew with --refresh-environment';
  if (/Failed to build|build backend/.test(told)) return 'a package must be built from its sources here: what that needs is told below';
  return 'correct what uv names';
}

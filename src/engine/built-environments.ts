import { dirname, join, resolve } from 'node:path';
import { build, builtFolder, isBuilt } from '../code/python/built.ts';
import { findInterpreter, type Interpreter, type WantedPython } from '../code/python/interpreters.ts';
import { lockOf } from '../code/python/locks.ts';
import { packagesOf, readLock } from '../code/python/locked.ts';
import { type Asked, readAsked } from '../code/python/requirements.ts';
import { readText } from '../files/sealed.ts';
import type { BuiltEnvironment } from '../model/pipeline.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import type { EnvironmentIngredient } from '../model/result.ts';
import type { RunRecord } from '../model/run.ts';
import type { Store } from '../model/store.ts';
import type { Asker } from '../model/waiting.ts';
import { sha256 } from '../model/canonical.ts';
import type { FoundEnvironment } from './environments.ts';
import type { Plan } from './plan.ts';
import type { Surroundings } from './fingerprint.ts';

/** The most records that are read for a lock that is no longer noted, newest first. */
const RECORDS = 1000;

/** What an environment holds that is built from a file: what the file is locked to, of the Python that is found. */
export async function builtEnvironment(environment: BuiltEnvironment, surroundings: Surroundings): Promise<Outcome<FoundEnvironment>> {
  return environment.lock === undefined ? fromFile(environment, surroundings) : fromRecord(environment, environment.lock, surroundings);
}

function interpreterFor(wanted: WantedPython, { environment, root, store }: Surroundings): Outcome<Interpreter> {
  return findInterpreter(wanted, { environment, root, cache: store.cache });
}

async function fromFile(
  { python, version, extras, groups }: BuiltEnvironment,
  surroundings: Surroundings,
): Promise<Outcome<FoundEnvironment>> {
  const { root, store, environment, provision, stop = new AbortController().signal } = surroundings;
  const asked = readAsked(python, root, { extras, groups });
  if (!asked.ok) return asked;
  const { requires, file } = asked.value;
  const interpreter = interpreterFor({ version: version ?? versionBeside(file), requires }, surroundings);
  if (!interpreter.ok) return interpreter;
  const places = {
    ...{ provision, environment, cache: store.cache, signal: stop },
    recorded: (digest: string) => recordedLock(store, (one) => one.asked === digest),
    last: (shown: string) => recordedLock(store, (one) => one.python === shown),
  };
  const lock = await lockOf(asked.value, interpreter.value, places);
  if (!lock.ok) return lock;
  if ('unlocked' in lock.value)
    return done({
      ingredient: ingredientOf('', interpreter.value),
      // Nothing lies there: where it will lie depends on the lock.
      folder: join(provision?.folder ?? root, 'unlocked'),
      files: asked.value.files,
      pending: `${python} ${lock.value.unlocked}`,
    });
  return done(
    foundOf(python, { lock: lock.value.text, asked: lock.value.asked, interpreter: interpreter.value }, surroundings, asked.value),
  );
}

/** The version of Python that a `.python-version` names beside the file that asks for packages, as uv and pyenv read it. */
function versionBeside(file: string): string | undefined {
  const [first = ''] = (readText(join(dirname(file), '.python-version')) ?? '').split('\n');
  return /^(?:cpython[@-])?(3\.\d+(?:\.\d+)?)\s*$/.exec(first)?.[1];
}

/** The environment of a record: what it held is built again, wherever the file of then is. */
async function fromRecord(environment: BuiltEnvironment, digest: string, surroundings: Surroundings): Promise<Outcome<FoundEnvironment>> {
  const { python, version, asked = '' } = environment;
  const { root, store } = surroundings;
  const bytes = store.artifacts.read(digest);
  const lock = bytes === undefined ? undefined : readLock(Buffer.from(bytes).toString('utf8'));
  if (lock === undefined || 'flaw' in lock)
    return failed({
      kind: 'store',
      code: 'missing-content',
      message: `what ${python} was locked to (${digest.slice(0, 12)}) is ${lock === undefined ? 'not in the store' : `no lock: ${lock.flaw}`}`,
      hint: 'run its pipeline again',
    });
  // The very one that is recorded; else one of the same minor version, for which the lock was made.
  const exact = interpreterFor({ version }, surroundings);
  const interpreter = exact.ok ? exact : interpreterFor({ version: minorOf(version) }, surroundings);
  if (!interpreter.ok) return interpreter;
  // The file only says where packages are found: what they are is known by their hashes.
  const now = readAsked(python, root);
  return done(foundOf(python, { lock: lock.text, asked, interpreter: interpreter.value }, surroundings, now.ok ? now.value : undefined));
}

function minorOf(version: string | undefined): string | undefined {
  return version?.split('.').slice(0, 2).join('.');
}

function ingredientOf(lock: string, { told, platform }: Interpreter): EnvironmentIngredient {
  return { python: told, platform, packages: packagesOf(lock) };
}

function foundOf(
  shown: string,
  { lock, asked, interpreter }: { readonly lock: string; readonly asked: string; readonly interpreter: Interpreter },
  { root, provision }: Surroundings,
  file: Asked | undefined,
): FoundEnvironment {
  const folder = builtFolder(lock, interpreter, provision?.folder ?? root);
  const from = file === undefined ? root : dirname(resolve(root, file.file));
  return {
    ingredient: ingredientOf(lock, interpreter),
    folder,
    files: file?.files ?? [],
    built: { shown, folder, lock, interpreter, options: file?.options ?? [], from, asked },
  };
}

/** The lock of an environment in the newest run that has such a one. */
function recordedLock({ runs, artifacts }: Store, isWanted: (environment: BuiltEnvironment) => boolean): string | undefined {
  let left = RECORDS;
  for (const record of runs.all()) {
    if (left-- === 0) return undefined;
    const digest = lockIn(record, isWanted);
    const bytes = digest === undefined ? undefined : artifacts.read(digest);
    if (bytes !== undefined) return Buffer.from(bytes).toString('utf8');
  }
  return undefined;
}

function lockIn({ nodes }: RunRecord, isWanted: (environment: BuiltEnvironment) => boolean): string | undefined {
  for (const { recipe } of Object.values(nodes)) {
    const environment = recipe?.work.kind === 'command' ? recipe.work.environment : undefined;
    if (environment !== undefined && !('venv' in environment) && isWanted(environment)) return environment.lock;
  }
  return undefined;
}

/** Keeps what environments were locked to, as a run's record names it. */
export function keepLocks(found: Iterable<FoundEnvironment | undefined>, { artifacts }: Store): void {
  const kept = new Set<string>();
  for (const one of found) {
    const lock = one?.built?.lock;
    if (lock === undefined || kept.has(lock)) continue;
    kept.add(lock);
    if (artifacts.read(sha256(lock)) === undefined) artifacts.add(Buffer.from(lock));
  }
}

/** An environment that nodes which may run would have built. */
export interface Unbuilt {
  /** The file that it is built from, as the pipeline names it. */
  readonly from: string;
  readonly nodes: readonly string[];
  readonly python: string;
  /** How many packages it holds; undefined where it is not locked yet. */
  readonly packages?: number;
}

/** What a run of a plan would build, each once. */
export function unbuilt({ nodes, request: { surroundings } }: Plan): readonly Unbuilt[] {
  const found = new Map<string, Unbuilt>();
  for (const [name, { action, prepared }] of nodes) {
    const { instance, environment } = prepared;
    if (action === 'reuse' || environment === undefined || instance.work.kind !== 'command') continue;
    const { built, pending, ingredient } = environment;
    const asked = instance.work.environment;
    if (asked === undefined || 'venv' in asked) continue;
    const key = `${asked.python} ${ingredient.python} ${built?.lock ?? ''}`;
    const known = found.get(key);
    if (known === undefined && (built === undefined ? pending === undefined : isBuilt(built, surroundings.store.cache))) continue;
    const packages = built === undefined ? {} : { packages: Object.keys(ingredient.packages).length };
    found.set(key, { from: asked.python, nodes: [...(known?.nodes ?? []), name], python: ingredient.python, ...packages });
  }
  return [...found.values()];
}

/** Builds a node's environment unless it is there. */
export async function readyEnvironment(
  found: FoundEnvironment,
  asker: Asker,
  surroundings: Surroundings,
): Promise<Outcome<void> | 'stopped'> {
  const { provision, environment, store } = surroundings;
  if (found.built === undefined) return done(undefined);
  if (provision === undefined) throw new Error('an environment is to be built, and nothing builds any');
  const onWait = (message: string): void => asker.onWait({ reason: 'environment', message, for: [] });
  return build(found.built, { provision, environment, cache: store.cache, signal: asker.signal, onWait });
}

import { delimiter, join, resolve } from 'node:path';
import type { Buildable } from '../code/python/built.ts';
import { readVirtualEnvironment } from '../code/virtual-environment.ts';
import type { CommandEnvironment } from '../model/pipeline.ts';
import { done, type Outcome } from '../model/problem.ts';
import type { EnvironmentIngredient } from '../model/result.ts';
import type { Surroundings } from './fingerprint.ts';
import type { ToolPlaces } from './tools.ts';

/** What a command's environment holds now, and where its programs are. */
export interface FoundEnvironment {
  readonly ingredient: EnvironmentIngredient;
  /** The folder of the virtual environment: of one that is built, where it lies once that is done. */
  readonly folder: string;
  /** Of one that is built where it is not there: what is built, and the digest of what was asked for. */
  readonly built?: Buildable & { readonly asked: string };
  /** The files that say what it holds, absolute. */
  readonly files?: readonly string[];
  /** Why it is not known yet what it holds, in words that go on from nothing: a plan cannot look for results. */
  readonly pending?: string;
}

/** Finds out what a command's environment holds. */
export async function environmentNow(environment: CommandEnvironment, surroundings: Surroundings): Promise<Outcome<FoundEnvironment>> {
  const { root, store } = surroundings;
  if (!('venv' in environment)) {
    const { builtEnvironment } = await import('./built-environments.ts');
    return builtEnvironment(environment, surroundings);
  }
  const folder = resolve(root, environment.venv);
  const held = readVirtualEnvironment(folder, store.cache);
  return held.ok ? done({ ingredient: held.value, folder }) : held;
}

/** What environments were found to hold, by what is asked for. */
export type KnownEnvironments = Map<string, Promise<Outcome<FoundEnvironment>>>;

/** The same, found out once for all who share what is known. */
export function environmentOnce(
  environment: CommandEnvironment,
  surroundings: Surroundings,
  known: KnownEnvironments,
): Promise<Outcome<FoundEnvironment>> {
  const asked = JSON.stringify(environment);
  const found = known.get(asked) ?? environmentNow(environment, surroundings);
  known.set(asked, found);
  return found;
}

/** The variables that make programs find an environment first. */
export function environmentVariables(
  found: FoundEnvironment | undefined,
  { environment: variables }: Pick<Surroundings, 'environment'>,
): Record<string, string> {
  const path = variables['PATH'] ?? '';
  if (found === undefined) return { PATH: path };
  return { PATH: `${join(found.folder, 'bin')}${path === '' ? '' : delimiter}${path}`, VIRTUAL_ENV: found.folder };
}

/** Where a command's tools are looked for. What is built holds nothing before it is: its programs count by its packages, and are no tools. */
export function toolPlaces(surroundings: Pick<Surroundings, 'environment' | 'root'>, found?: FoundEnvironment): ToolPlaces {
  const { environment, root } = surroundings;
  if (found?.built !== undefined || found?.pending !== undefined) return { path: environment['PATH'] ?? '', root, covered: PYTHONS };
  return { path: environmentVariables(found, surroundings)['PATH'] ?? '', root };
}

/** The programs that an environment which is built has for certain. */
const PYTHONS = /^python(?:3(?:\.\d+)?)?$/;

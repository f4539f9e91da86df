import { delimiter, join, resolve } from 'node:path';
import { readVirtualEnvironment } from '../code/virtual-environment.ts';
import type { CommandEnvironment } from '../model/pipeline.ts';
import type { Outcome } from '../model/problem.ts';
import type { EnvironmentIngredient } from '../model/result.ts';
import type { Surroundings } from './fingerprint.ts';
import type { ToolPlaces } from './tools.ts';

/** What a command's environment holds now. */
export function environmentNow(
  { venv }: CommandEnvironment,
  { root, store }: Pick<Surroundings, 'root' | 'store'>,
): Outcome<EnvironmentIngredient> {
  return readVirtualEnvironment(resolve(root, venv), store.cache);
}

/** The variables that make programs find an environment first. */
export function environmentVariables(
  environment: CommandEnvironment | undefined,
  { environment: variables, root }: Pick<Surroundings, 'environment' | 'root'>,
): Record<string, string> {
  const path = variables['PATH'] ?? '';
  if (environment === undefined) return { PATH: path };
  const venv = resolve(root, environment.venv);
  return { PATH: `${join(venv, 'bin')}${path === '' ? '' : delimiter}${path}`, VIRTUAL_ENV: venv };
}

/** Where a command's tools are looked for. */
export function toolPlaces(surroundings: Pick<Surroundings, 'environment' | 'root'>, environment?: CommandEnvironment): ToolPlaces {
  return { path: environmentVariables(environment, surroundings)['PATH'] ?? '', root: surroundings.root };
}

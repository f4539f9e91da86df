import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from '../model/engine.ts';
import type { ExecutorFacts } from '../model/executor.ts';
import { installation } from '../model/installation.ts';

/** Loads all engines: each is a folder beside this file that holds `engine.ts`. */
export async function loadEngines(): Promise<readonly Engine[]> {
  const folder = join(installation, 'dist', 'engines');
  const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'engine.js')));
  return Promise.all(names.map(async (name) => ((await import(`./${name}/engine.ts`)) as { engine: Engine }).engine));
}

/** The engines that are set up on this machine, by name, with their facts. */
export function installedEngines(engines: readonly Engine[]): ExecutorFacts['engines'] {
  return Object.fromEntries(
    engines.flatMap((engine) => {
      const facts = engine.facts();
      return facts === undefined ? [] : [[engine.name, facts]];
    }),
  );
}

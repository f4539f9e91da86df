import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenExecutor } from '../model/executor.ts';
import { installation } from '../model/installation.ts';
import type { JsonObject } from '../model/json.ts';

/** All kinds of executors: each is a folder beside this file that holds `executor.ts` (what opens it) and `settings.ts` (what may be declared). */
export function executorKinds(): string[] {
  const folder = join(installation, 'dist', 'executors');
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, 'executor.js')));
}

/** The settings that a kind takes: a schema by name. */
export async function settingsOf(kind: string): Promise<JsonObject> {
  return ((await import(`./${kind}/settings.ts`)) as { settings: JsonObject }).settings;
}

/** Loads a kind. */
export async function loadKind(kind: string): Promise<OpenExecutor> {
  return ((await import(`./${kind}/executor.ts`)) as { open: OpenExecutor }).open;
}

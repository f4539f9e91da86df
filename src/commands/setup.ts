import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { installation } from '../model/installation.ts';
import type { JsonObject } from '../model/json.ts';

/** One thing that set-up takes care of. */
export interface SetupItem {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly hint?: string;
}

interface SetupFacts {
  readEngineFacts(): { readonly libtensorflow: string; readonly device: 'cpu' | 'gpu' } | undefined;
  describeSetup(): readonly SetupItem[];
}

/** The set-up scripts are plain JavaScript that runs before anything is compiled, so they are loaded from `src`. */
async function load(): Promise<SetupFacts> {
  return (await import(pathToFileURL(join(installation, 'src/setup/facts.mjs')).href)) as SetupFacts;
}

/** What stages that reach TensorFlow depend on; undefined where the engine is not set up. */
export async function readTensorFlow(): Promise<JsonObject | undefined> {
  const facts = (await load()).readEngineFacts();
  return facts === undefined ? undefined : { version: facts.libtensorflow, device: facts.device, precision: 'float32', onednn: true };
}

export async function describeSetup(): Promise<readonly SetupItem[]> {
  return (await load()).describeSetup();
}

/** Installs what is missing in a process of its own, which prints what it does; returns its exit code. */
export async function install(): Promise<number> {
  const { exitCode } = await execa(process.execPath, [join(installation, 'src/setup/setup.mjs')], { stdio: 'inherit', reject: false });
  return exitCode ?? 1;
}

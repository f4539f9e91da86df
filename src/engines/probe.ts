import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installation } from '../model/installation.ts';
import type { JsonObject } from '../model/json.ts';
import type { SetupItem } from '../model/setup-item.ts';
import { loadEngines } from './engines.ts';

// Tells which engines are set up on the machine that it runs on, and whether it can load them: a program, whose last line is JSON with
// `engines` (the facts of those that work) and `items` (what there is to tell of each, and of the machine).

/** Milliseconds after which something that does not load is given up. */
const PATIENCE = 120_000;

/** Why a program does not come to its end; undefined: it does. */
function failureOf(program: string): string | undefined {
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' };
  const { status, signal, stderr, error } = spawnSync(process.execPath, ['-e', program], {
    ...{ cwd: installation, env, encoding: 'utf8', timeout: PATIENCE },
  });
  if (status === 0) return undefined;
  if (signal === 'SIGILL') return 'its processor does not know all the instructions that it was built for (SIGILL)';
  if (signal !== null) return `it was ended by ${signal}`;
  return error?.message ?? /^\w*Error: .*$/m.exec(stderr)?.[0] ?? `exit code ${String(status)}`;
}

const engines: Record<string, JsonObject> = {};
const items: SetupItem[] = [];
for (const { name, trial, facts } of await loadEngines()) {
  const found = facts();
  const failure = found === undefined ? undefined : failureOf(trial);
  if (found === undefined) items.push({ name, ok: true, optional: true, detail: 'not set up there' });
  else if (failure === undefined) {
    engines[name] = found;
    items.push({ name, ok: true, detail: `${found.version}, on the ${found.device === 'gpu' ? 'graphics processor' : 'processor'}` });
  } else items.push({ name, ok: false, detail: `${found.version} does not load there: ${failure}` });
}

const runtime = failureOf("require('onnxruntime-node')");
const isMissing = runtime?.includes("Cannot find module 'onnxruntime-node'") === true;
const detail = runtime === undefined ? 'loads' : isMissing ? 'not installed there' : `does not load there: ${runtime}`;
items.push({ name: 'onnxruntime', ok: runtime === undefined || isMissing, detail, ...(isMissing ? { optional: true } : {}) });

const { header } = process.report.getReport() as { readonly header: { readonly glibcVersionRuntime?: string } };
const { version } = JSON.parse(readFileSync(join(installation, 'package.json'), 'utf8')) as { readonly version: string };
const system = header.glibcVersionRuntime === undefined ? 'no glibc' : `glibc ${header.glibcVersionRuntime}`;
items.unshift({ name: 'system', ok: true, detail: `Stillroom ${version}, Node ${process.version}, ${system}` });
process.stdout.write(`${JSON.stringify({ engines, items })}\n`);

import { existsSync, readFileSync } from 'node:fs';
import { extname, join, posix } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { isObject } from '../files/json.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { done, type Outcome } from '../model/problem.ts';
import { type DvcDocument, readDocument } from './document.ts';

/** Where DVC's files lie. */
export interface Where {
  /** The folder of `dvc.yaml`, absolute. */
  readonly folder: string;
  /** The same as messages name it. */
  readonly shown: string;
}

/** A file as messages name it. */
export function shownFile({ shown }: Where, file: string): string {
  return posix.join(shown, file);
}

/** Mappings joined by their keys; of all else the later one counts. */
export function merged(before: JsonObject, after: JsonObject): JsonObject {
  const all: Record<string, Json> = { ...before };
  for (const [key, value] of Object.entries(after)) {
    const old = all[key];
    all[key] = isObject(old) && isObject(value) ? merged(old as JsonObject, value as JsonObject) : value;
  }
  return all;
}

/** The values of a file of params; undefined where there is none, or it cannot be read. */
export function readValues(where: Where, file: string): { readonly values: JsonObject; readonly document?: DvcDocument } | undefined {
  const path = join(where.folder, file);
  if (!existsSync(path)) return undefined;
  if (extname(file) === '.toml') {
    const values = tomlOf(readFileSync(path, 'utf8'));
    return values === undefined ? undefined : { values };
  }
  const read = extname(file) === '.py' ? undefined : readDocument(path, shownFile(where, file));
  return read?.ok === true ? { values: read.value.value, document: read.value } : undefined;
}

function tomlOf(text: string): JsonObject | undefined {
  try {
    return JSON.parse(JSON.stringify(parseToml(text))) as JsonObject;
  } catch {
    return undefined;
  }
}

/** What `vars:` names: files, with `:` and keys or whole, and values. */
export function readVars(
  vars: readonly Json[],
  where: Where,
  folder = '.',
): Outcome<{
  readonly files: readonly string[];
  readonly missing: readonly string[];
  readonly values: JsonObject;
  readonly all: JsonObject;
}> {
  const files: string[] = [];
  const missing: string[] = [];
  let [values, all]: [JsonObject, JsonObject] = [{}, {}];
  for (const one of vars) {
    if (isObject(one)) {
      values = merged(values, one as JsonObject);
      all = merged(all, one as JsonObject);
      continue;
    }
    const [name = '', keys] = String(one).split(':', 2);
    const file = posix.join(folder, name);
    const read = readValues(where, file);
    if (read === undefined) missing.push(file);
    else {
      files.push(file);
      const wanted = keys?.split(',').map((key) => key.trim());
      const chosen = Object.entries(read.values).filter(([key]) => wanted === undefined || wanted.includes(key));
      all = merged(all, Object.fromEntries(chosen));
    }
  }
  return done({ files, missing, values, all });
}

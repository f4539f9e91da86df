import { dirname, resolve } from 'node:path';
import { isObject } from '../../files/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';

/** The key of `params:` that names files. */
export const FROM = 'from';

/** The files that a pipeline file takes params from, as it writes them. */
export function writtenFiles(value: Json): readonly Json[] {
  const from = isObject(value) && isObject(value['params']) ? (value['params'] as JsonObject)[FROM] : undefined;
  return from === undefined ? [] : Array.isArray(from) ? (from as Json[]) : [from];
}

/** The files that a pipeline file takes params from, absolute. */
export function paramsFilesOf(value: Json, file: string): string[] {
  return writtenFiles(value).flatMap((name) => (typeof name === 'string' ? [resolve(dirname(file), name)] : []));
}

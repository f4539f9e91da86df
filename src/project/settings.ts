import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { isObject } from '../files/json.ts';
import { nearbyPath } from '../load/pipeline/nearby.ts';
import { readValues } from '../load/pipeline/params-files.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import { pointerStep } from '../text/json-pointer.ts';

/** What stands before the name of a file of settings. */
const FILE = '@';

/** The files that settings name, absolute. */
export function settingFiles(set: readonly string[], folder: string): string[] {
  return set.flatMap((one) => (one.startsWith(FILE) ? [resolve(folder, one.slice(FILE.length))] : []));
}

/**
 * Settings of the form `name=value` alone: in place of `@variant.yaml` stand the values of that file (YAML, JSON or TOML), each by its name
 * with dots. So a record says what was set, whatever becomes of the file.
 */
export async function plainSettings(set: readonly string[], folder: string): Promise<Outcome<readonly string[]>> {
  const all: string[] = [];
  for (const one of set) {
    const read = one.startsWith(FILE) ? await settingsIn(one.slice(FILE.length), folder) : done([one]);
    if (!read.ok) return read;
    all.push(...read.value);
  }
  return done(all);
}

async function settingsIn(file: string, folder: string): Promise<Outcome<readonly string[]>> {
  const wrong = (code: 'no-such-file' | 'wrong-type', message: string, hint: string): Outcome<never> =>
    failed({ kind: 'usage', code, message: `--set @${file}: ${message}`, hint });
  const path = resolve(folder, file);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile() !== true)
    return wrong(
      'no-such-file',
      stats === undefined ? 'there is no such file' : 'it is no file',
      nearbyPath(path, folder) ?? 'name a file of values: size: 96, student: { lr: 0.1 }',
    );
  const { value, written, problems } = await readValues(path, file);
  if (problems.length > 0) return failed(...problems);
  if (value === null) return done([]);
  if (!isObject(value)) return wrong('wrong-type', 'it holds no mapping', 'write a value for each name: size: 96');
  return done([...settingsOf(value as JsonObject, [], written)]);
}

/** Each value that is no mapping, by its name with dots; numbers as they are written. */
function* settingsOf(value: JsonObject, way: readonly string[], written: ReadonlyMap<string, string>): Generator<string> {
  for (const [name, one] of Object.entries(value)) {
    const steps = [...way, name];
    if (isMapping(one)) yield* settingsOf(one, steps, written);
    else yield `${steps.join('.')}=${written.get(steps.map(pointerStep).join('')) ?? JSON.stringify(one)}`;
  }
}

function isMapping(value: Json): value is JsonObject {
  return isObject(value) && Object.keys(value).length > 0;
}

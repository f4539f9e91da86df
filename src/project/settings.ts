import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { isObject } from '../files/json.ts';
import { nearbyPath } from '../load/pipeline/nearby.ts';
import { readValues } from '../load/pipeline/params-files.ts';
import type { YamlText } from '../load/yaml/document.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { done, failed, type Outcome, type Place, type Problem } from '../model/problem.ts';
import { pointerStep } from '../text/json-pointer.ts';

/** What stands before the name of a file of settings. */
const FILE = '@';

/** The files that settings name, absolute. */
export function settingFiles(set: readonly string[], folder: string): string[] {
  return set.flatMap((one) => (one.startsWith(FILE) ? [resolve(folder, one.slice(FILE.length))] : []));
}

/** Settings of the form `name=value` alone, and where those stand that come from files. */
interface PlainSettings {
  readonly set: readonly string[];
  /** Looked for once something is wrong. */
  readonly places: ReadonlyMap<string, () => Place | undefined>;
}

/**
 * Settings of the form `name=value` alone: in place of `@variant.yaml` stand the values of that file (YAML, JSON or TOML), each by its name
 * with dots. So a record says what was set, whatever becomes of the file.
 */
export async function plainSettings(set: readonly string[], folder: string): Promise<Outcome<PlainSettings>> {
  const all: string[] = [];
  const places = new Map<string, () => Place | undefined>();
  for (const one of set) {
    const read = one.startsWith(FILE) ? await settingsIn(one.slice(FILE.length), folder) : done([{ option: one, place: undefined }]);
    if (!read.ok) return read;
    for (const { option, place } of read.value) {
      all.push(option);
      if (place !== undefined) places.set(option, place);
    }
  }
  return done({ set: all, places });
}

/** An outcome in which what is wrong about a setting from a file is told where it stands there. */
export function toldInFiles<Value>(outcome: Outcome<Value>, places: PlainSettings['places']): Outcome<Value> {
  if (outcome.ok || places.size === 0) return outcome;
  const told = outcome.problems.map((problem): Problem => {
    const at = [...places].find(([option]) => problem.message.startsWith(`--set ${option}:`))?.[1]();
    return problem.place !== undefined || at === undefined ? problem : { ...problem, place: at };
  });
  return failed(...told);
}

/** A setting, and where it stands if it stands in a file. */
interface Setting {
  readonly option: string;
  readonly place: (() => Place | undefined) | undefined;
}

async function settingsIn(file: string, folder: string): Promise<Outcome<readonly Setting[]>> {
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
  const read = await readValues(path, file);
  const { value } = read;
  if (read.problems.length > 0) return failed(...read.problems);
  if (value === null) return done([]);
  if (!isObject(value)) return wrong('wrong-type', 'it holds no mapping', 'write a value for each name: size: 96');
  return done([...settingsOf(value as JsonObject, [], read)]);
}

/** Each value that is no mapping, by its name with dots; numbers as they are written. */
function* settingsOf(value: JsonObject, way: readonly string[], text: YamlText): Generator<Setting> {
  for (const [name, one] of Object.entries(value)) {
    const steps = [...way, name];
    const pointer = steps.map(pointerStep).join('');
    if (isMapping(one)) yield* settingsOf(one, steps, text);
    else
      yield { option: `${steps.join('.')}=${text.written.get(pointer) ?? JSON.stringify(one)}`, place: () => text.place(pointer, 'key') };
  }
}

function isMapping(value: Json): value is JsonObject {
  return isObject(value) && Object.keys(value).length > 0;
}

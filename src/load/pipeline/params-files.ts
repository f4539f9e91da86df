import { statSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { hashFile } from '../../files/hash.ts';
import { isObject } from '../../files/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { ParamsFile } from '../../model/pipeline.ts';
import { MOST_PROBLEMS, type Place, type Problem } from '../../model/problem.ts';
import { pointerStep } from '../../text/json-pointer.ts';
import type { YamlText } from '../yaml/document.ts';
import { readText, readYamlFile } from '../yaml/file.ts';
import { nearbyPath } from './nearby.ts';
import { FROM, writtenFiles } from './params-paths.ts';

/** Files of one pipeline. */
const MOST_FILES = 20;

/** A pipeline file with the params that it takes from files. */
export interface WithParamsFiles {
  /** As if all params stood in it; places are those of the files that they stand in. */
  readonly text: YamlText;
  /** Names that come from files alone. */
  readonly taken: ReadonlySet<string>;
  readonly files: readonly ParamsFile[];
  readonly problems: readonly Problem[];
}

/** Where a pipeline file lies, and how messages name it. */
interface Where {
  readonly file: string;
  readonly shownFile: string;
}

/** A text with a dollar refers to nothing in a file of params: it is what it is. */
function literal(value: Json): Json {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$');
  if (Array.isArray(value)) return value.map((one: Json) => literal(one));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value as JsonObject).map(([key, one]) => [key, literal(one)]));
}

/** Mappings are joined by their keys; of all else the later one counts. */
function joined(before: Json | undefined, after: Json): Json {
  if (!isObject(before) || !isObject(after)) return after;
  const all: Record<string, Json> = { ...(before as JsonObject) };
  for (const [key, value] of Object.entries(after as JsonObject)) all[key] = joined(all[key], value);
  return all;
}

/** The pointers of what is no mapping in a value, and of empty mappings. */
function* leaves(value: Json, pointer: string): Generator<string> {
  const members = isObject(value) ? Object.entries(value as JsonObject) : [];
  if (members.length === 0) yield pointer;
  for (const [key, one] of members) yield* leaves(one, pointer + pointerStep(key));
}

/**
 * Takes the params of a pipeline file from the files that its `params: { from: … }` names: YAML, JSON or TOML, each a mapping. Mappings are
 * joined by their keys; of what is given more than once the later file counts, and before all files what the pipeline file gives itself.
 */
export async function withParamsFiles(text: YamlText, where: Where): Promise<WithParamsFiles> {
  const names = writtenFiles(text.value);
  if (names.length === 0) return { text, taken: new Set(), files: [], problems: [] };
  const problems: Problem[] = [];
  const read: { readonly text: YamlText; readonly file: ParamsFile }[] = [];
  const { [FROM]: from, ...own } = (text.value as { readonly params: JsonObject }).params;
  for (const [index, name] of names.slice(0, MOST_FILES).entries()) {
    const pointer = `/params/${FROM}${Array.isArray(from) ? `/${index}` : ''}`;
    const found = await readParams(name, { text, pointer, where });
    if ('problems' in found) problems.push(...found.problems);
    else read.push(found);
  }
  const files = read.map(({ text: { value } }) => literal(value) as JsonObject);
  const value = { ...(text.value as JsonObject), params: joined(files.reduce<Json>(joined, {}), own) };
  const texts = read.map((one) => one.text);
  const others = (pointer: string): string | undefined => (pointer.startsWith('/params/') ? pointer.slice('/params'.length) : undefined);
  const place: YamlText['place'] = (pointer, ...more): Place | undefined => {
    const within = others(pointer);
    return (
      text.place(pointer, ...more) ??
      (within === undefined
        ? undefined
        : texts.toReversed().reduce<Place | undefined>((at, one) => at ?? one.place(within, ...more), undefined))
    );
  };
  return {
    text: { ...text, value, written: writtenIn(text, own, texts), place },
    taken: new Set(files.flatMap(Object.keys).filter((name) => !Object.hasOwn(own, name))),
    files: read.map(({ file }) => file),
    problems: problems.slice(0, MOST_PROBLEMS),
  };
}

/** How numbers are written, by their pointers in the pipeline file. */
function writtenIn(text: YamlText, own: JsonObject, files: readonly YamlText[]): Map<string, string> {
  const written = new Map<string, string>();
  for (const file of files) {
    // A number that another file gives otherwise is not written as it was.
    for (const pointer of leaves(file.value, '/params')) written.delete(pointer);
    for (const [pointer, number] of file.written) written.set(`/params${pointer}`, number);
  }
  for (const pointer of leaves(own, '/params')) written.delete(pointer);
  for (const [pointer, number] of text.written) written.set(pointer, number);
  return written;
}

/** Reads one file; what is wrong is told where it stands, or where the file is named. */
async function readParams(
  name: Json,
  { text, pointer, where }: { readonly text: YamlText; readonly pointer: string; readonly where: Where },
): Promise<{ readonly text: YamlText; readonly file: ParamsFile } | { readonly problems: readonly Problem[] }> {
  const wrong = (code: 'wrong-type' | 'no-such-file', message: string, hint: string): { readonly problems: readonly Problem[] } => {
    const at = text.place(pointer);
    return { problems: [{ kind: 'pipeline', code, message, hint, ...(at === undefined ? {} : { place: at }) }] };
  };
  if (typeof name !== 'string' || name === '') return wrong('wrong-type', '"from" names files of params', 'for example from: params.yaml');
  const path = resolve(dirname(where.file), name);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile() !== true)
    return wrong(
      'no-such-file',
      `the file of params "${name}" ${stats === undefined ? 'does not exist' : 'is no file'}`,
      nearbyPath(path, dirname(where.file)) ?? 'a path is relative to the pipeline file; make the file, or name another',
    );
  const shownFile = join(dirname(where.shownFile), name);
  // Before it is read: one that changes meanwhile is read anew the next time.
  const digest = hashFile(path);
  const read = await readValues(path, shownFile);
  if (read.problems.length > 0) return read;
  if (read.value !== null && !isObject(read.value))
    return wrong('wrong-type', `the file of params "${name}" holds no mapping`, 'write one value for each name, such as lr: 0.1');
  if (read.value !== null && Object.hasOwn(read.value, FROM)) {
    const at = read.place(`/${FROM}`, 'key');
    const message = `no param can be named "${FROM}": in a pipeline file that names files of params`;
    return { problems: [{ kind: 'pipeline', code: 'bad-name', message, hint: 'rename it', ...(at && { place: at }) }] };
  }
  return { text: read.value === null ? { ...read, value: {} } : read, file: { path, digest } };
}

/** Reads a file of values: TOML and JSON by their suffixes, else YAML. */
export async function readValues(path: string, shownFile: string): Promise<YamlText> {
  const suffix = extname(path).toLowerCase();
  if (suffix === '.json') {
    const text = readText(path, shownFile);
    if (typeof text !== 'string') return text;
    const { refusedJson } = await import('../json-text.ts');
    return refusedJson(shownFile, text) ?? readYamlFile(path, shownFile);
  }
  if (suffix !== '.toml') return readYamlFile(path, shownFile);
  const text = readText(path, shownFile);
  if (typeof text !== 'string') return text;
  const { readToml } = await import('../toml.ts');
  return readToml(shownFile, text);
}

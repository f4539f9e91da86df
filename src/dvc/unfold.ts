import { posix } from 'node:path';
import { isObject } from '../files/json.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { done, type Outcome } from '../model/problem.ts';
import type { DvcDocument, Path } from './document.ts';
import type { DvcOutput, DvcParams, DvcPath, DvcPipeline, DvcPoint, DvcStage, Note } from './stage.ts';
import { fill, joined, type Piece, referred } from './template.ts';
import { merged, readValues, readVars, shownFile, type Where } from './values.ts';

/** The file of params that DVC reads unasked. */
const DEFAULT_PARAMS = 'params.yaml';

/** What is made of a file while it is read. */
interface Reading {
  readonly file: string;
  readonly document: DvcDocument;
  readonly where: Where;
  readonly values: JsonObject;
  readonly notes: Note[];
}

/** Reads the stages of a `dvc.yaml`, those of `foreach` and `matrix` each for itself, with their references filled in. */
export function unfold(document: DvcDocument, file: string, where: Where): Outcome<DvcPipeline> {
  const { value } = document;
  const notes: Note[] = [];
  const shown = shownFile(where, file);
  const vars = readVars([value['vars'] ?? []].flat(), where);
  if (!vars.ok) return vars;
  for (const missing of vars.value.missing)
    notes.push({
      file: shown,
      line: document.line(['vars']),
      message: `the file of vars "${missing}" is not there: what refers to it is lost`,
    });
  const standard = vars.value.files.includes(DEFAULT_PARAMS) ? undefined : readValues(where, DEFAULT_PARAMS);
  const all = merged(standard?.values ?? {}, vars.value.all);
  const reading: Reading = { file: shown, document, where, values: all, notes };
  const named = isObject(value['artifacts']) ? Object.keys(value['artifacts'] as JsonObject) : [];
  if (named.length > 0) {
    const message = `"artifacts" (${named.join(', ')}) are not kept: the outputs of a run get a name by stillroom tag`;
    notes.push({ file: shown, line: document.line(['artifacts']), message });
  }
  const written = isObject(value['stages']) ? (value['stages'] as JsonObject) : {};
  const stages = Object.entries(written).flatMap(([name, one]) => stagesOf(name, one, reading));
  return done({
    stages,
    metrics: listOf(value['metrics']).map((one, index) => pathOf(String(one), ['metrics', index], reading, '.')),
    plots: plotsOf(value['plots'], document),
    valueFiles: [...(standard === undefined ? [] : [DEFAULT_PARAMS]), ...vars.value.files],
    values: vars.value.values,
    all,
    notes,
  });
}

function listOf(value: Json | undefined): readonly Json[] {
  return value === undefined || value === null ? [] : [value].flat();
}

function plotsOf(value: Json | undefined, document: DvcDocument): DvcPipeline['plots'] {
  const named = (one: Json, path: Path): DvcPipeline['plots'] =>
    isObject(one)
      ? Object.entries(one as JsonObject).map(([name, settings]) => ({ name, settings, line: document.line([...path, name]) }))
      : [{ name: String(one), settings: null, line: document.line(path) }];
  return isObject(value) ? named(value, ['plots']) : listOf(value).flatMap((one, index) => named(one, ['plots', index]));
}

/** The stages that an entry makes: one, or one for each point of its `foreach` or `matrix`. */
function stagesOf(group: string, entry: Json, reading: Reading): DvcStage[] {
  const at: Path = ['stages', group];
  const lost = (message: string): DvcStage[] => {
    reading.notes.push({ file: reading.file, line: reading.document.line(at), message: `${group}: ${message}`, isLost: true });
    return [];
  };
  if (!isObject(entry)) return lost('this is no stage');
  const { foreach, do: body, matrix, ...plain } = entry as JsonObject;
  if (foreach === undefined && matrix === undefined) return stageOf({ group, body: plain, at }, undefined, reading);
  const points = foreach === undefined ? matrixPoints(matrix, reading.values) : foreachPoints(foreach, reading.values);
  if (points === undefined) return lost(`what its ${foreach === undefined ? 'matrix' : 'foreach'} lists is not known`);
  const inner = foreach === undefined ? plain : body;
  if (!isObject(inner)) return lost('"foreach" needs "do"');
  const within = foreach === undefined ? at : [...at, 'do'];
  return points.flatMap((point) => stageOf({ group, body: inner as JsonObject, at: within }, point, reading));
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function foreachPoints(foreach: Json, values: JsonObject): DvcPoint[] | undefined {
  const data = filledIn(referred(foreach, values) ?? foreach, values);
  const point = (key: string, value: JsonObject): DvcPoint => ({ kind: 'foreach', key, values: value });
  if (isList(data)) {
    const isComposite = data.some((one) => one !== null && typeof one === 'object');
    return data.map((item, index) => point(isComposite ? String(index) : keyOf(item), { item }));
  }
  return isObject(data) ? Object.entries(data as JsonObject).map(([key, item]) => point(key, { key, item })) : undefined;
}

function matrixPoints(matrix: Json | undefined, values: JsonObject): DvcPoint[] | undefined {
  const data = referred(matrix, values) ?? matrix;
  if (!isObject(data)) return undefined;
  let points: { readonly key: readonly string[]; readonly item: JsonObject }[] = [{ key: [], item: {} }];
  for (const [name, written] of Object.entries(data as JsonObject)) {
    const list = filledIn(referred(written, values) ?? written, values);
    if (!isList(list)) return undefined;
    points = points.flatMap(({ key, item }) =>
      list.map((value, index) => ({
        key: [...key, value !== null && typeof value === 'object' ? `${name}${index}` : keyOf(value)],
        item: { ...item, [name]: value },
      })),
    );
  }
  return points.map(({ key, item }) => ({ kind: 'matrix', key: key.join('-'), values: { key: key.join('-'), item } }));
}

function keyOf(value: Json): string {
  return value === null ? 'None' : String(value);
}

/** A value with all references in it filled in. */
function filledIn(value: Json, values: JsonObject): Json {
  if (typeof value === 'string') return referred(value, values) ?? joined(fill(value, values).pieces);
  if (isList(value)) return value.map((one) => filledIn(one, values));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value as JsonObject).map(([key, one]) => [key, filledIn(one, values)]));
}

/** Where a stage is written. */
interface Written {
  readonly group: string;
  readonly body: JsonObject;
  readonly at: Path;
}

/** One stage; none where it refers to what is not there. */
function stageOf({ group, body, at }: Written, point: DvcPoint | undefined, reading: Reading): DvcStage[] {
  const { document, notes, where } = reading;
  const name = point === undefined ? group : `${group}@${point.key}`;
  const vars = readVars(listOf(body['vars']), where);
  const own = vars.ok ? vars.value.all : {};
  const scope: Reading = { ...reading, values: { ...merged(reading.values, own), ...point?.values } };
  const missing = new Set(textsIn(body).flatMap((text) => fill(text, scope.values).missing));
  const commands = listOf(body['cmd']).map((one) => fill(String(one), scope.values).pieces);
  if (missing.size > 0 || commands.length === 0) {
    const why = missing.size > 0 ? `\${${[...missing].join('}, ${')}} refers to nothing that is there` : 'it has no command';
    notes.push({ file: reading.file, line: document.line(at), message: `${name}: ${why}`, isLost: true });
    return [];
  }
  const folder = posix.join('.', joined(fill(String(body['wdir'] ?? '.'), scope.values).pieces));
  const about = body['desc'];
  const lists = { deps: listOf(body['deps']), params: listOf(body['params']) };
  const stage: DvcStage = {
    ...{ name, group, commands, folder },
    ...(point === undefined ? {} : { point }),
    line: document.line(at),
    isList: isList(body['cmd']),
    deps: lists.deps.map((one, index) => pathOf(String(one), [...at, 'deps', index], scope, folder)),
    outs: [
      ...outputsOf(body, { key: 'outs', kind: 'out', at, folder }, scope),
      ...outputsOf(body, { key: 'metrics', kind: 'metrics', at, folder }, scope),
      ...outputsOf(body, { key: 'plots', kind: 'plot', at, folder }, scope),
      ...liveOutputs(body['live'], { at, folder }, scope),
    ],
    params: lists.params.flatMap((one, index) => paramsOf(one, [...at, 'params', index], scope, folder)),
    isFrozen: body['frozen'] === true,
    isAlwaysChanged: body['always_changed'] === true,
    about: typeof about === 'string' ? joined(fill(about, scope.values).pieces) : undefined,
    own: [...Object.keys(own), ...Object.keys(point?.values ?? {})],
  };
  if (body['meta'] !== undefined)
    notes.push({
      file: reading.file,
      line: document.line([...at, 'meta']),
      message: `${name}: "meta" has no counterpart; a comment may hold it`,
    });
  return [stage];
}

/** All texts in a value, but those of `meta`, which DVC does not read. */
function textsIn(value: Json): string[] {
  if (typeof value === 'string') return [value];
  if (isList(value)) return value.flatMap(textsIn);
  if (!isObject(value)) return [];
  return Object.entries(value as JsonObject).flatMap(([key, one]) => (key === 'meta' ? [] : [...textsIn(key), ...textsIn(one)]));
}

function pathOf(written: string, at: Path, { values, document }: Reading, folder: string): DvcPath {
  const pieces = fill(written, values).pieces;
  const text = joined(pieces);
  const isElsewhere = text.startsWith('/') || /^[a-z0-9+]+:\/\//.test(text);
  return { path: isElsewhere ? text : plainPath(posix.join(folder, text)), pieces: within(folder, pieces), line: document.line(at) };
}

/** A path without what says nothing: a dot at its beginning, a slash at its end. */
function plainPath(path: string): string {
  return posix.normalize(path).replace(/(?<=.)\/$/, '');
}

function within(folder: string, pieces: readonly Piece[]): readonly Piece[] {
  return folder === '.' ? pieces : [{ text: `${folder}/` }, ...pieces];
}

/** Where outputs are written in a stage. */
interface OutputsAt {
  readonly key: string;
  readonly kind: DvcOutput['kind'];
  readonly at: Path;
  readonly folder: string;
}

function outputsOf(body: JsonObject, { key, kind, at, folder }: OutputsAt, reading: Reading): DvcOutput[] {
  const written = body[key];
  const entries = isObject(written) ? Object.entries(written as JsonObject).map(([path, more]) => ({ [path]: more })) : listOf(written);
  return entries.flatMap((entry, index) => {
    const named: [string, Json][] = isObject(entry) ? Object.entries(entry as JsonObject) : [[String(entry), null]];
    return named.map(([path, more]) => {
      // Older files say of a path what stands a line below it, at the same depth.
      const settings = [more].flat().find(isObject) as JsonObject | undefined;
      return { ...pathOf(path, [...at, key, index], reading, folder), kind, settings: settings ?? {} };
    });
  });
}

/** What DVC 2 took from `live:`, the folder that dvclive writes and its summary. */
function liveOutputs(live: Json | undefined, { at, folder }: Pick<OutputsAt, 'at' | 'folder'>, reading: Reading): DvcOutput[] {
  if (live === undefined || live === null) return [];
  const [[path, settings]] = (isObject(live) ? Object.entries(live as JsonObject) : [[String(live), {}]]) as [[string, Json]];
  const out = (name: string, kind: DvcOutput['kind']): DvcOutput => ({
    ...pathOf(name, [...at, 'live'], reading, folder),
    kind,
    settings: {},
  });
  const isSummed = !isObject(settings) || settings['summary'] !== false;
  return [out(path, 'out'), ...(isSummed ? [out(`${path}.json`, 'metrics')] : [])];
}

/** Params of a stage: a key of `params.yaml`, or files with their keys. */
function paramsOf(entry: Json, at: Path, { values, document }: Reading, folder: string): DvcParams[] {
  const line = document.line(at);
  const text = (one: Json): string => joined(fill(String(one), values).pieces);
  if (!isObject(entry)) return [{ file: plainPath(posix.join(folder, DEFAULT_PARAMS)), keys: [text(entry)], line }];
  return Object.entries(entry as JsonObject).map(([file, keys]) => {
    const names = listOf(keys).map(text);
    return { file: plainPath(posix.join(folder, text(file))), keys: names.length === 0 ? undefined : names, line };
  });
}

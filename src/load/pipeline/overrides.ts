import { ownMember } from '../../model/own-member.ts';
import { isObject } from '../../files/json.ts';
import { splitName, type WrittenPoint } from '../../model/instance-name.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Problem } from '../../model/problem.ts';
import type { Locate } from '../yaml/locate.ts';
import { suggestion } from '../../text/suggestion.ts';
import { pointerStep } from '../../text/json-pointer.ts';
import { dottedKeyHint, knownParts } from './param-hints.ts';
import { schemaAt, valueLike, withValueAt } from './values.ts';
import { valueAt } from '../../model/dotted.ts';

/** A `--set` for a node's param, or for a part of one: read only where what it stands in place of is known. */
export interface NodeOverride {
  readonly node: string;
  /** The instances that it is for; undefined: all. */
  readonly point: WrittenPoint | undefined;
  readonly param: string;
  /** Keys and indexes that lead into the param. */
  readonly path: readonly string[];
  /** The value as it is written. */
  readonly text: string;
  readonly option: string;
}

function usage(message: string, hint: string): Problem {
  return { kind: 'usage', code: 'bad-set', message, hint };
}

/** An option taken apart; undefined: it is not of the form `name=value`. */
function takeApart(option: string): Omit<NodeOverride, 'param' | 'option'> | undefined {
  const { node, point, rest = '' } = splitName(option) ?? {};
  const [, path, text] = /^((?:\.[^.=[\]\s]+)*)=([\s\S]*)$/.exec(rest) ?? [];
  if (node === undefined || path === undefined || text === undefined) return undefined;
  return { node, point, path: path.split('.').slice(1), text };
}

/** A file's value as far as options change it: its sections, not what they hold. */
function copyOf(value: Json): Json {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, section]) => [key, isObject(section) ? { ...section } : section])) as Json;
}

type Mutable = { [key: string]: Mutable | Json };

/** The params that nodes are given in the file, as `--set` names them. */
function paramsOfNodes(stages: JsonObject): string[] {
  return Object.entries(stages).flatMap(([name, node]) =>
    isObject(node) && isObject(node['with']) ? Object.keys(node['with']).map((param) => `${name}.${param}`) : [],
  );
}

/** How an option should have been written that is not of the form `name=value`. */
function formHint(option: string, params: readonly string[]): string {
  const [, name, value] = /^\s*([\w.[\]=-]+?)\s*(?:[:=]\s*|\s+)(\S.*)$/.exec(option) ?? [];
  if (name !== undefined) return `write it without spaces, with a sign of equality: --set ${name}=${value?.trim()}`;
  const bare = /^[\w.-]+$/.test(option) ? option : params[0];
  return `for example --set ${bare ?? 'size'}=3, --set node.param=3 or --set sources.name=PATH`;
}

/** What `--set` options make of a file: its value, and what is to be set in its nodes. */
interface Overridden {
  readonly value: Json;
  readonly nodes: readonly NodeOverride[];
  /** The links of all sources are followed. */
  readonly followsLinks: boolean;
  readonly problems: readonly Problem[];
}

/** Whether a name with a path means a param of the pipeline. A file of params may have a name that is a node's too: what the path leads to is meant. */
export function meansParam(
  { params, stages }: { readonly params?: JsonObject; readonly stages?: JsonObject },
  name: string,
  path: readonly string[],
): boolean {
  const param = ownMember(params, name);
  if (param === undefined) return false;
  const node = ownMember(stages, name);
  if (node === undefined || valueAt(param, path) !== undefined) return true;
  // A command has no other params than those that it is given.
  const given = isObject(node) ? node['with'] : undefined;
  return isObject(node) && node['uses'] === undefined && !(isObject(given) && Object.hasOwn(given, path[0] ?? ''));
}

/** In place of a source's name: all of them. */
const EVERY_SOURCE = '*';

/**
 * Applies `--set` options to a file's value, which is not changed: `size=96` a param, `opt.lr=0.1` a part of one, `sources.images=DIR` a
 * source, `sources.images.links=follow` how it is read (`sources.*`: all of them). Those of nodes are returned: `student.epochs=5`, `teacher[fold=2].epochs=3` for one instance, `student.loss.gamma=1` for a part.
 */
export function applyOverrides(value: Json, options: readonly string[], locate: Locate): Overridden {
  if (options.length === 0) return { value, nodes: [], followsLinks: false, problems: [] };
  const copy = copyOf(value) as Mutable;
  const nodes: NodeOverride[] = [];
  const problems: Problem[] = [];
  const isMapping = isObject(copy);
  const membersOf = (key: string): JsonObject => ((isMapping ? copy[key] : undefined) ?? {}) as JsonObject;
  const known = (section: string): string[] => Object.keys(membersOf(section));
  const assign = (section: string, name: string, to: Json, option: string): void => {
    (copy[section] as Mutable)[name] = to;
    locate.options.set(pointerStep(section) + pointerStep(name), `--set ${option}`);
  };
  const setParam = (name: string, path: readonly string[], text: string): Problem | undefined => {
    const params = membersOf('params');
    const option = `--set ${[name, ...path].join('.')}=${text}`;
    if (!Object.hasOwn(params, name))
      return usage(
        `${option}: no param is named "${name}"`,
        suggestion(name, [...Object.keys(params), ...paramsOfNodes(membersOf('stages'))]),
      );
    const { value: to, written, problem } = valueLike(text, valueAt(params[name], path));
    if (problem !== undefined) return usage(`${option}: ${problem.message}`, problem.hint ?? '');
    const set = withValueAt(params[name], path, { to, schema: undefined, name });
    if ('why' in set) {
      const dotted = dottedKeyHint([name, ...path], params);
      return usage(`${option}: ${set.why}`, dotted ?? knownParts(path.at(-1) ?? '', set.known));
    }
    assign('params', name, set.value, option.slice('--set '.length));
    const pointer = ['params', name, ...path].map(pointerStep).join('');
    for (const other of locate.written.keys()) if (other === pointer || other.startsWith(`${pointer}/`)) locate.written.delete(other);
    for (const [below, number] of written ?? []) locate.written.set(pointer + below, number);
    return undefined;
  };
  let followsLinks = false;
  const setSource = (source: string, path: readonly string[], text: string): Problem | undefined => {
    const option = `--set sources.${[source, ...path].join('.')}=${text}`;
    const [key] = path;
    const isLinks = key === 'links' && path.length === 1;
    if (isLinks && text !== 'follow') return usage(`${option}: links can only be set to follow`, `--set sources.${source}.links=follow`);
    const sources = membersOf('sources');
    if (isLinks && source === EVERY_SOURCE) {
      followsLinks = true;
      return undefined;
    }
    if (!Object.hasOwn(sources, source) || (key !== undefined && !isLinks))
      return usage(`${option}: no source is named "${[source, ...path].join('.')}"`, suggestion(source, Object.keys(sources)));
    const before = sources[source] as Json;
    const whole: JsonObject = isObject(before) ? before : { path: before };
    if (isLinks) (copy['sources'] as Mutable)[source] = { ...whole, links: text };
    else assign('sources', source, isObject(before) ? { ...before, path: text } : text, option.slice('--set '.length));
    return undefined;
  };
  for (const option of options) {
    const parts = takeApart(option);
    if (!isMapping || parts === undefined || (parts.point !== undefined && parts.path.length === 0)) {
      problems.push(usage(`--set ${option} is not of the form name=value`, formHint(option, known('params'))));
      continue;
    }
    const { node: name, point, path, text } = parts;
    const [param, ...within] = path;
    if (point === undefined && (param === undefined || meansParam(copy, name, path))) {
      const problem = setParam(name, path, text);
      if (problem !== undefined) problems.push(problem);
    } else if (param === undefined) continue;
    else if (name === 'sources' && point === undefined) {
      const problem = setSource(param, within, text);
      if (problem !== undefined) problems.push(problem);
    } else if (!known('stages').includes(name)) {
      const groups = known('params').filter((one) => point === undefined && isObject(membersOf('params')[one]));
      const what = groups.length > 0 ? 'no node and no param with parts is' : 'no node is';
      problems.push(usage(`--set ${option}: ${what} named "${name}"`, suggestion(name, [...known('stages'), ...groups])));
    } else nodes.push({ node: name, point, param, path: within, text, option: `--set ${option}` });
  }
  return { value: copy as Json, nodes, followsLinks, problems };
}

/** What setting a node's params needs to know of them. */
export interface Overriding {
  /** The params' JSON Schemas, where a stage declares them. */
  readonly schemas: Readonly<Record<string, JsonObject>> | undefined;
  /** The values of those that are overridden, references filled in; undefined where the file gives none. */
  readonly current: (param: string) => Json | undefined;
  /** Fills in references of a value. */
  readonly fill: (value: Json, param: string) => Json;
}

/** The params that overrides give a node, whole; what cannot be set becomes a problem. */
export function overriddenParams(
  overrides: readonly NodeOverride[],
  { schemas, current, fill }: Overriding,
  problems: Problem[],
): { readonly params: Record<string, Json>; readonly numbers: readonly string[] } {
  const set = new Map<string, Json>();
  const numbers = new Set<string>();
  // What sets a whole param goes first, whichever was given first.
  for (const { param, path, text, option } of overrides.toSorted((a, b) => a.path.length - b.path.length)) {
    const schema = ownMember(schemas, param);
    // A choice or group that the file does not give gets its defaults when it is resolved, by what is chosen then.
    const fallback = schema?.['properties'] === undefined ? schema?.['default'] : undefined;
    const whole = set.has(param) ? set.get(param) : (current(param) ?? fallback);
    const { value, written, problem } = valueLike(text, valueAt(whole, path), schemaAt(schema, path));
    if (problem !== undefined) problems.push(usage(`${option}: ${problem.message}`, problem.hint ?? ''));
    // A command is given a number as it is written.
    const number = schemas === undefined && path.length === 0 && typeof value === 'number' ? written?.get('') : undefined;
    const to = problem === undefined ? fill(number ?? value, param) : null;
    const after = withValueAt(whole, path, { to, schema, name: param });
    if ('why' in after) problems.push(usage(`${option}: ${after.why}`, knownParts(path.at(-1) ?? '', after.known)));
    else set.set(param, after.value);
    numbers.delete(param);
    if (number !== undefined) numbers.add(param);
  }
  return { params: Object.fromEntries(set), numbers: [...numbers] };
}

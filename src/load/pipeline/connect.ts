import { ownMember } from '../../model/own-member.ts';
import { statSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Input, InputElement, Instance, Key, NodeWork, Source } from '../../model/pipeline.ts';
import { fillInAt, isFull, type NodeContext, scopeOf } from './context.ts';
import type { FileNode } from './file-node.ts';
import type { Draft } from './nodes.ts';
import { alikeInstances, having } from './matrix.ts';
import { checkPaths, type CommandPaths } from './paths.ts';
import { nearbyPath } from './nearby.ts';
import { isPlain, ROOM } from './references.ts';
import { nearest, suggestion } from '../../text/suggestion.ts';
import { ambiguity, dollarHint, kindHint, kindName, missingInputHint, portHint, unknownNodeHint } from './input-hints.ts';
import { pointerStep } from '../../text/json-pointer.ts';
import type { ProblemCode } from '../../model/problem-codes.ts';

type CommandWork = Instance['work'] & { kind: 'command' };

/** What connecting the inputs needs to know of the whole pipeline. */
export interface Wiring {
  readonly context: NodeContext;
  /** The pipeline file's folder. */
  readonly folder: string;
  /** The project's. */
  readonly root: string;
  readonly sources: Map<string, Source>;
  readonly nodes: Readonly<Record<string, FileNode>>;
  /** The instances made so far, by node: producers first. */
  readonly instances: ReadonlyMap<string, readonly Instance[]>;
  /** What stands at the paths of sources, as far as it was looked at. */
  readonly kinds: Map<string, 'dir' | 'file' | undefined>;
}

/** An `in:` value taken apart. */
interface Written {
  readonly from: string;
  readonly where: JsonObject;
  readonly at?: string;
  readonly all: boolean;
}

/** The node that an `in:` value names, if it names one. */
export function producerOf(value: Json): string | undefined {
  const from = typeof value === 'string' ? value : (value as JsonObject)['from'];
  if (typeof from !== 'string' || from.startsWith('$') || from.startsWith('./') || from.startsWith('../')) return undefined;
  return from.split('.', 1)[0];
}

function takeApart(value: Json): Written {
  if (typeof value === 'string') return { from: value, where: {}, all: false };
  const { from, where, at, all } = value as JsonObject;
  return {
    from: String(from),
    where: (where as JsonObject | undefined) ?? {},
    all: all === true,
    ...(typeof at === 'string' ? { at } : {}),
  };
}

/** An input port as the file connects it. */
interface Port {
  readonly port: string;
  readonly pointer: string;
  readonly written: Written;
  readonly many: boolean;
  /** Of a stage: what it takes, with its marks. */
  readonly kind: string | undefined;
}

/** Connects the inputs of a node's drafts. Those are left out of whose producers one is turned off, unless its port is optional. */
export function connect(drafts: readonly Draft[], node: FileNode, wiring: Wiring): Instance[] {
  const [first] = drafts;
  if (first === undefined) return [];
  const base = `/stages${pointerStep(first.node)}`;
  const declared = first.work.kind === 'stage' ? first.work.declaration.inputs : undefined;
  const ports = portsOf(node, { base, declared, own: first.node }, wiring);
  const checked = new Set<NodeWork>();
  const instances: Instance[] = [];
  for (const draft of drafts) {
    const inputs = inputsOf(draft, ports, wiring);
    if (inputs === 'off') continue;
    // Where a command's inputs stand depends on its ports alone.
    if (draft.work.kind === 'command' && !checked.has(draft.work)) checkPaths(pathsOf(draft.work, ports, base, wiring), wiring.context);
    checked.add(draft.work);
    instances.push({ ...draft, inputs });
  }
  return instances;
}

/** A node's place, name and declared inputs. */
interface Taking {
  readonly base: string;
  readonly declared: Readonly<Record<string, string>> | undefined;
  readonly own: string;
}

function portsOf(node: FileNode, { base, declared, own }: Taking, wiring: Wiring): Port[] {
  const { context } = wiring;
  const { locate, problems } = context;
  const ports: Port[] = [];
  // An input that is written under another name is told once.
  const meant = new Set<string | undefined>();
  for (const [port, value] of Object.entries(node.in ?? {})) {
    if (isFull(context)) break;
    const pointer = `${base}/in${pointerStep(port)}`;
    const kind = ownMember(declared, port);
    if (declared !== undefined && kind === undefined) {
      const message = `the stage "${node.uses}" has no input "${port}"`;
      meant.add(
        nearest(
          port,
          Object.keys(declared).filter((one) => !Object.hasOwn(node.in ?? {}, one)),
        ),
      );
      problems.push(locate.problem('unknown-port', message, pointer, 'key', suggestion(port, Object.keys(declared))));
      continue;
    }
    const written = takeApart(value);
    ports.push({ port, pointer, written, many: kind === undefined ? written.all : kind.includes('[]'), kind });
  }
  for (const [port, kind] of Object.entries(declared ?? {})) {
    if (kind.endsWith('?') || port in (node.in ?? {}) || meant.has(port)) continue;
    const message = `the input "${port}" of stage "${node.uses}" is not connected`;
    const pointer = node.in === undefined ? base : `${base}/in`;
    problems.push(locate.problem('missing-input', message, pointer, 'key', missingInputHint(port, kind, own, wiring)));
  }
  return ports;
}

function inputsOf(draft: Draft, ports: readonly Port[], wiring: Wiring): Input[] | 'off' {
  const { context } = wiring;
  const inputs: Input[] = [];
  let off = false;
  for (const one of ports) {
    if (isFull(context)) break;
    const { port, written, many, kind } = one;
    const elements = elementsOf(one, draft, wiring);
    if (elements === undefined) continue;
    if (elements.length > 0) inputs.push({ port, many, elements, ...(written.at === undefined ? {} : { at: written.at }) });
    else off ||= kind?.endsWith('?') !== true;
  }
  return off ? 'off' : inputs;
}

/** Where a command's inputs stand, and what it writes. Without `at`, an input stands at its port's name, with the suffix of its file. */
function pathsOf({ paths, metrics }: CommandWork, ports: readonly Port[], base: string, wiring: Wiring): CommandPaths {
  return {
    inputs: ports.map(({ port, pointer, many, written: { from, at } }) =>
      at === undefined ? [pointer, many ? port : port + suffixOf(from, wiring)] : [`${pointer}/at`, at],
    ),
    outputs: Object.entries(paths).map(([port, path]) => [`${base}/out${pointerStep(port)}`, path]),
    metrics: metrics === undefined ? [] : [[`${base}/metrics`, metrics]],
  };
}

function suffixOf(from: string, { sources, instances, kinds }: Wiring): string {
  const source = sources.get(from.startsWith('$sources.') ? from.slice('$sources.'.length) : from);
  if (source !== undefined) return kindOf(source.path, kinds) === 'dir' ? '' : extname(source.path);
  const [node = '', port = ''] = from.split('.');
  return ownMember(instances.get(node)?.[0]?.outputs, port)?.suffix ?? '';
}

/** What stands at a path, looked at once; undefined: nothing. */
function kindOf(path: string, kinds: Wiring['kinds']): 'dir' | 'file' | undefined {
  if (kinds.has(path)) return kinds.get(path);
  const found = statSync(path, { throwIfNoEntry: false });
  const kind = found === undefined ? undefined : found.isDirectory() ? 'dir' : 'file';
  kinds.set(path, kind);
  return kind;
}

/** Undefined: a problem was reported. Empty: the producer is turned off. */
function elementsOf({ pointer, written, many, kind: marked }: Port, draft: Draft, wiring: Wiring): InputElement[] | undefined {
  const { context } = wiring;
  const { from } = written;
  const kind = marked?.replace(/\W+$/, '');
  const where = isPlain(written.where)
    ? written.where
    : ((fillInAt(written.where, scopeOf(context, draft.key), `${pointer}/where`, context) ?? {}) as JsonObject);
  const wrong = (code: ProblemCode, message: string, hint?: string): undefined => {
    context.problems.push(context.locate.problem(code, message, pointer, 'value', hint));
    return undefined;
  };
  const foreign = draft.work.kind === 'command' ? undefined : written.at !== undefined ? 'at' : written.all ? 'all' : undefined;
  if (foreign !== undefined) {
    const message = `"${foreign}" belongs to commands: a stage is given paths`;
    context.problems.push(context.locate.problem('unknown-key', message, `${pointer}/${foreign}`, 'key', 'remove it'));
    return undefined;
  }
  if (from.startsWith('$sources.') || from.startsWith('./') || from.startsWith('../')) return sourceElement(from, kind, wiring, wrong);
  if (from.startsWith('$')) return wrong('unknown-reference', `"${from}" is not a source`, dollarHint(from.slice(1), wiring));
  const [producer = '', port = '', ...rest] = from.split('.');
  if (ownMember(wiring.nodes, producer) === undefined)
    return wrong('unknown-node', `no node is named "${producer}"`, unknownNodeHint(from, wiring));
  const instances = wiring.instances.get(producer) ?? [];
  const outputs = instances[0]?.outputs;
  const names = Object.keys(outputs ?? {});
  if (port === '' || rest.length > 0)
    return wrong('bad-input', `"${from}" is not of the form node.port`, portHint(producer, rest.length > 0 ? port : '', names));
  if (outputs !== undefined && ownMember(outputs, port) === undefined)
    return wrong('unknown-port', `the node "${producer}" has no output "${port}"`, portHint(producer, port, names));
  const made = ownMember(outputs, port)?.kind;
  if (kind !== undefined && made !== undefined && kind !== made)
    return wrong(
      'wrong-kind',
      `"${from}" is a ${kindName(made)}, but the input takes a ${kindName(kind)}`,
      kindHint(kind, draft.node, wiring),
    );
  if (context.told.size > 0 && [...context.told].some((told) => told.startsWith(`${pointer}/where`))) return undefined;
  const chosen = choose(instances, where, many, draft.key);
  if (chosen === undefined) {
    const { message, hint } = ambiguity({ from, node: producer, where }, instances, draft.work.kind === 'command');
    return wrong('ambiguous-instance', message, hint);
  }
  context.room.left -= chosen.length;
  if (context.room.left < 0)
    return wrong('too-many', `with this input the pipeline connects more than ${ROOM.toLocaleString('en')} artifacts`, 'gather fewer');
  return chosen.map((instance) => ({ key: instance.key, origin: { kind: 'output', instance: instance.name, port } }));
}

/** The instances at a point; undefined where it chooses none, or too many. */
function choose(instances: readonly Instance[], where: JsonObject, many: boolean, own: Key): readonly Instance[] | undefined {
  const named = Object.keys(where);
  const selected = having(instances, named, where);
  if (named.length > 0 && instances.length > 0 && selected.length === 0) return undefined;
  if (many) return selected;
  const point = named.length === 0 ? own : { ...own, ...where };
  const alike = alikeInstances(selected);
  const fitting = alike.flatMap((some) => {
    const shared = Object.keys(some[0]?.key ?? {}).filter((name) => Object.hasOwn(point, name));
    return having(some, shared, point);
  });
  // Those of a matrix alone are chosen by all of their variables, so that another value of one changes nothing elsewhere.
  const isChosen = alike.length > 1 || (named.length > 0 && selected.length === 1);
  const isOpen = Object.keys(selected[0]?.key ?? {}).some((name) => !Object.hasOwn(point, name));
  return fitting.length > 1 || (isOpen && !isChosen) ? undefined : fitting;
}

function sourceElement(
  from: string,
  kind: string | undefined,
  wiring: Wiring,
  wrong: (code: ProblemCode, message: string, hint?: string) => undefined,
): InputElement[] | undefined {
  let name = from;
  if (from.startsWith('$sources.')) {
    name = from.slice('$sources.'.length);
    if (!wiring.sources.has(name)) return wrong('unknown-source', `no source is named "${name}"`, dollarHint(from.slice(1), wiring));
  } else if (!wiring.sources.has(from)) {
    const links = wiring.context.followsLinks ? ({ links: 'follow' } as const) : {};
    wiring.sources.set(from, { name: from, path: resolve(wiring.folder, from), ...links });
  }
  const path = wiring.sources.get(name)?.path ?? '';
  const made = kindOf(path, wiring.kinds);
  if (made === undefined)
    return name === from
      ? wrong('missing-source', `the file "${from}" does not exist`, nearbyPath(path, wiring.folder) ?? `looked at ${path}`)
      : [{ key: {}, origin: { kind: 'source', source: name } }];
  if (kind !== undefined && kind !== made)
    return wrong(
      'wrong-kind',
      `"${basename(path)}" is a ${kindName(made)}, but the input takes a ${kindName(kind)}`,
      kindHint(kind, '', wiring),
    );
  return [{ key: {}, origin: { kind: 'source', source: name } }];
}

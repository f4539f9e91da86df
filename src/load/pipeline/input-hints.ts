import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Json } from '../../model/json.ts';
import type { Instance, Key } from '../../model/pipeline.ts';
import { suggestion } from '../../text/suggestion.ts';
import { written } from '../remedy.ts';
import type { Wiring } from './connect.ts';

/** All that inputs may be connected to, as the file writes it: outputs of nodes, and sources. */
function connectable({ instances, sources }: Wiring, kind?: string): string[] {
  const outputs = [...instances].flatMap(([node, [first]]) =>
    Object.entries(first?.outputs ?? {}).flatMap(([port, output]) =>
      kind === undefined || kind === output.kind ? [`${node}.${port}`] : [],
    ),
  );
  return [...outputs, ...[...sources.keys()].filter((name) => !name.startsWith('.')).map((name) => `$sources.${name}`)];
}

/** The path by which the pipeline file may name a file: from its own folder, where it lies there or below the project. */
function pathFromHere(from: string, { folder, root }: Wiring): string | undefined {
  const found = [folder, root].map((base) => join(base, from)).find((path) => existsSync(path));
  const path = found === undefined ? undefined : relative(folder, found);
  return path === undefined || path.startsWith('.') ? path : `./${path}`;
}

/** What may be meant where an input names a node that there is not. */
export function unknownNodeHint(from: string, wiring: Wiring): string {
  const { sources, nodes, context } = wiring;
  const [first = '', ...rest] = from.split('.');
  if (first === 'sources')
    return suggestionOf(
      `$${from}`,
      namedSources(sources).map((name) => `$sources.${name}`),
    );
  if (sources.has(from)) return `it is a source: write $sources.${from}`;
  if (from.includes('/') || /\.(?:py|sh|js|mjs|ts|r|jl|txt|csv|json|ya?ml)$/i.test(from)) {
    const path = pathFromHere(from, wiring);
    return path === undefined
      ? `a file is named by its path from this one, with a dot first: ./${from}`
      : `a file is named by its path from this one, with a dot first: write ${path}`;
  }
  const [, node = '', point = ''] = /^([^[]+)\[(.*)\]$/.exec(first) ?? [];
  if (node in nodes) {
    const where = point.split(',').map((one) => one.replace('=', ': '));
    return `choose an instance so: { from: ${[node, ...rest].join('.')}, where: { ${where.join(', ')} } }`;
  }
  if (Object.hasOwn(context.params, first)) return `it is a param: write it in "with", as $${first}`;
  return suggestion(first, Object.keys(nodes)).replace(/"(.*)"\?$/, (_, near: string) => `"${[near, ...rest].join('.')}"?`);
}

/** The sources that have names of their own: not the paths that inputs name. */
function namedSources(sources: Wiring['sources']): string[] {
  return [...sources.keys()].filter((name) => !name.startsWith('.'));
}

/** A suggestion that says all that is to be written, where that is the only thing. */
function suggestionOf(name: string, known: readonly string[]): string {
  const [only] = known.length === 1 ? known : [];
  return known.includes(name) ? `write ${name}` : only === undefined ? suggestion(name, known) : `did you mean "${only}"?`;
}

/** What may be meant where an input names an output that its node does not have, or no output. */
export function portHint(node: string, port: string, outputs: readonly string[]): string {
  const names = outputs.map((one) => `${node}.${one}`);
  return port === '' ? `write ${names.join(' or ') || `${node}.port`}` : suggestionOf(`${node}.${port}`, names);
}

/** What may be meant where a dollar stands before what is no source. */
export function dollarHint(name: string, { sources, nodes, context }: Wiring): string {
  if (Object.hasOwn(nodes, name.split('.', 1)[0] ?? '')) return `an output of a node is named without a dollar: write ${name}`;
  if (Object.hasOwn(context.params, name)) return `"${name}" is a param, and inputs are files: write it in "with"`;
  return suggestionOf(
    `$${name.startsWith('sources.') ? name : `sources.${name}`}`,
    namedSources(sources).map((one) => `$sources.${one}`),
  );
}

/** How an input is added that is not connected: by an output of its kind, of the same name where there is one. */
export function missingInputHint(port: string, kind: string, own: string, wiring: Wiring): string {
  const fitting = connectable(wiring, kind.replace(/\W+$/, '')).filter((one) => !one.startsWith(`${own}.`));
  const best = fitting.find((one) => one.endsWith(`.${port}`)) ?? fitting[0];
  return best === undefined
    ? `add ${port}: node.port, or $sources.name`
    : `add ${port}: ${best}${fitting.length > 1 ? ', for example' : ''}`;
}

/** A kind of artifact in words. */
export function kindName(kind: string): string {
  return kind === 'dir' ? 'folder' : 'file';
}

/** What may be connected where something of another kind is. */
export function kindHint(kind: string, own: string, wiring: Wiring): string {
  const fitting = connectable(wiring, kind).filter((one) => !one.startsWith('$') && !one.startsWith(`${own}.`));
  return fitting.length > 0
    ? `connect a ${kindName(kind)}: ${fitting.slice(0, 6).join(', ')}, or a source`
    : `connect a ${kindName(kind)}: an output of that kind, or a source`;
}

/** Why no single instance is chosen by a point, and how one is chosen. */
export function ambiguity(
  { from, node, where }: { readonly from: string; readonly node: string; readonly where: Key },
  instances: readonly Instance[],
  isCommand: boolean,
): { readonly message: string; readonly hint: string } {
  const [first] = instances;
  const variables = Object.keys(first?.key ?? {});
  const unknown = Object.keys(where).find((name) => !variables.includes(name));
  const point = (key: Readonly<Record<string, Json>>): string => `{ from: ${from}, where: ${written(key)} }`;
  if (unknown !== undefined)
    return {
      message: `the matrix of "${node}" has no variable "${unknown}"`,
      hint: variables.length === 0 ? 'leave "where" out: it has no matrix' : suggestion(unknown, variables),
    };
  const asked = Object.keys(where);
  if (asked.length > 0 && !instances.some(({ key }) => asked.every((name) => JSON.stringify(key[name]) === JSON.stringify(where[name])))) {
    const known = new Set(instances.map(({ key }) => written(Object.fromEntries(asked.map((name) => [name, key[name] ?? null])))));
    return { message: `no instance of "${node}" has ${written(where)}`, hint: `there are: ${[...known].slice(0, 12).join(', ')}` };
  }
  const free = variables.find((name) => !asked.includes(name)) ?? variables[0] ?? '';
  const one = point({ ...where, [free]: first?.key[free] ?? null });
  const all = isCommand ? `; or take all as a folder: { from: ${from}, all: true }` : '';
  return { message: `this input takes one artifact, but "${node}" makes one for each ${free}`, hint: `choose one: ${one}${all}` };
}

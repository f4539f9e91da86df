import { SourceMap, type SourceMapPayload } from 'node:module';
import { extname } from 'node:path';
import type { Node } from 'acorn';
import type { Loader } from 'esbuild';
import type { Place } from '../model/problem.ts';
import { readPlain } from '../files/plain.ts';

/** Type stripping and what else both bundling and looking for escapes ask of esbuild. */
export const LANGUAGE = {
  target: 'node20',
  tsconfigRaw: { compilerOptions: { target: 'es2023', verbatimModuleSyntax: true } },
} as const;

/** A node of the syntax tree with whatever members its type has. */
export type AnyNode = Node & Readonly<Record<string, unknown>>;

/** Whether a value is a node of a syntax tree. */
export function isNode(value: unknown): value is AnyNode {
  return typeof (value as Partial<Node> | null)?.type === 'string';
}

/** The text that a node is, if it is a literal one. */
export function textOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  if (node.type !== 'TemplateLiteral' || (node['expressions'] as readonly unknown[]).length > 0) return undefined;
  return (node['quasis'] as readonly { readonly value: { readonly cooked: string } }[])[0]?.value.cooked;
}

/** The name by which a member is reached, if that is written out. */
export function memberName(member: AnyNode): string | undefined {
  const property = member['property'];
  if (!isNode(property)) return undefined;
  return member['computed'] === true ? textOf(property) : String(property['name']);
}

async function parse(code: string): Promise<AnyNode> {
  const { parse } = await import('acorn');
  const options = { ecmaVersion: 'latest', allowReturnOutsideFunction: true, allowHashBang: true } as const;
  try {
    return parse(code, { ...options, sourceType: 'module' }) as unknown as AnyNode;
  } catch {
    // CommonJS may be written in ways that a module may not.
    return parse(code, { ...options, sourceType: 'script' }) as unknown as AnyNode;
  }
}

/** Where in the source file an offset of the stripped text lies. */
function placeOf(file: string, text: string, code: string, map: string, offset: number): Place {
  const before = code.slice(0, offset).split('\n');
  const entry = new SourceMap(JSON.parse(map) as SourceMapPayload).findEntry(before.length - 1, before.at(-1)?.length ?? 0);
  const [line, column] = 'originalLine' in entry ? [entry.originalLine, entry.originalColumn] : [0, 0];
  return { file, line: line + 1, column: column + 1, excerpt: text.split(/\r?\n/)[line] ?? '' };
}

/** A source file's syntax, and where in the file an offset of the tree lies. */
export interface Syntax {
  readonly tree: AnyNode;
  placeAt(offset: number): Place;
}

/** Reads a file of TypeScript or JavaScript. `free`: other names for those that no declaration of the file shadows, since esbuild knows scopes. */
export async function readSyntax(file: string, free: Readonly<Record<string, string>> = {}): Promise<Syntax> {
  const text = readPlain(file).toString('utf8');
  const { transform } = await import('esbuild');
  const { code, map } = await transform(text, {
    ...LANGUAGE,
    loader: extname(file).replace(/^\.[cm]?/, '') as Loader,
    sourcefile: file,
    sourcemap: 'external',
    define: Object.fromEntries(Object.entries(free).map(([other, name]) => [name, other])),
    logLevel: 'silent',
  });
  return { tree: await parse(code), placeAt: (offset) => placeOf(file, text, code, map, offset) };
}

/** All nodes below one, and itself. */
function* nodesBelow(node: AnyNode): Generator<AnyNode> {
  yield node;
  for (const value of Object.values(node))
    for (const inner of Array.isArray(value) ? (value as readonly unknown[]) : [value]) if (isNode(inner)) yield* nodesBelow(inner);
}

function propertiesOf(node: unknown): AnyNode[] {
  if (!isNode(node) || node.type !== 'ObjectExpression') return [];
  return (node['properties'] as readonly AnyNode[]).filter(({ type }) => type === 'Property');
}

function keyOf(property: AnyNode): string | undefined {
  const key = property['key'] as AnyNode;
  return property['computed'] === true ? undefined : (textOf(key) ?? (key['name'] as string | undefined));
}

/** Where a file writes the object that has all the given members, and what the names of a path lead to below it, as far as they are written out. */
export async function memberPlaces(file: string, members: readonly string[]): Promise<(path: readonly string[]) => Place | undefined> {
  const { tree, placeAt } = await readSyntax(file);
  const object = [...nodesBelow(tree)].find((node) => {
    const keys = propertiesOf(node).map(keyOf);
    return members.every((member) => keys.includes(member));
  });
  return (path) => {
    let at: AnyNode | undefined;
    for (const name of path) {
      const next = propertiesOf(at === undefined ? object : at['value']).find((property) => keyOf(property) === name);
      if (next === undefined) break;
      at = next;
    }
    return at === undefined ? undefined : placeAt(at.start);
  };
}

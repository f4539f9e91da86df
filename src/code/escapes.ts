import { readFileSync } from 'node:fs';
import { isBuiltin, SourceMap, type SourceMapPayload } from 'node:module';
import { extname } from 'node:path';
import type { Loader, Metafile } from 'esbuild';
import type { Node } from 'acorn';
import type { Place, Problem } from '../model/problem.ts';

/** Type stripping and what else both bundling and looking for escapes ask of esbuild. */
export const LANGUAGE = {
  target: 'node20',
  tsconfigRaw: { compilerOptions: { target: 'es2023', verbatimModuleSyntax: true } },
} as const;

/** Names that lead out of a bundle, by what they become where no declaration of the file shadows them: esbuild knows scopes. */
const FREE = {
  $freeMeta: 'import.meta',
  $freeRequire: 'require',
  $freeDirname: '__dirname',
  $freeFilename: '__filename',
} as const;

/** A way out of the bundle: where in the stripped text, what to say and what to do instead. */
interface Escape {
  readonly offset: number;
  readonly message: string;
  readonly hint: string;
}

/** A node of the syntax tree with whatever members its type has. */
type AnyNode = Node & Readonly<Record<string, unknown>>;

function isNode(value: unknown): value is AnyNode {
  return typeof (value as Partial<Node> | null)?.type === 'string';
}

/** Whether a file can have escapes at all: most are told without parsing them. An escaped letter may spell any name. */
function isSuspect(text: string): boolean {
  return /\bimport\b(?!\s*[\w$*{'"])|\b(?:require|createRequire|__dirname|__filename)\b|\\u/.test(text);
}

const READS_BESIDE = 'import the data file (.json, .txt, .bin), or declare it as an input';
const WRITE_OUT = 'write the path as a text, or choose with param.module';

function textOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  if (node.type !== 'TemplateLiteral' || (node['expressions'] as readonly unknown[]).length > 0) return undefined;
  return (node['quasis'] as readonly { readonly value: { readonly cooked: string } }[])[0]?.value.cooked;
}

function nameOf(member: AnyNode): string | undefined {
  const property = member['property'];
  if (!isNode(property)) return undefined;
  return member['computed'] === true ? textOf(property) : String(property['name']);
}

/** What a free name does that leads out of the bundle, if anything. */
function freeName(node: AnyNode, parent: AnyNode | undefined): Omit<Escape, 'offset'> | undefined {
  const name = FREE[node['name'] as keyof typeof FREE];
  if (name === undefined) return undefined;
  if (parent?.type === 'UnaryExpression' && parent['operator'] === 'typeof') return undefined;
  if (name !== 'require') {
    const member = name === 'import.meta' && parent?.type === 'MemberExpression' && parent['object'] === node ? nameOf(parent) : undefined;
    const shown = member === undefined ? name : `${name}.${member}`;
    return { message: `stage code may not use ${shown}: what it reads that way would not count`, hint: READS_BESIDE };
  }
  const given = parent?.type === 'CallExpression' && parent['callee'] === node ? (parent['arguments'] as readonly unknown[]) : [];
  if (given.length === 1 && textOf(given[0]) !== undefined) return undefined;
  return { message: 'require takes a literal text in stage code: what it loads otherwise would not count', hint: WRITE_OUT };
}

function escapeAt(node: AnyNode, parent: AnyNode | undefined, absent: ReadonlySet<string>): Omit<Escape, 'offset'> | undefined {
  if (node.type === 'Identifier') return freeName(node, parent);
  if (node.type === 'ImportExpression' && textOf(node['source']) === undefined)
    return { message: 'import() takes a literal text in stage code: what it loads otherwise would not count', hint: WRITE_OUT };
  const imported = node.type === 'ImportSpecifier' ? (node['imported'] as AnyNode)['name'] : undefined;
  const key = node.type === 'Property' && parent?.type === 'ObjectPattern' ? (node['key'] as AnyNode) : undefined;
  const reached = node.type === 'MemberExpression' ? nameOf(node) : key === undefined ? undefined : (textOf(key) ?? key['name']);
  if (imported === 'createRequire' || reached === 'createRequire')
    return { message: 'stage code may not use createRequire: what it loads would not count', hint: 'import what is needed by its path' };
  const text = node.type === 'Literal' ? textOf(node) : undefined;
  if (text !== undefined && absent.has(text) && /Import|Export|Call/.test(parent?.type ?? ''))
    return { message: `"${text}" is not there, so what it may be later would not count`, hint: 'create it, or remove its import' };
  return undefined;
}

function firstEscape(tree: AnyNode, absent: ReadonlySet<string>): Escape | undefined {
  const open: [node: AnyNode, parent: AnyNode | undefined][] = [[tree, undefined]];
  let first: Escape | undefined;
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const [node, parent] = at;
    const found = escapeAt(node, parent, absent);
    if (found !== undefined && (first === undefined || node.start < first.offset)) first = { ...found, offset: node.start };
    for (const value of Object.values(node))
      for (const inner of Array.isArray(value) ? (value as readonly unknown[]) : [value]) if (isNode(inner)) open.push([inner, node]);
  }
  return first;
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

/**
 * Finds what in a file of stage code would read or load beside the bundle at run time: such a file would not count. `absent` are the paths
 * that it imports in a way that may fail, and that are not there.
 */
export async function findEscape(file: string, absent: ReadonlySet<string> = new Set()): Promise<Problem | undefined> {
  const text = readFileSync(file, 'utf8');
  if (absent.size === 0 && !isSuspect(text)) return undefined;
  const { transform } = await import('esbuild');
  const { code, map } = await transform(text, {
    ...LANGUAGE,
    loader: extname(file).replace(/^\.[cm]?/, '') as Loader,
    sourcefile: file,
    sourcemap: 'external',
    define: Object.fromEntries(Object.entries(FREE).map(([free, name]) => [name, free])),
    logLevel: 'silent',
  });
  const found = firstEscape(await parse(code), absent);
  if (found === undefined) return undefined;
  const place = placeOf(file, text, code, map, found.offset);
  return { kind: 'pipeline', code: 'escaping-code', message: found.message, place, hint: found.hint };
}

/** What a bundled file imports that esbuild left outside although it is neither Node's nor one of the given packages. */
export function absentImports(imports: Metafile['inputs'][string]['imports'], isPackage: (path: string) => boolean): ReadonlySet<string> {
  return new Set(imports.flatMap(({ path, external }) => (external === true && !isBuiltin(path) && !isPackage(path) ? [path] : [])));
}

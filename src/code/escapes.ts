import { isBuiltin } from 'node:module';
import type { Metafile } from 'esbuild';
import type { Problem } from '../model/problem.ts';
import { type AnyNode, isNode, memberName, readSyntax, textOf } from './syntax.ts';
import { readPlain } from '../files/plain.ts';

const FREE_REQUIRE = '$freeRequire';

/** Names that lead out of a bundle, by what they become where no declaration of the file shadows them: esbuild knows scopes. */
const FREE = {
  $freeMeta: 'import.meta',
  [FREE_REQUIRE]: 'require',
  $freeDirname: '__dirname',
  $freeFilename: '__filename',
} as const;

/** A way out of the bundle: where in the stripped text, what to say and what to do instead. */
interface Escape {
  readonly offset: number;
  readonly message: string;
  readonly hint: string;
}

/** Whether a file can have escapes at all: most are told without parsing them. An escaped letter may spell any name. */
function isSuspect(text: string): boolean {
  return /\bimport\b(?!\s*[\w$*{'"])|\b(?:require|createRequire|__dirname|__filename)\b|\\u/.test(text);
}

const READS_BESIDE = 'import the data file (.json, .txt, .bin), or declare it as an input';
const WRITE_OUT = 'write the path as a text, or choose with param.module';

/** What a free name does that leads out of the bundle, if anything. */
function freeName(node: AnyNode, parent: AnyNode | undefined): Omit<Escape, 'offset'> | undefined {
  const name = FREE[node['name'] as keyof typeof FREE];
  if (name === undefined) return undefined;
  if (parent?.type === 'UnaryExpression' && parent['operator'] === 'typeof') return undefined;
  if (name !== 'require') {
    const member =
      name === 'import.meta' && parent?.type === 'MemberExpression' && parent['object'] === node ? memberName(parent) : undefined;
    const shown = member === undefined ? name : `${name}.${member}`;
    return { message: `stage code may not use ${shown}: what it reads that way would not count`, hint: READS_BESIDE };
  }
  // Where a package lies tells nothing that does not count: the package itself does.
  if (parent !== undefined && isResolve(parent)) return undefined;
  if (givenText(node, parent) !== undefined) return undefined;
  return { message: 'require takes a literal text in stage code: what it loads otherwise would not count', hint: WRITE_OUT };
}

/** Whether something is `require.resolve`. */
function isResolve(node: AnyNode): boolean {
  return node.type === 'MemberExpression' && (node['object'] as AnyNode)['name'] === FREE_REQUIRE && memberName(node) === 'resolve';
}

/** The text that is written out as the only argument of a function, where it is called. */
function givenText(called: AnyNode, parent: AnyNode | undefined): string | undefined {
  const given = parent?.type === 'CallExpression' && parent['callee'] === called ? (parent['arguments'] as readonly unknown[]) : [];
  return given.length === 1 ? textOf(given[0]) : undefined;
}

function escapeAt(node: AnyNode, parent: AnyNode | undefined, absent: ReadonlySet<string>): Omit<Escape, 'offset'> | undefined {
  if (node.type === 'Identifier') return freeName(node, parent);
  if (node.type === 'ImportExpression' && textOf(node['source']) === undefined)
    return { message: 'import() takes a literal text in stage code: what it loads otherwise would not count', hint: WRITE_OUT };
  const imported = node.type === 'ImportSpecifier' ? (node['imported'] as AnyNode)['name'] : undefined;
  const key = node.type === 'Property' && parent?.type === 'ObjectPattern' ? (node['key'] as AnyNode) : undefined;
  const reached = node.type === 'MemberExpression' ? memberName(node) : key === undefined ? undefined : (textOf(key) ?? key['name']);
  if (imported === 'createRequire' || reached === 'createRequire')
    return { message: 'stage code may not use createRequire: what it loads would not count', hint: 'import what is needed by its path' };
  if (isResolve(node) && !/^[^./]/.test(givenText(node, parent) ?? ''))
    return {
      message: 'require.resolve takes the name of a package in stage code: what it finds otherwise would not count',
      hint: WRITE_OUT,
    };
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

/**
 * Finds what in a file of stage code would read or load beside the bundle at run time: such a file would not count. `absent` are the paths
 * that it imports in a way that may fail, and that are not there.
 */
export async function findEscape(file: string, absent: ReadonlySet<string> = new Set()): Promise<Problem | undefined> {
  const text = readPlain(file).toString('utf8');
  if (absent.size === 0 && !isSuspect(text)) return undefined;
  const { tree, placeAt } = await readSyntax(file, FREE);
  const found = firstEscape(tree, absent);
  if (found === undefined) return undefined;
  return { kind: 'pipeline', code: 'escaping-code', message: found.message, place: placeAt(found.offset), hint: found.hint };
}

/** What a bundled file imports that esbuild left outside although it is neither Node's nor one of the given packages. */
export function absentImports(imports: Metafile['inputs'][string]['imports'], isPackage: (path: string) => boolean): ReadonlySet<string> {
  return new Set(imports.flatMap(({ path, external }) => (external === true && !isBuiltin(path) && !isPackage(path) ? [path] : [])));
}

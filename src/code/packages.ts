import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { digestOf, sha256 } from '../model/canonical.ts';
import type { PackageIngredient } from '../model/result.ts';

interface PackageFile {
  readonly name?: string;
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Packages that load native code by paths of their own. */
const NATIVE = new Set(['sharp', 'onnxruntime-node', '@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu', 'koffi']);

function readPackage(folder: string): PackageFile {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageFile;
}

/** Finds an installed package as Node does: in `node_modules` of a folder or any folder above it. */
export function installedPackage(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const at = join(folder, 'node_modules', name);
    if (existsSync(join(at, 'package.json'))) return realpathSync(at);
    if (folder === dirname(folder)) return undefined;
  }
}

/** A package and everything installed that it depends on, by folder. */
function closureOf(folder: string): ReadonlyMap<string, PackageFile> {
  const closure = new Map<string, PackageFile>();
  const open = [folder];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (closure.has(at)) continue;
    const file = readPackage(at);
    closure.set(at, file);
    for (const name of Object.keys({ ...file.dependencies, ...file.optionalDependencies })) {
      const found = installedPackage(name, at);
      if (found !== undefined) open.push(found);
    }
  }
  return closure;
}

function holdsAddon(folder: string): boolean {
  return readdirSync(folder, { withFileTypes: true }).some((entry) => {
    if (entry.isDirectory()) return entry.name !== 'node_modules' && holdsAddon(join(folder, entry.name));
    return entry.name.endsWith('.node') || entry.name === 'binding.gyp';
  });
}

/** Whether a package has native code, in itself or in what it depends on: such a one stays outside the bundle. */
export function isNative(folder: string): boolean {
  const name = readPackage(folder).name ?? '';
  return NATIVE.has(name) || [...closureOf(folder).keys()].some(holdsAddon);
}

const lockFiles = new Map<string, Readonly<Record<string, { readonly integrity?: string; readonly link?: boolean }>>>();

/** The integrity that npm recorded for an installed package; undefined for linked and local ones. */
function integrityOf(folder: string): string | undefined {
  const parts = folder.split('/node_modules/');
  if (parts.length < 2) return undefined;
  const [root = ''] = parts;
  const path = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(path)) return undefined;
  const stats = lstatSync(path);
  const key = `${path} ${stats.mtimeMs} ${stats.size}`;
  const packages =
    lockFiles.get(key) ?? (JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, { integrity?: string }> }).packages;
  lockFiles.set(key, packages);
  return packages[folder.slice(root.length + 1)]?.integrity;
}

function filesDigest(folder: string): string {
  const lines: string[] = [];
  const visit = (at: string, prefix: string): void => {
    for (const entry of readdirSync(at, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name === 'node_modules' || entry.name === '.git') continue;
      if (entry.isDirectory()) visit(join(at, entry.name), `${prefix}${entry.name}/`);
      else if (entry.isFile()) lines.push(`${prefix}${entry.name} ${sha256(readFileSync(join(at, entry.name)))}`);
    }
  };
  visit(folder, '');
  return `files-${sha256(lines.join('\n'))}`;
}

/** What a package with native code contributes to a fingerprint: itself and its installed closure, by lock file or by content. */
export function packageIngredient(folder: string): PackageIngredient {
  const closure = [...closureOf(folder)].map(([at, file]) => [
    file.name ?? basename(at),
    file.version ?? '',
    integrityOf(at) ?? filesDigest(at),
  ]);
  closure.sort(([a = '', b = ''], [c = '', d = '']) => (a === c ? (b < d ? -1 : 1) : a < c ? -1 : 1));
  return { version: readPackage(folder).version ?? '', integrity: digestOf(closure) };
}

import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isObject } from '../files/json.ts';
import { trustedStamp } from '../files/stamp.ts';
import { hashFile } from '../files/hash.ts';
import { digestOf, sha256 } from '../model/canonical.ts';
import type { Json } from '../model/json.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import type { PackageIngredient } from '../model/result.ts';
import { readPlain } from '../files/plain.ts';

/** What a `package.json` says, as far as it is understood: what is not as npm wants it is left out. */
interface PackageFile {
  readonly name?: string;
  readonly version?: string;
  readonly type?: string;
  readonly main?: string;
  readonly module?: string;
  readonly sideEffects?: Json;
  readonly exports?: Json;
  readonly imports?: Json;
  readonly dependencies?: Readonly<Record<string, unknown>>;
  readonly optionalDependencies?: Readonly<Record<string, unknown>>;
}

/** Reads a package's `package.json`; one that is missing or damaged says nothing. */
export function readPackage(folder: string): PackageFile {
  let written: unknown;
  try {
    written = JSON.parse(readPlain(join(folder, 'package.json')).toString('utf8'));
  } catch {
    return {};
  }
  if (!isObject(written)) return {};
  const known = written;
  const isText = (value: unknown): boolean => typeof value === 'string';
  const understood: Readonly<Record<string, (value: unknown) => boolean>> = {
    name: isText,
    version: isText,
    type: isText,
    main: isText,
    module: isText,
    sideEffects: () => true,
    exports: () => true,
    imports: isObject,
    dependencies: isObject,
    optionalDependencies: isObject,
  };
  return Object.fromEntries(Object.entries(understood).flatMap(([key, fits]) => (fits(known[key]) ? [[key, known[key]]] : [])));
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

/** What of a package's own files can matter: neither what is installed below it nor its history. */
function ownEntries(folder: string): ReturnType<typeof entriesOf> {
  return entriesOf(folder).filter(({ name }) => name !== 'node_modules' && name !== '.git');
}

function entriesOf(folder: string) {
  return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Whether a package has addons, or WebAssembly, which it reads from beside its own files. */
function holdsNativeCode(folder: string): boolean {
  return ownEntries(folder).some((entry) => {
    if (entry.isDirectory()) return holdsNativeCode(join(folder, entry.name));
    return /\.(?:node|wasm)$/.test(entry.name) || entry.name === 'binding.gyp';
  });
}

/** The name that a package is installed under: the last one or two steps of its path. */
function installedName(folder: string): string {
  return /((?:@[^/]+\/)?[^/]+)\/*$/.exec(folder)?.[1] ?? folder;
}

/** A package that cannot be read, as a problem rather than a throw. */
function reading<Value>(folder: string, read: () => Value): Outcome<Value> {
  try {
    return done(read());
  } catch (error) {
    const { code, message, path } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return failed({
      kind: 'pipeline',
      code: 'bad-package',
      message: `the package ${installedName(folder)} cannot be read: ${message}`,
      hint: `make ${path ?? folder} readable, or install the package again`,
    });
  }
}

/** Whether a package has native code, in itself or in what it depends on: such a one stays outside the bundle. */
export function isNative(folder: string): Outcome<boolean> {
  return reading(folder, () => [...closureOf(folder).keys()].some(holdsNativeCode));
}

/** The packages that npm notes in a folder of installed ones, by path; nothing if its note is damaged. */
interface Installed {
  readonly packages?: Readonly<Record<string, { readonly integrity?: string } | null>>;
}

const lockFiles = new Map<string, Installed>();

function readInstalled(path: string): Installed {
  const stats = lstatSync(path);
  const key = `${path} ${stats.mtimeMs} ${stats.size}`;
  const known = lockFiles.get(key);
  if (known !== undefined) return known;
  let installed: Installed = {};
  try {
    installed = (JSON.parse(readPlain(path).toString('utf8')) as Installed | null) ?? {};
  } catch {
    // Packages without a note count by the content of their files.
  }
  lockFiles.set(key, installed);
  return installed;
}

/** The note that npm keeps of the packages installed beside one; undefined for linked and local ones. */
function noteOf(folder: string): string | undefined {
  const [root, ...below] = folder.split('/node_modules/');
  const path = join(root ?? '', 'node_modules', '.package-lock.json');
  return below.length > 0 && existsSync(path) ? path : undefined;
}

/** The integrity that a note has of an installed package. */
function integrityIn(note: string, folder: string): string | undefined {
  return readInstalled(note).packages?.[folder.slice(note.length - 'node_modules/.package-lock.json'.length)]?.integrity;
}

function filesDigest(folder: string): string {
  const lines: string[] = [];
  const visit = (at: string, prefix: string): void => {
    for (const entry of ownEntries(at)) {
      const path = join(at, entry.name);
      if (entry.isDirectory()) visit(path, `${prefix}${entry.name}/`);
      else if (entry.isFile()) lines.push(`${prefix}${entry.name} ${hashFile(path)}`);
      else if (entry.isSymbolicLink()) lines.push(`${prefix}${entry.name} -> ${linkDigest(path)}`);
    }
  };
  visit(folder, '');
  return `files-${sha256(lines.join('\n'))}`;
}

/** What a link in a package stands for: a file's content, else where it leads, which is not followed (it may lead back). */
function linkDigest(path: string): string {
  const target = readlinkSync(path);
  const isFile = existsSync(path) && lstatSync(realpathSync(path)).isFile();
  return isFile ? `${target} ${hashFile(path)}` : target;
}

/** What a package contributes to a fingerprint, and how to see that it still does without looking at the package. */
export interface InstalledPackage extends PackageIngredient {
  /** The notes of npm's that it was read from, with their stamps; null where files counted by their content. */
  readonly notes: readonly (readonly [path: string, stamp: string])[] | null;
}

/** What a package with native code contributes to a fingerprint: itself and its installed closure, by npm's notes or by content. */
export function installedIngredient(folder: string): Outcome<InstalledPackage> {
  return reading(folder, () => {
    const notes = new Map<string, string>();
    let isNoted = true;
    const closure = [...closureOf(folder)].map(([at, file]) => {
      const note = noteOf(at);
      if (note !== undefined && !notes.has(note)) notes.set(note, trustedStamp(note));
      const integrity = note === undefined ? undefined : integrityIn(note, at);
      isNoted &&= integrity !== undefined;
      return [file.name ?? installedName(at), file.version ?? '', integrity ?? filesDigest(at)];
    });
    closure.sort(([a = '', b = ''], [c = '', d = '']) => (a === c ? (b < d ? -1 : 1) : a < c ? -1 : 1));
    const version = readPackage(folder).version ?? '';
    const areTrusted = isNoted && [...notes.values()].every((stamp) => stamp !== '');
    return { version, integrity: digestOf(closure), notes: areTrusted ? [...notes] : null };
  });
}

/** The same as an ingredient. */
export function ingredientOf({ version, integrity }: InstalledPackage): PackageIngredient {
  return { version, integrity };
}

/** Whether npm has installed nothing since. */
export function areNotesUnchanged({ notes }: InstalledPackage): boolean {
  return notes === null || notes.every(([path, stamp]) => trustedStamp(path) === stamp);
}

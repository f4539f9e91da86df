import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { digestOf, sha256 } from '../model/canonical.ts';
import { installation } from '../model/installation.ts';
import type { BundleRecord, Store } from '../model/store.ts';
import { done, type Outcome } from '../model/problem.ts';
import type { PackageIngredient } from '../model/result.ts';
import { type Bundled, type Bundler, type CodeRequest, esbuildBundler } from './bundler.ts';
import { packageIngredient } from './packages.ts';

/** A stage's code, ready to be hashed and executed. */
export interface Code {
  readonly digest: string;
  /** Packages with native code that stay outside, by name. */
  readonly packages: Readonly<Record<string, PackageIngredient>>;
  /** Where they are installed. */
  readonly packageFolders: Readonly<Record<string, string>>;
}

/** What is remembered of a bundling, and how to see whether it still holds. */
interface Note {
  readonly bundler: string;
  readonly digest: string;
  /** Every source, with how it stood. */
  readonly files: readonly (readonly [path: string, stamp: string, digest: string])[];
  /** The names in every folder where a source was looked for. */
  readonly listings: readonly (readonly [folder: string, digest: string])[];
  readonly packageFolders: Readonly<Record<string, string>>;
}

function stampOf(path: string): string {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? '' : `${stats.size}:${stats.ino}:${stats.mtimeNs}:${stats.ctimeNs}`;
}

function listingOf(folder: string): string {
  return existsSync(folder) ? sha256(readdirSync(folder).sort().join('\n')) : '';
}

/** A source's path as it stays when the project, or Stillroom itself, moves. */
function shown(path: string, root: string): string {
  const inPackage = path.lastIndexOf('/node_modules/');
  if (inPackage !== -1) return path.slice(inPackage + 1);
  const isOwn = relative(root, path).startsWith('..') && !relative(installation, path).startsWith('..');
  return isOwn ? `stillroom/${relative(installation, path)}` : relative(root, path);
}

function stillHolds(note: Note, bundler: Bundler, store: Store): boolean {
  return (
    note.bundler === bundler.version &&
    note.files.every(([path, stamp, digest]) => stampOf(path) === stamp || (existsSync(path) && sha256(readFileSync(path)) === digest)) &&
    note.listings.every(([folder, digest]) => listingOf(folder) === digest) &&
    Object.values(note.packageFolders).every((folder) => existsSync(join(folder, 'package.json'))) &&
    store.artifacts.read(note.digest) !== undefined
  );
}

/**
 * Bundles a stage's code, or trusts an earlier bundling as long as nothing that it read or looked for has changed. Sources that were
 * bundled before keep their bundle, whatever bundler is installed now: an upgrade of it reruns nothing.
 */
export async function stageCode(request: CodeRequest, store: Store, bundler: Bundler = esbuildBundler): Promise<Outcome<Code>> {
  const noteFile = join(store.cache, 'code', `${digestOf({ folder: request.folder, modules: request.modules })}.json`);
  const known = existsSync(noteFile) ? (JSON.parse(readFileSync(noteFile, 'utf8')) as Note) : undefined;
  if (known !== undefined && stillHolds(known, bundler, store)) return done(toCode(known));
  const built = await bundler.bundle(request);
  if (!built.ok) return built;
  const files = built.value.files.map((path) => [path, stampOf(path), sha256(readFileSync(path))] as const);
  const sources = Object.fromEntries(files.map(([path, , digest]) => [shown(path, request.root), digest]));
  const raw = digestOf({
    sources,
    modules: Object.keys(request.modules),
    packages: Object.keys(built.value.packageFolders),
    settings: bundler.settings,
  });
  const record = store.bundles.ofSources(raw) ?? keep(built.value, request.root, raw, store);
  const folders = [...new Set(files.map(([path]) => dirname(path)))].filter((folder) => !folder.includes('/node_modules/'));
  const note: Note = {
    bundler: bundler.version,
    digest: record.digest,
    files,
    listings: folders.map((folder) => [folder, listingOf(folder)] as const),
    packageFolders: built.value.packageFolders,
  };
  mkdirSync(dirname(noteFile), { recursive: true });
  writeFileSync(`${noteFile}.${process.pid}`, JSON.stringify(note));
  renameSync(`${noteFile}.${process.pid}`, noteFile);
  return done(toCode(note));
}

function keep(built: Bundled, root: string, raw: string, store: Store): BundleRecord {
  const files = Object.fromEntries(built.contributing.map((path) => [shown(path, root), sha256(readFileSync(path))]));
  const record = { digest: store.artifacts.add(Buffer.from(built.code)), map: store.artifacts.add(Buffer.from(built.map)), files };
  store.bundles.keep(raw, record);
  return record;
}

function toCode(note: Note): Code {
  const packages = Object.fromEntries(Object.entries(note.packageFolders).map(([name, folder]) => [name, packageIngredient(folder)]));
  return { digest: note.digest, packages, packageFolders: note.packageFolders };
}

import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Metafile, Plugin } from 'esbuild';
import { isObject } from '../files/json.ts';
import { readSealed, writeSealedNote } from '../files/sealed.ts';
import { trustedStamp } from '../files/stamp.ts';
import { hashFile } from '../files/hash.ts';
import { digestOf, sha256 } from '../model/canonical.ts';
import { done, type Outcome } from '../model/problem.ts';
import { installedPackage, readPackage } from './packages.ts';
import { readPlain } from '../files/plain.ts';

/** All that a build read and where it looked: while that stands as it stood, building again gives the same. */
export interface Readings {
  /** Every file, with a stamp of how it stood before it was read, and the digest of the bytes that were read. */
  readonly files: readonly (readonly [path: string, stamp: string, digest: string])[];
  /** Every `package.json` that says how files beside and below it are to be understood, with the digest of what it says of that. */
  readonly manifests: readonly (readonly [path: string, stamp: string, digest: string])[];
  /** The names in every folder where a file was looked for. */
  readonly listings: readonly (readonly [folder: string, digest: string])[];
  /** Which folder a package was found in, looked for from another; null where it was not found. */
  readonly packages: readonly (readonly [name: string, from: string, folder: string | null])[];
}

/** Notes what a build reads, as a plugin that stands last: the bytes that esbuild is given are those that are hashed. */
export interface Reader {
  readonly plugin: Plugin;
  /** Notes that a package was looked for, and returns where it is. */
  findPackage(name: string, from: string): string | undefined;
  /** What was read by a build whose paths are relative to `base`. */
  readings(metafile: Metafile, base: string): Readings;
}

/** The digest of the names in a folder; empty where there is none. */
export function folderListing(folder: string): string {
  return existsSync(folder) ? sha256(readdirSync(folder).sort().join('\n')) : '';
}

/** How files and folders stand, each looked at once: for who asks of many builds at a time whether they still hold. */
export class Glance {
  private readonly seen = new Map<string, string>();

  stamp(path: string): string {
    return this.once(`stamp ${path}`, () => trustedStamp(path));
  }

  /** The digest of the names in a folder. */
  listing(folder: string): string {
    return this.once(`listing ${folder}`, () => folderListing(folder));
  }

  /** Where a package is installed, looked for from a folder; empty where it is not. */
  packageFolder(name: string, from: string): string {
    return this.once(`package ${name} ${from}`, () => installedPackage(name, from) ?? '');
  }

  private once(what: string, look: () => string): string {
    const known = this.seen.get(what) ?? look();
    this.seen.set(what, known);
    return known;
  }
}

/** The paths of the files among a build's inputs: what has none (our own entry, what a plugin made up) is left out. */
export function filesAmong(inputs: Iterable<string>, base: string): string[] {
  return [...inputs].filter((path) => !/^(?:<stdin>$|native:|work:|\(disabled\):)/.test(path)).map((path) => join(base, path));
}

/** The `package.json` that says how a file is to be understood. */
function packageFileOf(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const path = join(at, 'package.json');
    if (existsSync(path)) return path;
    if (at === dirname(at)) return undefined;
  }
}

/** The digest of what a `package.json` says of how a bundle is made from given files. */
export function bundlingDigest(manifest: string): string {
  const { type, sideEffects } = readPackage(dirname(manifest));
  return digestOf({ type: type ?? null, sideEffects: sideEffects ?? null });
}

/** The digest of what a `package.json` says of how files are found, too. */
function findingDigest(manifest: string): string {
  const { main, module, exports, imports } = readPackage(dirname(manifest));
  return digestOf([bundlingDigest(manifest), main ?? null, module ?? null, exports ?? null, imports ?? null]);
}

/** Makes what notes a build's readings. */
export function openReader(): Reader {
  const files = new Map<string, readonly [path: string, stamp: string, digest: string]>();
  const packages = new Map<string, readonly [name: string, from: string, folder: string | null]>();
  const read = (path: string): Buffer => {
    const stamp = trustedStamp(path);
    const contents = readPlain(path);
    files.set(path, [path, stamp, sha256(contents)]);
    return contents;
  };
  return {
    plugin: {
      name: 'readings',
      setup(build) {
        build.onLoad({ filter: /.*/, namespace: 'file' }, ({ path }) => ({ contents: read(path), loader: 'default' }));
      },
    },
    findPackage(name, from) {
      const folder = installedPackage(name, from);
      packages.set(`${name} ${from}`, [name, from, folder ?? null]);
      return folder;
    },
    readings(metafile, base) {
      const paths = filesAmong(Object.keys(metafile.inputs), base);
      const folders = [...new Set(paths.map((path) => dirname(path)))];
      const manifests = [...new Set(folders.map(packageFileOf))].filter((path) => path !== undefined);
      const searched = folders.filter((folder) => !folder.includes('/node_modules/'));
      return {
        files: [...files.values()],
        manifests: manifests.map((path) => [path, trustedStamp(path), findingDigest(path)] as const),
        listings: searched.map((folder) => [folder, folderListing(folder)] as const),
        packages: [...packages.values()],
      };
    },
  };
}

/** The same files with their stamps of now; undefined if one is another than it was. */
function restamped(files: Readings['files'], digestAt: (path: string) => string, glance: Glance): Readings['files'] | undefined {
  const now: [path: string, stamp: string, digest: string][] = [];
  for (const [path, before, digest] of files) {
    const stamp = glance.stamp(path);
    if ((stamp === '' || stamp !== before) && (!existsSync(path) || digestAt(path) !== digest)) return undefined;
    now.push([path, stamp, digest]);
  }
  return now;
}

/** What a build read, with the stamps of now; undefined if any of it has changed. */
function standing({ files, manifests, listings, packages }: Readings, glance: Glance): Readings | undefined {
  if (listings.some(([folder, digest]) => glance.listing(folder) !== digest)) return undefined;
  if (packages.some(([name, from, folder]) => glance.packageFolder(name, from) !== (folder ?? ''))) return undefined;
  const nowFiles = restamped(files, hashFile, glance);
  const nowManifests = restamped(manifests, findingDigest, glance);
  return nowFiles === undefined || nowManifests === undefined
    ? undefined
    : { files: nowFiles, manifests: nowManifests, listings, packages };
}

/** What is kept of a build. */
interface Note<Value> {
  /** Of what built it. */
  readonly version: string;
  readonly readings: Readings;
  readonly value: Value;
}

/** Where a build is remembered, and when it may be trusted. */
export interface Memory<Value> {
  readonly file: string;
  /** A change of it is a change of what builds. */
  readonly version: string;
  /** Whether what was built is still usable; true if not given. */
  readonly usable?: (value: Value) => boolean;
  readonly glance?: Glance | undefined;
}

function isNote(value: unknown): value is Note<unknown> {
  const { readings } = isObject(value) ? value : {};
  const lists = ['files', 'manifests', 'listings', 'packages'];
  return isObject(value) && isObject(readings) && lists.every((name) => Array.isArray(readings[name])) && 'value' in value;
}

/** Gives what was built before as long as nothing that the building read or looked for has changed, else builds it. */
export async function remembered<Value>(
  { file, version, usable = () => true, glance = new Glance() }: Memory<Value>,
  build: () => Promise<Outcome<Omit<Note<Value>, 'version'>>>,
): Promise<Outcome<Value>> {
  const known = readSealed(file, isNote) as Note<Value> | undefined;
  const readings = known?.version === version ? standing(known.readings, glance) : undefined;
  if (known !== undefined && readings !== undefined && usable(known.value)) {
    // What was touched without a change, or was too new to be trusted by its stamp, need not be read again the next time.
    if (!isDeepStrictEqual(readings, known.readings)) writeSealedNote(file, { ...known, readings });
    return done(known.value);
  }
  const built = await build();
  if (!built.ok) return built;
  writeSealedNote(file, { version, ...built.value } satisfies Note<Value>);
  return done(built.value.value);
}

import { existsSync } from 'node:fs';
import { isOutside } from '../files/folder.ts';
import { join, relative } from 'node:path';
import { digestOf, sha256 } from '../model/canonical.ts';
import { installation } from '../model/installation.ts';
import type { Artifacts, BundleRecord, Bundles } from '../model/store.ts';
import { done, type Outcome } from '../model/problem.ts';
import type { PackageIngredient } from '../model/result.ts';
import { type Bundled, type Bundler, type CodeRequest, esbuildBundler } from './bundler.ts';
import { areNotesUnchanged, ingredientOf, type InstalledPackage, installedIngredient } from './packages.ts';
import { bundlingDigest, type Glance, type Memory, remembered } from './readings.ts';

/** Raise it when what is remembered of a bundling changes its form. */
const FORMAT = 2;

/** A stage's code, ready to be hashed and executed. */
export interface Code {
  readonly digest: string;
  /** Packages with native code that stay outside, by name. */
  readonly packages: Readonly<Record<string, PackageIngredient>>;
  /** Where they are installed. */
  readonly packageFolders: Readonly<Record<string, string>>;
}

/** What bundling needs of a store. */
export interface BundleStore {
  readonly cache: string;
  readonly artifacts: Pick<Artifacts, 'add' | 'read'>;
  readonly bundles: Bundles;
  /** Why nothing can be kept in it: then code is only looked at, for a plan. */
  readonly unwritable: object | undefined;
}

/** How stage code is bundled, and who has looked at its files meanwhile. */
interface Bundling {
  readonly bundler?: Bundler | undefined;
  readonly glance?: Glance | undefined;
}

/** What is remembered of a bundling. */
interface Built {
  readonly digest: string;
  /** Its source map is lost, and the bundler that is installed now makes others. */
  readonly isMapless?: true;
  readonly packages: Readonly<Record<string, InstalledPackage & { readonly folder: string }>>;
}

/** A source's path as it stays when the project, or Stillroom itself, moves. */
function shown(path: string, root: string): string {
  const inPackage = path.lastIndexOf('/node_modules/');
  if (inPackage !== -1) return path.slice(inPackage + 1);
  const isOwn = isOutside(root, path) && !isOutside(installation, path);
  return isOwn ? `stillroom/${relative(installation, path)}` : relative(root, path);
}

/**
 * Bundles a stage's code, or trusts an earlier bundling as long as nothing that it read or looked for has changed. Sources that were
 * bundled before keep their bundle, whatever bundler is installed now: an upgrade of it reruns nothing.
 */
export async function stageCode(
  request: CodeRequest,
  store: BundleStore,
  { bundler = esbuildBundler, glance }: Bundling = {},
): Promise<Outcome<Code>> {
  const { folder, entry, modules } = request;
  const memory: Memory<Built> = {
    file: join(store.cache, 'code', `${digestOf({ folder, entry, modules })}.json`),
    version: `${FORMAT} ${bundler.version} ${bundler.settings}`,
    glance,
    usable: ({ digest, packages, isMapless }) =>
      Object.values(packages).every((one) => existsSync(join(one.folder, 'package.json')) && areNotesUnchanged(one)) &&
      store.artifacts.read(digest) !== undefined &&
      (isMapless === true || store.bundles.isWhole(digest)),
  };
  const built = await remembered(memory, async () => {
    const bundled = await bundler.bundle(request);
    if (!bundled.ok) return bundled;
    const { readings, packageFolders } = bundled.value;
    const raw = rawDigest(request, bundled.value, bundler.settings);
    const { digest, isMapless } = bundleOf(bundled.value, raw, request, store);
    const packages = installedPackages(packageFolders);
    const more = isMapless ? { isMapless: true as const } : {};
    return packages.ok ? done({ readings, value: { digest, packages: packages.value, ...more } }) : packages;
  });
  return built.ok ? toCode(built.value) : built;
}

/** The digest of all that a bundle is made from, but the bundler. */
function rawDigest({ entry, modules, root }: CodeRequest, { readings, packageFolders }: Bundled, settings: string): string {
  return digestOf({
    sources: Object.fromEntries(readings.files.map(([path, , digest]) => [shown(path, root), digest])),
    manifests: Object.fromEntries(readings.manifests.map(([path]) => [shown(path, root), bundlingDigest(path)])),
    entry,
    modules: Object.fromEntries(Object.entries(modules).map(([name, { file }]) => [name, shown(file, root)])),
    packages: Object.keys(packageFolders),
    settings,
  });
}

/** The bundle that these sources have had since they were first bundled. What of it is lost is kept again, if it comes out the same. */
function bundleOf(
  built: Bundled,
  raw: string,
  { root }: CodeRequest,
  store: BundleStore,
): { readonly digest: string; readonly isMapless: boolean } {
  const known = store.bundles.ofSources(raw);
  if (known !== undefined && store.bundles.isWhole(known.digest)) return { digest: known.digest, isMapless: false };
  if (known !== undefined && known.digest !== sha256(built.code)) return { digest: known.digest, isMapless: true };
  return { digest: keep(built, root, raw, store).digest, isMapless: false };
}

function keep(built: Bundled, root: string, raw: string, store: BundleStore): BundleRecord {
  const digests = new Map(built.readings.files.map(([path, , digest]) => [path, digest]));
  const files = Object.fromEntries(built.contributing.map((path) => [shown(path, root), digests.get(path) ?? '']));
  const isKept = store.unwritable === undefined;
  const keepBytes = (text: string): string => (isKept ? store.artifacts.add(Buffer.from(text)) : sha256(text));
  const record = { digest: keepBytes(built.code), map: keepBytes(built.map), files };
  if (isKept) store.bundles.keep(raw, record);
  return record;
}

function installedPackages(folders: Readonly<Record<string, string>>): Outcome<Built['packages']> {
  const packages: Record<string, Built['packages'][string]> = {};
  for (const [name, folder] of Object.entries(folders)) {
    const found = installedIngredient(folder);
    if (!found.ok) return found;
    packages[name] = { ...found.value, folder };
  }
  return done(packages);
}

function toCode({ digest, packages }: Built): Outcome<Code> {
  const folders = Object.fromEntries(Object.entries(packages).map(([name, { folder }]) => [name, folder]));
  // What counts by its content is looked at each time.
  const byContent = Object.keys(folders).filter((name) => packages[name]?.notes === null);
  const now = installedPackages(Object.fromEntries(byContent.map((name) => [name, folders[name] ?? ''])));
  if (!now.ok) return now;
  const ingredients = Object.entries({ ...packages, ...now.value }).map(([name, one]) => [name, ingredientOf(one)] as const);
  return done({ digest, packages: Object.fromEntries(ingredients), packageFolders: folders });
}

import { existsSync, lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { RECORD_FORMAT, type RunRecord } from '../../model/run.ts';
import type { Artifacts, Outputs } from '../../model/store.ts';
import { emptyReach, type Garbage, type KeepPolicy, type Reach } from '../../model/upkeep.ts';
import type { Blobs } from './blobs.ts';
import type { LocalBundles } from './bundles.ts';
import { bundleFile, type LocalContents, sourceFile } from './contents.ts';
import { isPart, syncFolder } from '../../files/durable.ts';
import { tryLockFile } from '../../files/lock.ts';
import { removeTree } from '../../files/remove.ts';
import { leftovers } from './leftovers.ts';
import { isExecuted } from './workplaces.ts';
import type { LocalResults } from './results.ts';
import type { LocalRuns } from './runs.ts';
import type { LocalSources } from './sources.ts';
import type { LocalTags } from './tags.ts';

/** The parts of a store that upkeep looks at. */
export interface Parts {
  readonly root: string;
  readonly blobs: Blobs;
  readonly results: LocalResults;
  readonly contents: LocalContents;
  readonly runs: LocalRuns;
  readonly artifacts: Artifacts;
  readonly bundles: LocalBundles;
  readonly sources: LocalSources;
  readonly tags: LocalTags;
}

const DAY = 24 * 60 * 60 * 1000;

/** When runs started, newest first: none before one that is older, though the clock may have said so. */
function startsOf(records: readonly RunRecord[]): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  let latest = 0;
  for (const { id, started } of records.toReversed()) {
    latest = Math.max(latest, Date.parse(started));
    times.set(id, latest);
  }
  return times;
}

/** Which runs stay, with why. */
function chooseRuns({ tags: named }: Parts, records: readonly RunRecord[], { runs, days }: KeepPolicy): Map<string, string> {
  const kept = new Map<string, string>();
  const tags = new Map(named.all().map(({ name, run }) => [run, name]));
  const pins = new Set(named.pins());
  const since = days === undefined ? Number.POSITIVE_INFINITY : Date.now() - days * DAY;
  const times = startsOf(records);
  for (const [index, record] of records.entries()) {
    const tag = tags.get(record.id);
    const why =
      record.state === 'live'
        ? 'live'
        : tag !== undefined
          ? `tagged ${tag}`
          : pins.has(record.id)
            ? 'pinned'
            : runs === undefined && days === undefined
              ? 'every run is kept'
              : runs !== undefined && index < runs
                ? `among the newest ${runs}`
                : (times.get(record.id) ?? 0) >= since
                  ? `of the last ${days} days`
                  : undefined;
    if (why !== undefined) kept.set(record.id, why);
  }
  return kept;
}

/** All that kept runs reach: what they were made of and all that came out of them. */
function reachOf(
  { contents, results }: Parts,
  records: readonly RunRecord[],
): Reach & { readonly fingerprints: ReadonlySet<string>; readonly executedIn: ReadonlySet<string> } {
  const reach = emptyReach();
  const addOutputs = (outputs: Outputs): void => {
    for (const artifact of Object.values(outputs)) for (const digest of contents.ofArtifact(artifact)) reach.blobs.add(digest);
  };
  const fingerprints = new Set<string>();
  const executedIn = new Set<string>();
  for (const record of records) {
    for (const { fingerprint, code, outputs } of Object.values(record.nodes)) {
      if (fingerprint !== undefined) fingerprints.add(fingerprint);
      if (code !== undefined) {
        // Its bytes stay where only the note of them is lost.
        reach.blobs.add(code);
        contents.reachBundle(code, reach);
      }
      addOutputs(outputs ?? {});
    }
    for (const { digest } of Object.values(record.sources)) contents.reachSource(digest, reach);
  }
  for (const fingerprint of fingerprints) {
    for (const { outputs, run } of results.read(fingerprint)?.attempts ?? []) {
      executedIn.add(run);
      addOutputs(outputs);
    }
  }
  return { ...reach, fingerprints, executedIn };
}

function names(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

/** All that lies at or below a path, as far as it may be listed and its path is not too long. */
function* below(path: string): Iterable<Stats> {
  let [stats, inside] = [undefined as Stats | undefined, [] as string[]];
  try {
    stats = lstatSync(path);
    inside = stats.isDirectory() ? readdirSync(path) : [];
  } catch {
    // It is gone, or refuses.
  }
  if (stats !== undefined) yield stats;
  for (const name of inside) yield* below(join(path, name));
}

/** Bytes of the files at or below a path. */
function sizeOf(path: string): number {
  return [...below(path)].reduce((sum, stats) => sum + (stats.isDirectory() ? 0 : stats.size), 0);
}

/** Checkpoints older than the oldest run that is kept for its age: no run that is kept goes on from them. */
function oldCheckpoints(root: string, oldest: number): string[] {
  const folder = join(root, 'checkpoints');
  const newest = (path: string): number => [...below(path)].reduce((time, { mtimeMs }) => Math.max(time, mtimeMs), 0);
  return names(folder)
    .filter((name) => newest(join(folder, name)) < oldest)
    .map((name) => join('checkpoints', name));
}

/** Bundles that no kept run reaches, and the notes that lead to them. */
function looseBundles({ root, bundles: notes }: Parts, reached: ReadonlySet<string>): string[] {
  const kept = new Set([...reached].map(bundleFile));
  const bundles = names(join(root, 'bundles'))
    .filter((name) => name.endsWith('.json'))
    .map((name) => join('bundles', name));
  return [
    ...bundles.filter((file) => !kept.has(file)),
    ...names(join(root, 'bundles', 'raw')).flatMap((raw) =>
      isPart(raw) || reached.has(notes.pointer(raw) ?? '') ? [] : [join('bundles', 'raw', raw)],
    ),
  ];
}

/** What decides which runs stay and cannot be read, in words. */
export function undecidable({ runs, tags }: Parts): { damaged: string[]; newer: string[] } {
  const records = runs.ids().map((id) => ({ name: `the record of the run ${id}`, format: runs.read(id)?.format }));
  return {
    damaged: [...records.flatMap(({ name, format }) => (format === undefined ? [name] : [])), ...tags.damaged()],
    newer: records.flatMap(({ name, format = 0 }) => (format > RECORD_FORMAT ? [name] : [])),
  };
}

/** Looks through a store for what no kept run reaches. Nothing is changed. */
export function findGarbage(parts: Parts, policy: KeepPolicy): Garbage {
  const { root } = parts;
  const records = [...parts.runs.all()];
  const keptRuns = chooseRuns(parts, records, policy);
  const kept = records.filter(({ id }) => keptRuns.has(id));
  const removedRuns = records.filter(({ id }) => !keptRuns.has(id)).map(({ id }) => id);
  const reach = reachOf(parts, kept);
  const keptSources = new Set([...reach.sources].map(sourceFile));
  const results = parts.results.fingerprints().filter((fingerprint) => !reach.fingerprints.has(fingerprint));
  const blobs = [...parts.blobs.all()].filter((digest) => !reach.blobs.has(digest));
  const oldest = Math.min(
    Number.POSITIVE_INFINITY,
    ...kept.filter(({ id }) => !/^(tagged|pinned)/.test(keptRuns.get(id) ?? '')).map(({ started }) => Date.parse(started)),
  );
  // One that started after now did so by a clock that has been set back since: nothing is known to be older than it.
  const since = Number.isFinite(oldest) && oldest > Date.now() ? Number.NEGATIVE_INFINITY : oldest;
  const isEvery = policy.runs === undefined && policy.days === undefined;
  const sources = names(join(root, 'sources')).map((name) => join('sources', name));
  const paths = [
    ...parts.runs.looseNodes(keptRuns.keys()).map((digest) => join('runs', 'nodes', `${digest}.json`)),
    ...looseBundles(parts, reach.bundles),
    ...sources.filter((file) => !isPart(file) && !keptSources.has(file)),
    ...(isEvery ? [] : oldCheckpoints(root, since)),
    // The logs of a run whose results live on in kept runs hold their curves.
    ...names(join(root, 'logs')).flatMap((id) => (keptRuns.has(id) || reach.executedIn.has(id) ? [] : [join('logs', id)])),
    ...names(join(root, 'scratch')).flatMap((name) => (isExecuted(root, name) ? [] : [join('scratch', name)])),
    ...names(join(root, 'quarantine')).map((name) => join('quarantine', name)),
    ...leftovers(root),
  ];
  const others = [...paths, ...removedRuns.map((id) => join('runs', `${id}.json`))];
  const bytes =
    results.reduce((sum, fingerprint) => sum + parts.results.size(fingerprint), 0) +
    blobs.reduce((sum, digest) => sum + parts.blobs.size(digest), 0) +
    others.reduce((sum, path) => sum + sizeOf(join(root, path)), 0);
  return { removedRuns, keptRuns, results, blobs, paths, bytes };
}

/** Removes what was found: records first and bytes last, so that wherever it is cut off nothing kept is missing anything. */
export function removeGarbage({ root, runs, results: kept, blobs: content }: Parts, garbage: Garbage): string[] {
  const { removedRuns, results, blobs, paths } = garbage;
  runs.remove(new Set(removedRuns));
  // Or a power cut would bring records back whose bytes are gone.
  if (existsSync(join(root, 'runs'))) syncFolder(join(root, 'runs'));
  const left = kept.remove(new Set(results));
  for (const path of paths) left.push(...removeTree(join(root, path)));
  left.push(...content.remove(blobs));
  for (const name of names(join(root, 'locks'))) {
    const lock = name === 'store' ? undefined : tryLockFile(join(root, 'locks', name));
    if (lock === undefined) continue;
    left.push(...removeTree(join(root, 'locks', name)));
    lock.release();
  }
  return left;
}

import { existsSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { RECORD_FORMAT, type RunRecord } from '../../model/run.ts';
import type { Artifacts } from '../../model/store.ts';
import type { Garbage, GarbageKind, KeepPolicy } from '../../model/upkeep.ts';
import type { Blobs } from './blobs.ts';
import type { LocalBundles } from './bundles.ts';
import { bundleFile, type LocalContents, sourceFile } from './contents.ts';
import { isPart, syncFolder } from '../../files/durable.ts';
import { tryLockFile } from '../../files/lock.ts';
import { tidyLeases } from './locks.ts';
import { removeTree } from '../../files/remove.ts';
import { leftovers } from './leftovers.ts';
import { isExecuted } from './workplaces.ts';
import { unwantedCheckpoints } from './unwanted-checkpoints.ts';
import { chooseRuns, isProtected } from './kept-runs.ts';
import { RunReaches } from './run-reaches.ts';
import { below, TakenRoom } from './taken-room.ts';
import { bytesText } from '../../text/amounts.ts';
import type { LocalResults } from './results.ts';
import type { LocalRuns } from './runs.ts';
import type { LocalSources } from './sources.ts';
import type { LocalSweeps } from './sweeps.ts';
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
  readonly sweeps: LocalSweeps;
}

function names(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
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

/** What goes where certain runs stay. */
type Found = Omit<Garbage, 'ofRuns' | 'size'>;

/** A store as it is looked through once, for several choices of runs that stay. */
class Survey {
  readonly records: readonly RunRecord[];
  private readonly parts: Parts;
  private readonly reaches: RunReaches;
  private readonly results: readonly string[];
  private readonly blobs: readonly string[];
  /** What goes whatever stays. */
  private readonly useless: readonly string[];
  private readonly checkpoints: readonly { readonly path: string; readonly newest: number }[];
  private readonly sizes = new Map<string, number>();

  constructor(parts: Parts) {
    const { root } = parts;
    this.parts = parts;
    this.records = [...parts.runs.all()];
    this.reaches = new RunReaches(parts);
    this.results = parts.results.fingerprints();
    this.blobs = [...parts.blobs.all()];
    const unwanted = unwantedCheckpoints(parts, this.records);
    this.useless = [
      ...unwanted.map((work) => join('checkpoints', work)),
      ...names(join(root, 'scratch')).flatMap((name) => (isExecuted(root, name) ? [] : [join('scratch', name)])),
      ...names(join(root, 'quarantine')).map((name) => join('quarantine', name)),
      ...leftovers(root),
    ];
    const newest = (path: string): number => [...below(path)].reduce((time, { mtimeMs }) => Math.max(time, mtimeMs), 0);
    this.checkpoints = names(join(root, 'checkpoints')).flatMap((name) => {
      const path = join('checkpoints', name);
      return unwanted.includes(name) ? [] : [{ path, newest: newest(join(root, path)) }];
    });
  }

  /** What no kept run reaches; `byAge`: and checkpoints older than the oldest run that is kept for its age, since no run that is kept goes on from them. */
  garbage(keptRuns: ReadonlyMap<string, string>, byAge: boolean): Found {
    const { root, runs } = this.parts;
    const kept = this.records.filter(({ id }) => keptRuns.has(id));
    const removedRuns = this.records.filter(({ id }) => !keptRuns.has(id)).map(({ id }) => id);
    const reach = this.reaches.of(kept);
    const keptSources = new Set([...reach.sources].map(sourceFile));
    const sources = names(join(root, 'sources')).map((name) => join('sources', name));
    const since = byAge ? oldestByAge(kept, keptRuns) : Number.NEGATIVE_INFINITY;
    const results = this.results.filter((fingerprint) => !reach.fingerprints.has(fingerprint));
    const blobs = this.blobs.filter((digest) => !reach.blobs.has(digest));
    const paths = [
      ...runs.looseNodes(keptRuns.keys()).map((digest) => join('runs', 'nodes', `${digest}.json`)),
      ...looseBundles(this.parts, reach.bundles),
      ...sources.filter((file) => !isPart(file) && !keptSources.has(file)),
      ...this.checkpoints.flatMap(({ path, newest }) => (newest < since ? [path] : [])),
      // The logs of a run whose results live on in kept runs hold their curves.
      ...names(join(root, 'logs')).flatMap((id) => (keptRuns.has(id) || reach.executedIn.has(id) ? [] : [join('logs', id)])),
      ...this.useless,
    ];
    const others = [...paths, ...removedRuns.map((id) => join('runs', `${id}.json`))];
    const kinds = kindsOf([
      ...results.map((fingerprint) => ['results', this.parts.results.size(fingerprint)] as const),
      ...blobs.map((digest) => ['contents', this.parts.blobs.size(digest)] as const),
      ...others.map((path) => [KIND_OF[path.split(sep, 1)[0] ?? ''] ?? 'left over', this.sizeOf(path)] as const),
    ]);
    const bytes = kinds.reduce((sum, kind) => sum + kind.bytes, 0);
    return { removedRuns, keptRuns, results, blobs, paths, bytes, kinds };
  }

  private sizeOf(path: string): number {
    const known = this.sizes.get(path) ?? new TakenRoom().add(join(this.parts.root, path));
    this.sizes.set(path, known);
    return known;
  }
}

/** What lies in a folder of the store, as far as it has a kind of its own. */
const KIND_OF: Readonly<Record<string, GarbageKind>> = {
  runs: 'records',
  bundles: 'code',
  sources: 'sources',
  checkpoints: 'checkpoints',
  logs: 'logs',
  quarantine: 'quarantine',
};

/** Sums things up by kind, the largest first. */
function kindsOf(things: readonly (readonly [kind: GarbageKind, bytes: number])[]): Garbage['kinds'] {
  const sums = new Map<GarbageKind, { count: number; bytes: number }>();
  for (const [kind, bytes] of things) {
    const { count = 0, bytes: before = 0 } = sums.get(kind) ?? {};
    sums.set(kind, { count: count + 1, bytes: before + bytes });
  }
  return [...sums].map(([kind, sum]) => ({ kind, ...sum })).sort((a, b) => b.bytes - a.bytes);
}

/** When the oldest run started that is kept for its age. */
function oldestByAge(kept: readonly RunRecord[], why: ReadonlyMap<string, string>): number {
  const aged = kept.filter(
    ({ id }) => !/^(?:tagged |pinned$|of the sweep tagged |of a pinned sweep$|of the newest sweep$)/.test(why.get(id) ?? ''),
  );
  const oldest = Math.min(Number.POSITIVE_INFINITY, ...aged.map(({ started }) => Date.parse(started)));
  // One that started after now did so by a clock that has been set back since: nothing is known to be older than it.
  return Number.isFinite(oldest) && oldest > Date.now() ? Number.NEGATIVE_INFINITY : oldest;
}

/** Looks through a store for what no kept run reaches. Nothing is changed. */
export function findGarbage(parts: Parts, policy: KeepPolicy): Garbage {
  const survey = new Survey(parts);
  const size = new TakenRoom().add(parts.root) - parts.blobs.idle();
  const chosen = chooseRuns(parts, survey.records, policy);
  const isEvery = policy.runs === undefined && policy.days === undefined;
  const found = (kept: ReadonlyMap<string, string>): Found => survey.garbage(kept, !isEvery || policy.size !== undefined);
  const garbage = policy.size === undefined ? found(chosen) : trimmed(found, { chosen, size, most: policy.size });
  const useless = garbage.removedRuns.length === 0 ? garbage : survey.garbage(new Map(survey.records.map(({ id }) => [id, ''])), false);
  return { ...garbage, ofRuns: garbage.bytes - useless.bytes, size };
}

/** Lets go of as few of the oldest runs as makes a store fit; of all that may go where even that does not. */
function trimmed(
  found: (kept: ReadonlyMap<string, string>) => Found,
  { chosen, size, most }: { readonly chosen: ReadonlyMap<string, string>; readonly size: number; readonly most: number },
): Found {
  const oldestFirst = [...chosen].filter(([, why]) => !isProtected(why)).reverse();
  const within = `among the newest that fit in ${bytesText(most)}`;
  const without = (count: number): Found => {
    const gone = new Set(oldestFirst.slice(0, count).map(([id]) => id));
    const kept = [...chosen].filter(([id]) => !gone.has(id));
    return found(new Map(kept.map(([id, why]) => [id, isProtected(why) ? why : within])));
  };
  // What is freed grows with the runs that go: each look leaves out half of what is possible.
  let [low, high] = [0, oldestFirst.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (size - without(middle).bytes <= most) high = middle;
    else low = middle + 1;
  }
  return without(low);
}

/** Removes what was found: records first and bytes last, so that wherever it is cut off nothing kept is missing anything. Returns what refused. */
export function removeGarbage({ root, runs, results: kept, blobs: content }: Parts, garbage: Garbage, thorough: boolean): string[] {
  const { removedRuns, results, blobs, paths } = garbage;
  runs.remove(new Set(removedRuns));
  // Or a power cut would bring records back whose bytes are gone.
  if (existsSync(join(root, 'runs'))) syncFolder(join(root, 'runs'));
  const left = kept.remove(new Set(results));
  for (const path of paths) left.push(...removeTree(join(root, path)));
  left.push(...content.remove(blobs, thorough));
  for (const name of names(join(root, 'locks'))) {
    const lock = name === 'store' || name === 'leases' ? undefined : tryLockFile(join(root, 'locks', name));
    if (lock === undefined) continue;
    left.push(...removeTree(join(root, 'locks', name)));
    lock.release();
  }
  tidyLeases(root);
  return left;
}

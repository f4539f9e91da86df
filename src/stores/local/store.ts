import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, writeDurably } from '../../files/durable.ts';
import { done, failed, type Outcome, type Problem } from '../../model/problem.ts';
import { RECORD_FORMAT } from '../../model/run.ts';
import type { Store } from '../../model/store.ts';
import { systemErrorIn, systemMessage } from '../../model/system-failure.ts';
import { LocalArtifacts } from './artifacts.ts';
import { Blobs } from './blobs.ts';
import { ClaimMarks } from './claim-marks.ts';
import { LocalBundles } from './bundles.ts';
import { LocalContents } from './contents.ts';
import { joinLeases, prepareLocks } from './locks.ts';
import { LocalMaintenance } from './maintenance.ts';
import { Presence } from './presence.ts';
import { LocalPrintouts } from './printouts.ts';
import { LocalPublished } from './published.ts';
import { LocalResults } from './results.ts';
import { LocalRuns } from './runs.ts';
import { LocalSources } from './sources.ts';
import { LocalStopWords } from './stop-words.ts';
import { SEGMENTS } from './segments/segment.ts';
import { Segments } from './segments/segments.ts';
import { StampBook } from './stamps.ts';
import { LocalSweeps } from './sweeps.ts';
import { LocalTags } from './tags.ts';
import { LocalWorkplaces } from './workplaces.ts';

/** How a store was opened. */
interface Opening {
  readonly presence?: Presence;
  readonly format?: number;
  /** Why it cannot be written to. */
  readonly unwritable?: Problem;
}

/** A store in a folder, as it stands: nothing is written, and nobody is kept from removing things. */
export function localStore(root: string, { presence = new Presence(root), format = RECORD_FORMAT, unwritable }: Opening = {}): Store {
  joinLeases(root);
  const cache = join(root, 'index');
  const stamps = new StampBook(join(cache, 'blobs'));
  const segments = new Segments(root);
  const blobs = new Blobs(root, stamps, segments);
  const artifacts = new LocalArtifacts(root, blobs, format);
  const marks = new ClaimMarks(root);
  const results = new LocalResults(root, artifacts, segments, marks);
  const bundles = new LocalBundles(root, blobs);
  const sources = new LocalSources(root, blobs);
  const runs = new LocalRuns(root);
  const workplaces = new LocalWorkplaces(root, blobs.links, marks);
  const tags = new LocalTags(root);
  const sweeps = new LocalSweeps(root);
  const contents = new LocalContents(
    root,
    { blobs, artifacts, bundles, sources },
    { open: openLocalStore, isWritable: unwritable === undefined },
  );
  return {
    location: root,
    cache,
    format,
    unwritable,
    artifacts,
    results,
    bundles,
    sources,
    runs,
    tags,
    workplaces,
    sweeps,
    stops: new LocalStopWords(root),
    printouts: new LocalPrintouts(root),
    published: new LocalPublished(root, artifacts, blobs.links),
    contents,
    maintenance: new LocalMaintenance(
      { root, blobs, artifacts, bundles, sources, results, contents, runs, tags, sweeps },
      { presence, segments },
    ),
    standing: () => segments.stamps(),
    flush() {
      if (!existsSync(root)) return;
      stamps.flush();
      workplaces.tidy();
      segments.rest();
    },
  };
}

/**
 * Opens a store, making its folder and trying whether it can be written safely. One that is there and cannot be written to, as on a read-only
 * or full disk or in someone else's folder, is opened to be read. Nothing is removed from it as long as this process lives.
 */
export function openLocalStore(root: string, format: number = RECORD_FORMAT): Outcome<Store> {
  const presence = new Presence(root);
  const made = refusable(root, () => {
    makeFolder(root);
    return prepareLocks(root);
  });
  const [unwritable] = made.ok ? [] : made.problems;
  if (unwritable !== undefined && (unwritable.code !== 'store-unwritable' || !isStore(root))) return failed(unwritable);
  // Who may not make the lock of those who use the store cannot keep others from removing things.
  const entered = refusable(root, () => {
    const isIn = presence.enter();
    // Not before: gc takes what is half written by someone who is not in for what a kill has left.
    if (isIn && unwritable === undefined) keepFromGit(root);
    return done(isIn);
  });
  if (entered.ok && !entered.value)
    return failed({
      kind: 'store',
      code: 'store-in-use',
      message: `another process has the store ${root} to itself`,
      hint: 'try again later',
    });
  if (!entered.ok && unwritable === undefined) return entered;
  return done(localStore(root, { presence, format, ...(unwritable === undefined ? {} : { unwritable }) }));
}

function keepFromGit(root: string): void {
  const file = join(root, '.gitignore');
  if (!existsSync(file)) writeDurably(file, '*\n!.gitignore\n');
}

/** Does what needs the store to be written to; why the system refuses it is the problem. */
function refusable<Value>(root: string, work: () => Outcome<Value>): Outcome<Value> {
  try {
    return work();
  } catch (error) {
    const refused = systemErrorIn(error);
    if (refused === undefined) throw error;
    const { message, hint } = systemMessage(refused, root);
    const remedy = hint.includes('--store') ? hint : `${hint}, or choose another store with --store FOLDER`;
    return failed({ kind: 'store', code: 'store-unwritable', message: `the store ${root} cannot be written: ${message}`, hint: remedy });
  }
}

/** Whether something was kept in a folder before. */
function isStore(root: string): boolean {
  return ['runs', 'results', 'blobs', SEGMENTS].some((name) => existsSync(join(root, name)));
}

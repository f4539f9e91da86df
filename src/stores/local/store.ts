import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, writeDurably } from '../../files/durable.ts';
import { done, failed, type Outcome } from '../../model/problem.ts';
import { RECORD_FORMAT } from '../../model/run.ts';
import type { Store } from '../../model/store.ts';
import { LocalArtifacts } from './artifacts.ts';
import { Blobs } from './blobs.ts';
import { LocalBundles } from './bundles.ts';
import { LocalContents } from './contents.ts';
import { probeLocks } from './locks.ts';
import { LocalMaintenance } from './maintenance.ts';
import { Presence } from './presence.ts';
import { LocalPublished } from './published.ts';
import { LocalResults } from './results.ts';
import { LocalRuns } from './runs.ts';
import { LocalSources } from './sources.ts';
import { StampBook } from './stamps.ts';
import { LocalSweeps } from './sweeps.ts';
import { LocalTags } from './tags.ts';
import { LocalWorkplaces } from './workplaces.ts';

/** A store in a folder of a local disk, as it stands: nothing is written, and nobody is kept from removing things. */
export function localStore(root: string, presence = new Presence(root), format = RECORD_FORMAT): Store {
  const cache = join(root, 'index');
  const stamps = new StampBook(join(cache, 'blobs'));
  const blobs = new Blobs(root, stamps);
  const artifacts = new LocalArtifacts(root, blobs, format);
  const results = new LocalResults(root, artifacts);
  const bundles = new LocalBundles(root, blobs);
  const sources = new LocalSources(root, blobs);
  const runs = new LocalRuns(root);
  const tags = new LocalTags(root);
  const contents = new LocalContents(root, { blobs, artifacts, bundles, sources }, openLocalStore);
  return {
    location: root,
    cache,
    format,
    artifacts,
    results,
    bundles,
    sources,
    runs,
    tags,
    workplaces: new LocalWorkplaces(root),
    sweeps: new LocalSweeps(root),
    published: new LocalPublished(root, (artifact, path) => artifacts.place(artifact, path)),
    contents,
    maintenance: new LocalMaintenance({ root, blobs, results, contents, runs, tags }, presence),
    flush() {
      if (existsSync(root)) stamps.flush();
    },
  };
}

/** Opens a store, making its folder and trying whether it can be written safely. Nothing is removed from it as long as this process lives. */
export function openLocalStore(root: string, format?: number): Outcome<Store> {
  try {
    makeFolder(root);
    if (!existsSync(join(root, '.gitignore'))) writeDurably(join(root, '.gitignore'), '*\n!.gitignore\n');
    const probed = probeLocks(root);
    if (!probed.ok) return probed;
    const presence = new Presence(root);
    if (presence.enter()) return done(localStore(root, presence, format));
    return failed({
      kind: 'store',
      code: 'store-in-use',
      message: `another process has the store ${root} to itself`,
      hint: 'try again later',
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return failed({
      kind: 'store',
      code: 'store-unwritable',
      message: `the store ${root} cannot be written: ${why}`,
      hint: 'choose another with --store FOLDER',
    });
  }
}

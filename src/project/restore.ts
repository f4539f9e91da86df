import { basename, join, resolve } from 'node:path';
import { safeFileName } from '../files/file-name.ts';
import { makeFolders } from '../files/folder.ts';
import type { Artifact } from '../model/artifact.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import { ATTRIBUTES_SINCE, type RecordedSource, type RunRecord } from '../model/run.ts';
import { emptyReach } from '../model/upkeep.ts';
import type { NodeOutputs } from '../model/store.ts';
import { suggestion } from '../text/suggestion.ts';
import { bytesText } from '../text/amounts.ts';
import type { Context } from './context.ts';
import { intoFolder } from './into-folder.ts';
import type { Recorded, RecordedRun } from './recorded.ts';

/** Sources as a run read them, brought back. */
export interface RestoredSources {
  readonly record: RunRecord;
  /** Where each is now, by its name. */
  readonly sources: ReadonlyMap<string, { readonly path: string; readonly digest: string; readonly bytes: number }>;
}

/** A run's outputs, brought back. */
export interface Restored {
  readonly record: RunRecord;
  /** Where each `node.port` is now. */
  readonly outputs: ReadonlyMap<string, string>;
}

/** The outputs of a run's nodes. */
export function outputsOf(record: RunRecord, names: readonly string[]): NodeOutputs {
  return new Map(names.map((name) => [name, new Map<string, Artifact>(Object.entries(record.nodes[name]?.outputs ?? {}))]));
}

/** Brings a run's outputs back from the store, into a folder or to where a run puts them; executes nothing. */
export async function restoreOutputs(
  { folder }: Context,
  { record, origin, instances }: Recorded,
  { to, force = false }: { readonly to?: string | undefined; readonly force?: boolean | undefined },
): Promise<Outcome<Restored>> {
  const names = instances.map(({ name }) => name);
  const broken = names.flatMap((name) =>
    origin.artifacts.broken(record.nodes[name]?.outputs ?? {}).map(({ port, damage }) => `${name}.${port} is ${damage}`),
  );
  if (broken.length > 0) return failed(notWhole(record, broken));
  const wanted = outputsOf(record, names);
  if (to !== undefined) {
    const target = resolve(folder, to);
    const placed = intoFolder(target, force, (fresh): Outcome<Restored> => {
      const { paths, lost } = origin.published.placeIn(fresh, wanted);
      const outputs = new Map([...paths].map(([name, path]) => [name, join(target, path.slice(fresh.length))]));
      return lost.length > 0 ? failed(notWhole(record, damaged(lost))) : done({ record, outputs });
    });
    origin.flush();
    return placed;
  }
  const lock = await origin.published.take(record.pipeline, new AbortController().signal);
  const { paths, lost } = origin.published.outputs(record.pipeline, wanted);
  lock?.release();
  origin.flush();
  return lost.length > 0 ? failed(notWhole(record, damaged(lost))) : done({ record, outputs: paths });
}

const damaged = (lost: readonly { readonly node: string; readonly port: string }[]): string[] =>
  lost.map(({ node, port }) => `${node}.${port} is damaged`);

function notWhole(record: RunRecord, broken: readonly string[]): Problem {
  return {
    kind: 'store',
    code: 'missing-content',
    message: `the outputs of ${record.id} cannot be brought back: ${broken.join(', ')}`,
    hint: `make them again: stillroom reproduce ${record.hash?.slice(0, 12) ?? record.id} --to FOLDER`,
  };
}

/**
 * Brings sources back as a run read them, from the bytes that the store kept: one of them into the folder itself, several each into a folder
 * of its name. A file is called as it was.
 */
export function restoreSources(
  { folder }: Context,
  { record, origin }: RecordedRun,
  { source: names, to, force = false }: { readonly source: readonly string[]; readonly to: string; readonly force?: boolean | undefined },
): Outcome<RestoredSources> {
  const strange = names.find((name) => !Object.hasOwn(record.sources, name));
  if (strange !== undefined)
    return failed({
      kind: 'usage',
      code: 'unknown-source',
      message: `--source ${strange}: the run ${record.id} has no source of that name`,
      hint: suggestion(strange, Object.keys(record.sources)),
    });
  const target = resolve(folder, to);
  return intoFolder(target, force, (fresh) => {
    const sources = new Map<string, { path: string; digest: string; bytes: number }>();
    for (const name of new Set(names)) {
      const recorded = record.sources[name] as RecordedSource;
      const kept = origin.contents.addSource(recorded.digest, emptyReach()) ? origin.sources.kept(recorded.digest) : undefined;
      if (kept === undefined) return failed(notKept(name, recorded, record));
      const below = names.length > 1 ? safeFileName(name) : '';
      const file = kept.kind === 'dir' ? '' : basename(recorded.path ?? `${safeFileName(name)}${recorded.suffix ?? ''}`);
      const executable = record.format < ATTRIBUTES_SINCE ? kept.executable : recorded.executable;
      const { executable: _own, ...plain } = kept;
      const path = join(below, file);
      makeFolders(join(fresh, below));
      if (origin.sources.place({ ...plain, ...(executable === true ? { executable } : {}) }, join(fresh, path)) === undefined)
        return failed(notKept(name, { ...recorded, kept: true }, record));
      sources.set(name, { path: join(target, path), digest: recorded.digest, bytes: kept.size });
    }
    origin.flush();
    return done({ record, sources });
  });
}

/** Why a source cannot be brought back. */
function notKept(name: string, { kept, size, path }: RecordedSource, { id }: RunRecord): Problem {
  const lay = path === undefined ? '' : `; it lay at ${path}`;
  if (kept)
    return {
      kind: 'store',
      code: 'missing-content',
      message: `the source "${name}" as ${id} read it is no longer whole in the store${lay}`,
      hint: 'stillroom verify looks for damage',
    };
  return {
    kind: 'usage',
    code: 'not-kept',
    message: `the source "${name}" was not kept when ${id} read it${size === undefined ? '' : ` (${bytesText(size)})`}${lay}`,
    hint: `sources above 256 MiB are kept only where the file says so: ${name}: { path: …, keep: true }`,
  };
}

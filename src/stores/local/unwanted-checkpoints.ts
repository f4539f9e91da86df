import type { RunRecord } from '../../model/run.ts';
import { outlineOf } from '../../model/sweep-journal.ts';
import { finishedWorks } from './checkpoints.ts';
import type { LocalSweeps } from './sweeps.ts';
import type { LocalTags } from './tags.ts';

/**
 * The finished works whose checkpoint nobody is likely to go on from. It is wanted by live, tagged and pinned runs that have the work's
 * result, by the newest run of each pipeline that was asked for by itself, by sweeps that are tagged, pinned or not over yet, and by the run
 * that was asked to keep it.
 */
export function unwantedCheckpoints(
  { root, tags, sweeps }: { readonly root: string; readonly tags: LocalTags; readonly sweeps: LocalSweeps },
  records: readonly RunRecord[],
): readonly string[] {
  const finished = finishedWorks(root);
  if (finished.length === 0) return [];
  const named = new Set([...tags.all().map(({ run }) => run), ...tags.pins()]);
  const unfinished = new Set(sweeps.ids().filter((id) => outlineOf(sweeps.read(id)?.lines ?? [])?.isOver === false));
  const seen = new Set<string>();
  const wanted = new Set<string>();
  for (const { id, state, pipeline, sweep, nodes } of records) {
    const isNewest = sweep === undefined && !seen.has(pipeline);
    if (sweep === undefined) seen.add(pipeline);
    const isWanting = isNewest || state === 'live' || [id, sweep?.id].some((one) => one !== undefined && named.has(one));
    if (!isWanting && (sweep === undefined || !unfinished.has(sweep.id))) continue;
    for (const { fingerprint } of Object.values(nodes)) if (fingerprint !== undefined) wanted.add(fingerprint);
  }
  const ids = new Set(records.map(({ id }) => id));
  return finished.flatMap(({ work, run, fingerprint, asked }) => (wanted.has(fingerprint) || (asked && ids.has(run)) ? [] : [work]));
}

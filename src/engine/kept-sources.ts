import { sourcesOf } from '../model/pipeline.ts';
import type { Problem } from '../model/problem.ts';
import type { Plan } from './plan.ts';

/** Packs the sources of all nodes that may run into the store, before anything reads them: so what is hashed is what is read. */
export function keepSources({ request, nodes, snapshots }: Plan): {
  readonly kept: ReadonlySet<string>;
  readonly problems: readonly Problem[];
} {
  const readers = [...nodes.values()].filter(({ action }) => action !== 'reuse').map(({ prepared }) => prepared.instance);
  const kept = new Set<string>();
  const problems: Problem[] = [];
  for (const name of sourcesOf(readers)) {
    const source = request.pipeline.sources[name];
    const snapshot = snapshots.get(name);
    if (source === undefined || snapshot === undefined) continue;
    const isKept = request.surroundings.store.sources.keep(source, snapshot);
    if (!isKept.ok) problems.push(...isKept.problems);
    else if (isKept.value) kept.add(name);
  }
  return { kept, problems };
}

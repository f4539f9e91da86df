import { sourcesOf } from '../model/pipeline.ts';
import type { Problem } from '../model/problem.ts';
import type { Plan } from './plan.ts';

/**
 * Packs the sources into the store before anything reads them, so that what is hashed is what is read: those of all nodes, so that kept bytes
 * that were lost are kept again although nothing runs. Only where a node may run does it matter that it cannot be done.
 */
export function keepSources({ request, nodes, snapshots }: Plan): {
  readonly kept: ReadonlySet<string>;
  readonly problems: readonly Problem[];
} {
  const instances = [...nodes.values()].map(({ prepared }) => prepared.instance);
  const read = new Set(sourcesOf(instances.filter(({ name }) => nodes.get(name)?.action !== 'reuse')));
  const kept = new Set<string>();
  const problems: Problem[] = [];
  for (const name of sourcesOf(instances)) {
    const source = request.pipeline.sources[name];
    const snapshot = snapshots.get(name);
    if (source === undefined || snapshot === undefined) continue;
    const isKept = request.surroundings.store.sources.keep(source, snapshot);
    if (!isKept.ok) problems.push(...(read.has(name) ? isKept.problems : []));
    else if (isKept.value) kept.add(name);
  }
  return { kept, problems };
}

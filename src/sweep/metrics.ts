import type { Instance } from '../model/pipeline.ts';
import type { RunRecord } from '../model/run.ts';
import { mean } from '../text/mean.ts';

/** All metrics of a run, as `node.metric`; a node with a matrix also has the mean over its instances. */
export function metricsOf(
  { nodes }: Pick<RunRecord, 'nodes'>,
  instances: readonly Pick<Instance, 'name' | 'node'>[],
): Record<string, number> {
  const found: Record<string, number> = {};
  const ofNodes = new Map<string, number[]>();
  for (const { name, node } of instances) {
    for (const [metric, { value }] of Object.entries(nodes[name]?.metrics ?? {})) {
      found[`${name}.${metric}`] = value;
      if (name !== node) ofNodes.set(`${node}.${metric}`, [...(ofNodes.get(`${node}.${metric}`) ?? []), value]);
    }
  }
  for (const [name, values] of ofNodes) found[name] = mean(values);
  return found;
}

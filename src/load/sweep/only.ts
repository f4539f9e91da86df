import { withProducers } from '../../model/pipeline.ts';
import { isFull } from '../pipeline/context.ts';
import { instancesNamed } from '../pipeline/selection.ts';
import type { SweepSection } from '../../model/sweep.ts';
import { suggestion } from '../../text/suggestion.ts';
import type { SweepContext } from './space.ts';
import { pointerStep } from '../../text/json-pointer.ts';

/** The nodes that the sweep is limited to. */
export function readOnly(written: SweepSection['only'], { pipeline, locate, problems }: SweepContext): readonly string[] | undefined {
  const words = typeof written === 'string' ? [written] : written;
  const known = new Set(pipeline.instances.flatMap(({ name, node }) => [node, name]));
  for (const [index, word] of words?.entries() ?? []) {
    if (instancesNamed(pipeline.instances, word).length > 0) continue;
    if (isFull({ problems })) break;
    const pointer = `/sweep/only${typeof written === 'string' ? '' : pointerStep(index)}`;
    problems.push(locate.problem('unknown-node', `no node is named "${word}"`, pointer, 'value', suggestion(word, known)));
  }
  return words;
}

/** The pipeline as far as it runs: only what reports there can be judged by. */
export function narrowed(only: readonly string[], context: SweepContext): SweepContext {
  const { instances } = context.pipeline;
  const names = new Set(instancesNamed(instances, ...only));
  const running = withProducers(instances, names);
  const isLeftOut = (node: string): boolean => instances.some((one) => one.node === node) && !running.some((one) => one.node === node);
  const stages = Object.fromEntries(Object.entries(context.stages).filter(([node]) => !isLeftOut(node)));
  return { ...context, stages, pipeline: { ...context.pipeline, instances: running } };
}

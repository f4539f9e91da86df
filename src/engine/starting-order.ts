import type { Expected } from '../model/event.ts';
import { producersOf } from '../model/pipeline.ts';
import { inStartingOrder } from '../model/starting-order.ts';
import type { Plan } from './plan.ts';

/** The places of a plan's nodes in the order in which they begin, by what they took before. */
export function startingOrder({ nodes }: Plan, expected: ReadonlyMap<string, Expected> = new Map()): ReadonlyMap<string, number> {
  const ordered = inStartingOrder([...nodes.values()], ({ prepared: { instance }, settled }) => ({
    name: instance.name,
    after: producersOf(instance),
    seconds: settled === undefined ? expected.get(instance.name)?.seconds : 0,
  }));
  return new Map(ordered.map(({ prepared }, place) => [prepared.instance.name, place]));
}

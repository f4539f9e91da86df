import type { Capacity } from '../model/executor.ts';
import type { PlannedNode } from '../model/event.ts';
import { type Instance, producersOf } from '../model/pipeline.ts';

/** What executing some nodes would take, as far as earlier executions say. */
export interface Forecast {
  readonly nodes: number;
  /** Nodes of which nothing is known: they count as nothing. */
  readonly unknown: number;
  /** Of all executions together. */
  readonly seconds: number;
  /** From the first beginning to the last end. */
  readonly elapsed: number;
  /** Of the outputs. */
  readonly bytes: number;
}

type Planned = Pick<PlannedNode, 'node' | 'action' | 'expected'>;

/** What executing the nodes of a plan would take that have one of these actions, in the order of the plan. */
export function forecastOf(
  instances: readonly Instance[],
  planned: readonly Planned[],
  { actions, capacity }: { readonly actions: readonly Planned['action'][]; readonly capacity: Pick<Capacity, 'cpu'> },
): Forecast {
  const chosen = new Map(planned.filter(({ action }) => actions.includes(action)).map((one) => [one.node, one.expected] as const));
  const works = instances
    .filter(({ name }) => chosen.has(name))
    .map((instance) => ({
      name: instance.name,
      cpu: Math.min(instance.measures ? capacity.cpu : instance.resources.cpu, capacity.cpu),
      seconds: chosen.get(instance.name)?.seconds ?? 0,
      after: producersOf(instance).filter((name) => chosen.has(name)),
    }));
  const known = [...chosen.values()].filter((one) => one !== undefined);
  return {
    nodes: chosen.size,
    unknown: chosen.size - known.length,
    seconds: known.reduce((sum, { seconds }) => sum + seconds, 0),
    elapsed: elapsedOf(works, capacity.cpu),
    bytes: known.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

interface Work {
  readonly name: string;
  readonly cpu: number;
  readonly seconds: number;
  readonly after: readonly string[];
}

/** How long works take that begin as soon as what they need has ended and threads are free, the first of the list first. */
function elapsedOf(works: readonly Work[], threads: number): number {
  const ended = new Set<string>();
  const running = new Map<Work, number>();
  let waiting = [...works];
  let now = 0;
  let free = threads;
  while (waiting.length > 0 || running.size > 0) {
    const left: Work[] = [];
    for (const [index, work] of waiting.entries()) {
      if (free === 0) {
        left.push(...waiting.slice(index));
        break;
      }
      if (work.cpu > free || !work.after.every((name) => ended.has(name))) left.push(work);
      else {
        running.set(work, now + work.seconds);
        free -= work.cpu;
      }
    }
    waiting = left;
    if (running.size === 0) break;
    now = Math.min(...running.values());
    for (const [work, end] of running) {
      if (end > now) continue;
      running.delete(work);
      ended.add(work.name);
      free += work.cpu;
    }
  }
  return now;
}

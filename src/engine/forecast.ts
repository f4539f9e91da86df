import type { Capacities, PlannedNode } from '../model/event.ts';
import { secondsUntilEnd } from '../model/time-left/simulation.ts';
import { asTheyBegin, type Range, rangeBefore } from '../model/time-left/time-left.ts';

/** What executing some nodes would take, as far as earlier executions say. */
export interface Forecast {
  readonly nodes: number;
  /** Nodes of which nothing is known: they count as nothing. */
  readonly unknown: number;
  /** Of all executions together. */
  readonly seconds: number;
  /** From the first beginning to the last end. */
  readonly elapsed: number;
  /** The same as it may come out; missing where nothing is known of a node. */
  readonly range?: Range;
  /** Of the outputs. */
  readonly bytes: number;
}

/** What executing the nodes of a plan would take that have one of these actions. */
export function forecastOf(planned: readonly PlannedNode[], actions: readonly PlannedNode['action'][], capacities: Capacities): Forecast {
  const asked = planned.filter(({ action }) => actions.includes(action));
  if (asked.every((node) => node.expected === undefined))
    return { nodes: asked.length, unknown: asked.length, seconds: 0, elapsed: 0, bytes: 0 };
  const chosen = asTheyBegin(asked.map((node) => ({ ...node, action: 'run' })));
  const places = new Map(chosen.map(({ node }, index) => [node, index]));
  const works = chosen.map(({ after, takes }) => ({ after: after.flatMap((name) => places.get(name) ?? []), takes, isRunning: false }));
  const expected = chosen.flatMap((node) => node.expected ?? []);
  const seconds = chosen.map((node) => node.expected?.seconds ?? 0);
  const range = rangeBefore(chosen, capacities);
  return {
    nodes: chosen.length,
    unknown: chosen.length - expected.length,
    seconds: seconds.reduce((sum, one) => sum + one, 0),
    elapsed: secondsUntilEnd(works, seconds, capacities),
    ...(range === undefined || range.high === Number.POSITIVE_INFINITY ? {} : { range }),
    bytes: expected.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

import type { Event } from '../model/event.ts';
import type { RunNode } from '../model/run.ts';
import { duration } from '../text/figures.ts';
import { bad, dim, type Line } from '../text/styled.ts';
import type { EventLines } from './event-lines.ts';

/** Failures and warnings that are told one by one. */
const MOST_TOLD = 12;

type NodeEnded = Event & { readonly type: 'node-ended' };

/**
 * What had happened in a run before someone began to watch it, in lines: how it began, how many nodes ended how, what failed, and what to note.
 * `withRunning`: also what runs and what of its printing was handed on, where nothing else shows it.
 */
export function pastLines(events: readonly Event[], lines: EventLines, withRunning: boolean): readonly Line[] {
  const opening = events.find((event) => event.type === 'run-started');
  const running = new Map<string, Event>();
  const ended = new Map<string, RunNode['state']>();
  const failures = new Map<string, NodeEnded>();
  for (const event of events) {
    if (event.type === 'nodes-reused') for (const node of event.nodes) ended.set(node, 'reused');
    else if (event.type === 'node-started') {
      running.set(event.node, event);
      ended.delete(event.node);
      failures.delete(event.node);
    } else if (event.type === 'node-ended') {
      running.delete(event.node);
      ended.set(event.node, event.outcome.state);
      if (event.outcome.state === 'failed') failures.set(event.node, event);
    }
  }
  const said = events.filter((event) => event.type === 'node-log' && running.has(event.node));
  const warnings = events.filter((event) => event.type === 'notice' && event.level === 'warning');
  const told = [...failures.values(), ...warnings];
  const passed = opening === undefined ? 0 : (Date.now() - Date.parse(opening.time)) / 1000;
  return [
    ...(opening === undefined ? [] : lines.of(opening)),
    soFar([...ended.values()], Math.max(0, passed)),
    ...told.slice(0, MOST_TOLD).flatMap((event) => lines.of(event)),
    ...(told.length > MOST_TOLD ? [dim(`  and ${told.length - MOST_TOLD} more failures and warnings`)] : []),
    ...(withRunning ? [...running.values(), ...said].flatMap((event) => lines.of(event)) : []),
  ];
}

/** How many nodes have ended how: `it has run for 12 min: 5 executed, 12 reused`. */
function soFar(states: readonly RunNode['state'][], seconds: number): Line {
  const counts = new Map<RunNode['state'], number>();
  for (const state of states) counts.set(state, (counts.get(state) ?? 0) + 1);
  const told = (['executed', 'reused', 'failed', 'cancelled', 'skipped'] as const).flatMap((state): Line[] => {
    const count = counts.get(state);
    return count === undefined ? [] : [', ', state === 'failed' ? bad(`${count} ${state}`) : `${count} ${state}`];
  });
  const rest: readonly Line[] = told.length === 0 ? ['nothing has ended yet'] : told.slice(1);
  return ['  it has run for ', duration(seconds), ': ', ...rest];
}

import { type ClusterTraits, Machines, secondsOf } from './machines.ts';
import type { Shape } from './shapes.ts';
import { Agenda, type Clock } from './skipping-clock.ts';

/** The least seconds in which a cluster can execute all: the longest way through the graph, or all its work on all machines. Without queues and failures. */
export function lowerBound(shape: Shape, traits: ClusterTraits): number {
  const ends = new Map<string, number>();
  let work = 0;
  for (const { name, after } of shape) {
    const seconds = secondsOf(name, traits);
    work += seconds;
    ends.set(name, seconds + Math.max(0, ...after.map((one) => ends.get(one) ?? 0)));
  }
  return Math.max(work / traits.machines, ...ends.values());
}

/** A clock on which nothing takes time but what waits for it. */
class BareClock implements Clock {
  private readonly agenda = new Agenda();
  private time = 0;

  now(): number {
    return this.time;
  }

  after(milliseconds: number, call: () => void): void {
    this.agenda.add(this.time + milliseconds, call);
  }

  run(): void {
    for (let due = this.agenda.take(Number.POSITIVE_INFINITY); due !== undefined; due = this.agenda.take(Number.POSITIVE_INFINITY)) {
      this.time = due.at;
      due.call();
    }
  }
}

/**
 * The seconds that the same cluster, with its queue and its failures, takes under a coordinator that knows at once what has ended and submits
 * at once what can begin.
 */
export function undelayed(shape: Shape, traits: ClusterTraits): number {
  const clock = new BareClock();
  const machines = new Machines(clock, traits);
  const missing = new Map(shape.map(({ name, after }) => [name, after.length]));
  const consumers = new Map<string, string[]>();
  for (const { name, after } of shape) for (const from of after) consumers.set(from, [...(consumers.get(from) ?? []), name]);
  let last = 0;
  const submit = (name: string): void => {
    let isBegun = false;
    machines.submit({
      excluded: new Set(),
      begin: () => undefined,
      next: () => {
        const step = isBegun ? undefined : { node: name };
        isBegun = true;
        return step;
      },
      over: () => undefined,
      end: (fate) => {
        if (fate !== 'done') return submit(name);
        last = clock.now();
        for (const consumer of consumers.get(name) ?? []) {
          missing.set(consumer, (missing.get(consumer) ?? 0) - 1);
          if (missing.get(consumer) === 0) submit(consumer);
        }
      },
    });
  };
  for (const { name, after } of shape) if (after.length === 0) submit(name);
  clock.run();
  return last / 1000;
}

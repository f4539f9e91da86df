import { Marks } from '../../../../src/engine/marks.ts';
import { inStartingOrder } from '../../../../src/model/starting-order.ts';
import { type ClusterTraits, type Fate, Machines, secondsOf } from './machines.ts';
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

/** What a coordinator goes by: how many jobs may be in the queue at once, and what nodes are expected to take, as far as that is known. */
export interface Rules {
  readonly jobs: number;
  readonly expected: ReadonlyMap<string, { readonly seconds: number }>;
}

/**
 * The seconds that the same cluster, with its queue and its failures, takes under a coordinator with the same rules that knows at once what has
 * ended and submits at once what can begin.
 */
export function undelayed(shape: Shape, traits: ClusterTraits, { jobs, expected }: Rules): number {
  const clock = new BareClock();
  const machines = new Machines(clock, traits);
  const missing = new Map(shape.map(({ name, after }) => [name, after.length]));
  const consumers = new Map<string, string[]>();
  for (const { name, after } of shape) for (const from of after) consumers.set(from, [...(consumers.get(from) ?? []), name]);
  const ordered = inStartingOrder(shape, ({ name, after }) => ({ name, after, seconds: expected.get(name)?.seconds }));
  const places = new Map(ordered.map(({ name }, place) => [name, place]));
  const ready = new Marks(shape.length);
  let last = 0;
  let inQueue = 0;
  const open = (name: string): void => ready.add(places.get(name) ?? 0);
  const submitReady = (): void => {
    for (let { first } = ready; first !== undefined && inQueue < jobs; { first } = ready) {
      ready.delete(first);
      inQueue += 1;
      submit(ordered[first]?.name ?? '');
    }
  };
  const ended = (name: string): void => {
    last = clock.now();
    inQueue -= 1;
    for (const consumer of consumers.get(name) ?? []) {
      missing.set(consumer, (missing.get(consumer) ?? 0) - 1);
      if (missing.get(consumer) === 0) open(consumer);
    }
    submitReady();
  };
  const submit = (name: string): void => {
    const steps = [{ node: name }];
    const end = (fate: Fate): void => (fate === 'done' ? ended(name) : submit(name));
    machines.submit({ excluded: new Set(), begin: () => undefined, next: () => steps.pop(), over: () => undefined, end });
  };
  for (const { name, after } of shape) if (after.length === 0) open(name);
  submitReady();
  clock.run();
  return last / 1000;
}

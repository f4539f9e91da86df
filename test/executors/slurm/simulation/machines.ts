import { drawn, type LogNormal, logNormal } from './draws.ts';
import type { Clock } from './skipping-clock.ts';

/** What a cluster is like. Times are in seconds. */
export interface ClusterTraits {
  readonly seed: number;
  readonly machines: number;
  /** What a job waits before it may be given a machine: for the turn of others. */
  readonly queue: LogNormal;
  readonly run: LogNormal;
  /** The probabilities that an execution is preempted, that its machine fails under it, and that the node itself fails. */
  readonly preempted: number;
  readonly machineFails: number;
  readonly nodeFails: number;
  /** The time that a machine is away which has failed. */
  readonly repair: number;
}

/** The cluster of the figures that are quoted: half of all nodes take more than three minutes, one in a hundred more than half an hour. */
export const traits: ClusterTraits = {
  seed: 1,
  machines: 500,
  queue: { median: 60, sigma: 1.2 },
  run: { median: 180, sigma: 1 },
  preempted: 0.03,
  machineFails: 0.01,
  nodeFails: 0.02,
  repair: 1800,
};

/** How an execution ends. */
export type Fate = 'done' | 'failed' | 'PREEMPTED' | 'NODE_FAIL';

/** The seconds that a node takes where nothing comes between. */
export function secondsOf(node: string, { seed, run }: ClusterTraits): number {
  return logNormal(run, seed, 'run', node);
}

/** What is done next on a machine: a node is executed, or nothing for so many milliseconds; undefined: it is given back. */
export type Step = { readonly node: string } | { readonly pause: number } | undefined;

/** What is asked for a machine. */
export interface Request {
  readonly excluded: ReadonlySet<string>;
  begin(machine: string): void;
  next(): Step;
  /** A node was executed for so many seconds. */
  end(fate: Fate, seconds: number): void;
  /** The machine is given back, or lost. */
  over(fate: Fate): void;
  /** It is wanted no more. */
  isCancelled?: boolean;
}

/** Machines that are given to one request each, in the order in which their turns come. */
export class Machines {
  private readonly clock: Clock;
  private readonly traits: ClusterTraits;
  private readonly free: string[];
  private waiting: Request[] = [];
  private count = 0;
  private readonly executions = new Map<string, number>();

  constructor(clock: Clock, given: ClusterTraits) {
    this.clock = clock;
    this.traits = given;
    this.free = Array.from({ length: given.machines }, (_, index) => `m${index}`);
  }

  submit(request: Request): void {
    this.count += 1;
    const wait = logNormal(this.traits.queue, this.traits.seed, 'queue', this.count);
    this.clock.after(1000 * wait, () => {
      this.waiting.push(request);
      this.place();
    });
  }

  private place(): void {
    if (this.free.length === 0) return;
    const left: Request[] = [];
    for (const request of this.waiting) {
      if (request.isCancelled === true) continue;
      const place = this.free.findIndex((machine) => !request.excluded.has(machine));
      const [machine] = place === -1 ? [] : this.free.splice(place, 1);
      if (machine === undefined) left.push(request);
      else {
        request.begin(machine);
        this.step(request, machine, 'done');
      }
    }
    this.waiting = left;
  }

  private step(request: Request, machine: string, fate: Fate): void {
    const step = request.isCancelled === true ? undefined : request.next();
    if (step === undefined) {
      if (request.isCancelled !== true) request.over(fate);
      this.giveBack(machine);
    } else if ('pause' in step) this.clock.after(step.pause, () => this.step(request, machine, fate));
    else this.execute(request, machine, step.node);
  }

  private execute(request: Request, machine: string, node: string): void {
    const before = this.executions.get(node) ?? 0;
    this.executions.set(node, before + 1);
    const fate = this.fateOf(node, before);
    const seconds = secondsOf(node, this.traits) * (fate === 'done' ? 1 : drawn(this.traits.seed, 'part', node, before));
    this.clock.after(1000 * seconds, () => {
      request.end(fate, seconds);
      if (fate === 'done' || fate === 'failed') return this.step(request, machine, fate);
      if (request.isCancelled !== true) request.over(fate);
      if (fate === 'PREEMPTED') this.giveBack(machine);
      else this.clock.after(1000 * this.traits.repair, () => this.giveBack(machine));
    });
  }

  private giveBack(machine: string): void {
    this.free.push(machine);
    // Whoever gives it back may have more to do first.
    this.clock.after(0, () => this.place());
  }

  private fateOf(node: string, before: number): Fate {
    const { seed, preempted, machineFails, nodeFails } = this.traits;
    const luck = drawn(seed, 'fate', node, before);
    if (luck < preempted) return 'PREEMPTED';
    if (luck < preempted + machineFails) return 'NODE_FAIL';
    return luck < preempted + machineFails + nodeFails ? 'failed' : 'done';
  }
}

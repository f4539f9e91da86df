import type { Capacity, Executor } from '../model/executor.ts';
import type { Instance } from '../model/pipeline.ts';
import type { Problem } from '../model/problem.ts';

/** What is counted of an executor: its capacity, under its name. */
type Counted = Pick<Executor, 'name' | 'capacity'>;

/** What is taken of one executor. */
interface Pool {
  readonly capacity: Capacity;
  readonly taken: { cpu: number; gpu: number; memory: number };
  running: number;
  alone: boolean;
}

/**
 * Counts what running nodes take of each executor. A node that is larger than its executor runs alone there. One that measures takes nothing,
 * unless nodes themselves are counted: it waits until its executor gives it the whole machine, and meanwhile others go on. Runs of one process share it: work that one of them
 * does is not begun by another, and work that failed is not tried again.
 */
export class Slots {
  private readonly pools = new Map<string, Pool>();
  /** Work that is done, with whether it holds slots. */
  private readonly works = new Map<string, boolean>();
  private readonly failures = new Map<string, Problem>();
  private readonly watchers = new Set<(work: string | undefined) => void>();

  /** What may be used of the executor that was chosen. */
  readonly chosen: Capacity;

  /** The executor that was chosen, with what may be used of it; others may be used whole. */
  constructor(chosen: Counted) {
    this.chosen = chosen.capacity;
    this.poolOf(chosen);
  }

  /** Whether a node asks for more than there is, and so runs only when nothing else does. */
  isTooLarge({ resources }: Instance, executor: Counted): boolean {
    const { capacity } = this.poolOf(executor);
    return resources.cpu > capacity.cpu || resources.gpu > capacity.gpu || resources.memory > capacity.memory;
  }

  /** Takes a node's slots, unless they are not free (`full`) or somebody does the same work (`busy`). */
  take(instance: Instance, executor: Counted, work: string): 'taken' | 'full' | 'busy' {
    const { resources } = instance;
    if (this.works.has(work)) return 'busy';
    const pool = this.poolOf(executor);
    const { taken, capacity } = pool;
    if (instance.measures && capacity.nodes === undefined) {
      this.works.set(work, false);
      return 'taken';
    }
    if (capacity.nodes !== undefined && pool.running >= capacity.nodes) return 'full';
    const isAlone = this.isTooLarge(instance, executor);
    const fits =
      taken.cpu + resources.cpu <= capacity.cpu &&
      taken.gpu + resources.gpu <= capacity.gpu &&
      taken.memory + resources.memory <= capacity.memory;
    if (pool.alone || (isAlone ? pool.running > 0 : !fits)) return 'full';
    change(pool, instance, 1);
    this.works.set(work, true);
    pool.alone = isAlone;
    return 'taken';
  }

  /** Gives a node's slots back, once; its work may go on, and nobody begins the same. */
  free(instance: Instance, executor: Counted, work: string): void {
    if (this.works.get(work) !== true) return;
    this.works.set(work, false);
    const pool = this.poolOf(executor);
    change(pool, instance, -1);
    pool.alone = false;
    for (const watcher of this.watchers) watcher(undefined);
  }

  /** Says that work has ended; gives its slots back as well. */
  release(instance: Instance, executor: Counted, work: string): void {
    this.free(instance, executor, work);
    this.works.delete(work);
    for (const watcher of this.watchers) watcher(work);
  }

  /** Calls back whenever slots are given back, and with each work that has ended; returns what ends that. */
  watch(watcher: (work: string | undefined) => void): () => void {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  }

  /** Remembers why work failed. */
  noteFailure(work: string, problem: Problem): void {
    this.failures.set(work, problem);
  }

  /** Why work failed before; undefined if it did not. */
  failureOf(work: string): Problem | undefined {
    return this.failures.get(work);
  }

  private poolOf({ name, capacity }: Counted): Pool {
    const pool = this.pools.get(name) ?? { capacity, taken: { cpu: 0, gpu: 0, memory: 0 }, running: 0, alone: false };
    this.pools.set(name, pool);
    return pool;
  }
}

function change(pool: Pool, { resources }: Instance, sign: 1 | -1): void {
  pool.taken.cpu += sign * resources.cpu;
  pool.taken.gpu += sign * resources.gpu;
  pool.taken.memory += sign * resources.memory;
  pool.running += sign;
}

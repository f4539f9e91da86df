import type { Capacity } from '../model/executor.ts';
import type { Instance } from '../model/pipeline.ts';
import type { Problem } from '../model/problem.ts';

/**
 * Counts what running nodes take. A node that measures the machine, or is larger than it, runs alone. Runs of one process share it: work
 * that one of them does is not begun by another, and work that failed is not tried again.
 */
export class Slots {
  private readonly capacity: Capacity;
  private readonly taken = { cpu: 0, gpu: 0, memory: 0 };
  private running = 0;
  private alone = false;
  private readonly works = new Set<string>();
  private readonly failures = new Map<string, Problem>();
  private waiting: (() => void)[] = [];

  constructor(capacity: Capacity) {
    this.capacity = capacity;
  }

  /** Whether a node asks for more than there is, and so runs only when nothing else does. */
  isTooLarge({ resources }: Instance): boolean {
    return resources.cpu > this.capacity.cpu || resources.gpu > this.capacity.gpu || resources.memory > this.capacity.memory;
  }

  /** Takes a node's slots, unless they are not free (`full`) or somebody does the same work (`busy`). */
  take(instance: Instance, work: string): 'taken' | 'full' | 'busy' {
    const { resources } = instance;
    if (this.works.has(work)) return 'busy';
    const isAlone = instance.measures || this.isTooLarge(instance);
    const fits =
      this.taken.cpu + resources.cpu <= this.capacity.cpu &&
      this.taken.gpu + resources.gpu <= this.capacity.gpu &&
      this.taken.memory + resources.memory <= this.capacity.memory;
    if (this.alone || (isAlone ? this.running > 0 : !fits)) return 'full';
    this.change(instance, 1);
    this.works.add(work);
    this.alone = isAlone;
    return 'taken';
  }

  release(instance: Instance, work: string): void {
    this.change(instance, -1);
    this.works.delete(work);
    this.alone = false;
    for (const wake of this.waiting.splice(0)) wake();
  }

  /** Resolves when slots or work are given back next. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Remembers why work failed. */
  noteFailure(work: string, problem: Problem): void {
    this.failures.set(work, problem);
  }

  /** Why work failed before; undefined if it did not. */
  failureOf(work: string): Problem | undefined {
    return this.failures.get(work);
  }

  private change({ resources }: Instance, sign: 1 | -1): void {
    this.taken.cpu += sign * resources.cpu;
    this.taken.gpu += sign * resources.gpu;
    this.taken.memory += sign * resources.memory;
    this.running += sign;
  }
}

import type { Capacities, Taken } from '../event.ts';

/** Work that has not ended: what it takes, and for how many seconds. */
export interface Work {
  /** By their places in the list: what must have ended before it begins. */
  readonly after: readonly number[];
  readonly takes: Taken | undefined;
  readonly isRunning: boolean;
}

/** How many works that do not fit are passed over to find one that does. */
const PASSED = 32;

interface Pool {
  /** So many more nodes may begin. */
  nodes: number;
  cpu: number;
  gpu: number;
  memory: number;
  readonly running: Set<number>;
  /** Those that wait to measure, each with what runs that began before it came: as long as any of that does, others may begin. */
  readonly measuring: Map<number, Set<number>>;
  /** One that measures runs. */
  isAlone: boolean;
}

/** Numbers in ascending order, taken from the front. */
class Ascending {
  private values: number[] = [];
  private from = 0;

  add(value: number): void {
    let [low, high] = [this.from, this.values.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.values[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    this.values.splice(low, 0, value);
  }

  at(index: number): number | undefined {
    return this.values[this.from + index];
  }

  remove(index: number): void {
    if (index === 0) this.from += 1;
    else this.values.splice(this.from + index, 1);
  }
}

/** Works that begin in the order of their list as soon as what they need has ended and there is room. */
class Simulation {
  private readonly works: readonly Work[];
  private readonly capacities: Capacities;
  private readonly pools = new Map<string, Pool>();
  private readonly missing: number[];
  private readonly consumers: readonly number[][];
  private readonly ready = new Ascending();
  private readonly running: { readonly index: number; readonly end: number }[] = [];
  private now = 0;

  constructor(works: readonly Work[], capacities: Capacities) {
    this.works = works;
    this.capacities = capacities;
    this.missing = works.map(({ after }) => after.length);
    this.consumers = works.map(() => []);
    for (const [index, { after }] of works.entries()) for (const before of after) this.consumers[before]?.push(index);
  }

  /** The seconds until all have ended. */
  run(seconds: readonly number[]): number {
    for (const [index, { isRunning }] of this.works.entries()) {
      if (isRunning) this.start(index, seconds[index] ?? 0);
      else if (this.missing[index] === 0) this.ready.add(index);
    }
    for (;;) {
      this.startReady(seconds);
      const next = this.nextEnd();
      if (next === undefined) return this.now;
      this.end(next);
    }
  }

  private poolOf(takes: Taken | undefined): Pool {
    const name = takes?.executor ?? '';
    const known = this.pools.get(name);
    if (known !== undefined) return known;
    const unknown = { nodes: Number.MAX_SAFE_INTEGER, cpu: Number.MAX_SAFE_INTEGER, gpu: 0, memory: 0 };
    const { nodes, cpu, gpu, memory } = { ...unknown, ...this.capacities[name] };
    const pool = { nodes, cpu, gpu, memory, running: new Set<number>(), measuring: new Map<number, Set<number>>(), isAlone: false };
    this.pools.set(name, pool);
    return pool;
  }

  private startReady(seconds: readonly number[]): void {
    for (let index = 0; index < PASSED; ) {
      const work = this.ready.at(index);
      if (work === undefined) return;
      if (this.mayStart(work)) {
        this.ready.remove(index);
        this.start(work, seconds[work] ?? 0);
      } else index += 1;
    }
  }

  private mayStart(index: number): boolean {
    const takes = this.works[index]?.takes;
    const pool = this.poolOf(takes);
    if (takes === undefined) return true;
    if (takes.alone) {
      const before = pool.measuring.get(index) ?? new Set(pool.running);
      pool.measuring.set(index, before);
      return pool.running.size === 0;
    }
    if (pool.isAlone || [...pool.measuring.values()].some((before) => before.size === 0)) return false;
    return pool.running.size === 0 || (pool.nodes > 0 && takes.cpu <= pool.cpu && takes.gpu <= pool.gpu && takes.memory <= pool.memory);
  }

  private start(index: number, seconds: number): void {
    this.change(index, -1);
    this.running.push({ index, end: this.now + seconds });
  }

  private change(index: number, sign: 1 | -1): void {
    const takes = this.works[index]?.takes;
    const pool = this.poolOf(takes);
    if (sign === -1) {
      pool.running.add(index);
      pool.measuring.delete(index);
    } else {
      pool.running.delete(index);
      for (const before of pool.measuring.values()) before.delete(index);
    }
    if (takes === undefined) return;
    if (takes.alone) pool.isAlone = sign === -1;
    if (!takes.alone) pool.nodes += sign;
    pool.cpu += sign * takes.cpu;
    pool.gpu += sign * takes.gpu;
    pool.memory += sign * takes.memory;
  }

  private nextEnd(): Simulation['running'][number] | undefined {
    let [first] = this.running;
    for (const one of this.running) if (first !== undefined && one.end < first.end) first = one;
    return first;
  }

  private end(work: Simulation['running'][number]): void {
    const { index, end } = work;
    this.running.splice(this.running.indexOf(work), 1);
    this.now = end;
    this.change(index, 1);
    for (const consumer of this.consumers[index] ?? []) {
      const missing = (this.missing[consumer] ?? 0) - 1;
      this.missing[consumer] = missing;
      if (missing === 0) this.ready.add(consumer);
    }
  }
}

/**
 * The seconds until works have ended that take so many each, the running ones from now on; the others begin in their order, as soon as what
 * they need has ended and their executor has room, one that is larger than it on its own.
 */
export function secondsUntilEnd(works: readonly Work[], seconds: readonly number[], capacities: Capacities): number {
  return new Simulation(works, capacities).run(seconds);
}

import { type Instance, producersOf } from '../model/pipeline.ts';

/** Who waits for whom: of each node, how many of its producers have not come out, and who consumes what it makes. */
export class Awaited {
  private readonly missing = new Map<string, number>();
  private readonly consumers = new Map<string, string[]>();

  /** None has come out. */
  constructor(instances: Iterable<Instance>) {
    for (const instance of instances) {
      const producers = producersOf(instance);
      this.missing.set(instance.name, producers.length);
      for (const from of producers) {
        const consumers = this.consumers.get(from);
        if (consumers === undefined) this.consumers.set(from, [instance.name]);
        else consumers.push(instance.name);
      }
    }
  }

  consumersOf(name: string): readonly string[] {
    return this.consumers.get(name) ?? [];
  }

  /** Whether all producers of a node have come out. */
  isReady(name: string): boolean {
    return this.missing.get(name) === 0;
  }

  /** A node has come out; returns its consumers that are ready by that. */
  cameOut(name: string): readonly string[] {
    return this.consumersOf(name).filter((consumer) => {
      const left = (this.missing.get(consumer) ?? 0) - 1;
      this.missing.set(consumer, left);
      return left === 0;
    });
  }

  /** Lets a node wait for those of its producers that are not among those that came out. */
  waitAnew(instance: Instance, cameOut: { has(name: string): boolean }): void {
    this.missing.set(instance.name, producersOf(instance).filter((one) => !cameOut.has(one)).length);
  }
}

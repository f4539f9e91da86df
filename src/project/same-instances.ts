import type { Instance, Pipeline } from '../model/pipeline.ts';

/** An instance, and how it is told from others. */
interface Known {
  readonly instance: Instance;
  readonly text: string;
}

/** The parts of an instance of which something is found out by themselves. */
const PARTS = ['work', 'outputs', 'env'] as const;

/**
 * The instances of several readings of one file: one that is as it was in the reading before is the same object, and so are its parts. So what
 * is found out of it is found out once. Nobody changes them.
 */
export class SameInstances {
  private readonly last = new Map<string, Known>();

  constructor(first: readonly Instance[]) {
    this.kept(first);
  }

  /** A pipeline as it was read, of the instances that are known. */
  of(pipeline: Pipeline): Pipeline {
    return { ...pipeline, instances: this.kept(pipeline.instances) };
  }

  private kept(instances: readonly Instance[]): Instance[] {
    return instances.map((read) => {
      const before = this.last.get(read.name);
      const text = JSON.stringify(read);
      if (before?.text === text) return before.instance;
      const instance = before === undefined ? read : withParts(read, before.instance);
      this.last.set(read.name, { instance, text });
      return instance;
    });
  }
}

/** An instance with the parts of another one that are equal to its own. */
function withParts(read: Instance, before: Instance): Instance {
  const same = PARTS.filter((part) => JSON.stringify(read[part]) === JSON.stringify(before[part]));
  return { ...read, ...Object.fromEntries(same.map((part) => [part, before[part]])) };
}

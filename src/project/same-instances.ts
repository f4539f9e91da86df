import type { Instance, Pipeline } from '../model/pipeline.ts';

/** The parts of an instance of which something is found out by themselves. */
const PARTS = ['work', 'outputs', 'env'] as const;

const texts = new WeakMap<Instance, string>();

function textOf(instance: Instance): string {
  const text = texts.get(instance) ?? JSON.stringify(instance);
  texts.set(instance, text);
  return text;
}

/**
 * The instances of several readings of one file: one that is as it was in the reading before is the same object, and so are its parts. So what
 * is found out of it is found out once. Nobody changes them.
 */
export class SameInstances {
  private readonly last: Map<string, Instance>;

  constructor(first: readonly Instance[]) {
    this.last = new Map(first.map((instance) => [instance.name, instance]));
  }

  /** A pipeline as it was read, of the instances that are known. */
  of(pipeline: Pipeline): Pipeline {
    return { ...pipeline, instances: pipeline.instances.map((read) => this.kept(read)) };
  }

  private kept(read: Instance): Instance {
    const before = this.last.get(read.name);
    if (before !== undefined && (before === read || textOf(before) === textOf(read))) return before;
    const instance = before === undefined ? read : withParts(read, before);
    this.last.set(read.name, instance);
    return instance;
  }
}

/** An instance with the parts of another one that are equal to its own. */
function withParts(read: Instance, before: Instance): Instance {
  const same = PARTS.filter((part) => JSON.stringify(read[part]) === JSON.stringify(before[part]));
  return { ...read, ...Object.fromEntries(same.map((part) => [part, before[part]])) };
}

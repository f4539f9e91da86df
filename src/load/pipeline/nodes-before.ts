import type { Json } from '../../model/json.ts';
import type { Instance } from '../../model/pipeline.ts';
import { producerOf } from './connect.ts';
import type { NodeContext } from './context.ts';
import type { FileNode } from './file-node.ts';
import type { Names } from './references.ts';

/** What came of reading a node. */
export interface ReadNode {
  readonly instances: readonly Instance[];
  /** Of its matrix, those that `when` turns off included. */
  readonly points: number;
}

/** A node that is to be read. */
export interface NodeToRead {
  readonly name: string;
  readonly node: FileNode;
  /** The instances of those before it, by node. */
  readonly instances: ReadonlyMap<string, readonly Instance[]>;
  /** How many points those have. */
  readonly others: number;
  readonly context: NodeContext;
}

/** A reading of a node, and all that it went by. */
interface Reading extends Pick<NodeToRead, 'node' | 'others'> {
  readonly around: string;
  /** The values that it referred to, as JSON, by name. */
  readonly values: ReadonlyMap<string, string>;
  readonly producers: readonly (readonly Instance[] | undefined)[];
  /** The room that it took. */
  readonly took: number;
  readonly read: ReadNode;
}

/**
 * What was read of a file's nodes before, with other `--set` options: one that would be read alike is not read again, and its instances are the same
 * objects. Left out are those of stages and those that name files, which are looked at each time.
 */
export class NodesBefore {
  private readonly readings = new Map<string, Reading>();

  /** What is known of a node, or what reading it gives. */
  async read(asked: NodeToRead, read: (context: NodeContext) => Promise<ReadNode | undefined>): Promise<ReadNode | undefined> {
    const { name, node, others, context } = asked;
    if (!goesByFileAlone(node)) return read(context);
    const around = aroundOf(asked);
    const before = this.readings.get(name);
    if (before !== undefined && before.around === around && isAsBefore(before, asked)) {
      context.room.left -= before.took;
      return before.read;
    }
    const names = new HeardNames(context.names);
    const [had, problems] = [context.room.left, context.problems.length];
    const found = await read({ ...context, names });
    const took = had - context.room.left;
    if (found !== undefined && context.problems.length === problems)
      this.readings.set(name, { node, others, around, values: names.heard, producers: producersOf(asked), took, read: found });
    return found;
  }
}

function goesByFileAlone({ uses, python, notebook, code, in: inputs = {} }: FileNode): boolean {
  return (
    [uses, python, notebook, code].every((one) => one === undefined) && Object.values(inputs).every((one) => producerOf(one) !== undefined)
  );
}

/** What is said of a node elsewhere than in the file's text of it. */
function aroundOf({ name, context: { overrides, environment, confine, texts } }: NodeToRead): string {
  const own = overrides.filter(({ node }) => node === name);
  return JSON.stringify([own, environment, confine, texts.size === 0 ? [] : [...texts]]);
}

function producersOf({ node, instances }: NodeToRead): Reading['producers'] {
  return Object.values(node.in ?? {}).map((one) => instances.get(producerOf(one) ?? ''));
}

function isAsBefore({ node, others, values, producers, took }: Reading, asked: NodeToRead): boolean {
  const { context } = asked;
  if (node !== asked.node || others < asked.others || took > context.room.left) return false;
  for (const [name, text] of values) if (textOf(context.names.get(name)) !== text) return false;
  return producersOf(asked).every((one, index) => one === producers[index]);
}

const texts = new WeakMap<object, string>();

/** A value as JSON, empty for none: each list or mapping is written once. */
function textOf(value: Json | undefined): string {
  if (value === null || typeof value !== 'object') return value === undefined ? '' : JSON.stringify(value);
  const known = texts.get(value) ?? JSON.stringify(value);
  texts.set(value, known);
  return known;
}

/** Names, and which of them were asked for. */
class HeardNames implements Names {
  readonly heard = new Map<string, string>();
  private readonly names: Names;

  constructor(names: Names) {
    this.names = names;
  }

  get size(): number {
    return this.names.size;
  }

  get(name: string): Json | undefined {
    const value = this.names.get(name);
    if (!this.heard.has(name)) this.heard.set(name, textOf(value));
    return value;
  }

  keys(): MapIterator<string> {
    return this.names.keys();
  }
}

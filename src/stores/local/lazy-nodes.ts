import { parseJson } from '../../files/json.ts';
import type { RunNode, RunRecord } from '../../model/run.ts';
import { areNodes } from './shapes.ts';

type Nodes = RunRecord['nodes'];

/** Where the JSON of a node begins and ends, in bytes. */
type Part = readonly [start: number, end: number];

/** Nodes as JSON with a line for each, given the JSON of each: one is found without reading the others. */
export function nodeLines(members: readonly (readonly [name: string, json: string])[]): string {
  return `{\n${members.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',\n')}\n}`;
}

/** What JSON writes otherwise than it is, or in more than one byte. */
const WRITTEN_OTHERWISE = /[\\\x80-\xff]/;

/** A name that begins at a quote, as it is written in JSON and as bytes. */
const NAME = /"(?:[^"\\]|\\.)*":/y;

/** The name that begins at a place of a text with a character for each byte, and where it ends, behind its colon; undefined where none does. */
function nameAt(text: string, start: number): { readonly name: string; readonly end: number } | undefined {
  const end = text.indexOf('":', start + 1) + 2;
  const plain = text.slice(start + 1, end - 2);
  if (text[start] === '"' && end > 1 && !WRITTEN_OTHERWISE.test(plain)) return { name: plain, end };
  NAME.lastIndex = start;
  const [written] = NAME.exec(text) ?? [];
  if (written === undefined) return undefined;
  return { name: JSON.parse(Buffer.from(written.slice(0, -1), 'latin1').toString()) as string, end: NAME.lastIndex };
}

/** The places of nodes in the bytes of such a text, by name; undefined where it is laid out otherwise. No JSON of a node holds the end of a line. */
function partsOf(bytes: Buffer): Map<string, Part> | undefined {
  // A character for each byte: that is made much faster than the text, of which few parts are ever asked for.
  const text = bytes.toString('latin1');
  if (!text.startsWith('{\n') || !text.endsWith('\n}')) return undefined;
  const parts = new Map<string, Part>();
  for (let start = 2; start < text.length - 1; ) {
    const found = nameAt(text, start);
    if (found === undefined) return undefined;
    const end = text.indexOf('\n', start);
    parts.set(found.name, [found.end, text[end - 1] === ',' ? end - 1 : end]);
    start = end + 1;
  }
  return parts;
}

/** Many nodes by name, each of them looked up when it is first asked for. */
abstract class Lookup implements ProxyHandler<Nodes> {
  abstract find(name: string): RunNode | undefined;
  abstract names(): Iterable<string>;
  abstract hasName(name: string): boolean;

  get(_target: Nodes, name: string | symbol): RunNode | undefined {
    return typeof name === 'string' ? this.find(name) : undefined;
  }

  has(_target: Nodes, name: string | symbol): boolean {
    return typeof name === 'string' && this.hasName(name);
  }

  ownKeys(): string[] {
    return [...this.names()];
  }

  getOwnPropertyDescriptor(target: Nodes, name: string | symbol): PropertyDescriptor | undefined {
    // Who only lists names reads no node.
    return this.has(target, name) ? { get: () => this.get(target, name), enumerable: true, configurable: true } : undefined;
  }
}

class Lines extends Lookup {
  private readonly bytes: Buffer;
  private readonly parts: ReadonlyMap<string, Part>;
  private readonly found = new Map<string, RunNode>();

  constructor(bytes: Buffer, parts: ReadonlyMap<string, Part>) {
    super();
    this.bytes = bytes;
    this.parts = parts;
  }

  find(name: string): RunNode | undefined {
    const part = this.parts.get(name);
    const known = this.found.get(name);
    if (known !== undefined || part === undefined) return known;
    const read = parseJson(`{"node":${this.bytes.toString('utf8', ...part)}}`, areNodes)?.['node'];
    if (read !== undefined) this.found.set(name, read);
    return read;
  }

  names(): Iterable<string> {
    return this.parts.keys();
  }

  hasName(name: string): boolean {
    return this.parts.has(name);
  }

  /** Whether a node is the one that was handed out under a name. */
  gave(name: string, node: RunNode): boolean {
    return this.found.get(name) === node;
  }
}

class Changed extends Lookup {
  private readonly base: Nodes;
  private readonly changed: Nodes;

  constructor(base: Nodes, changed: Nodes) {
    super();
    this.base = base;
    this.changed = changed;
  }

  find(name: string): RunNode | undefined {
    return Object.hasOwn(this.changed, name) ? this.changed[name] : this.base[name];
  }

  names(): Iterable<string> {
    return Object.keys(this.base);
  }

  hasName(name: string): boolean {
    return Object.hasOwn(this.base, name);
  }
}

const lines = new WeakMap<Nodes, Lines>();

/** The nodes of the bytes of lines: each is read when it is first asked for, and is the same object from then on. Undefined where they are no such lines. */
export function lazyNodes(bytes: Buffer): Nodes | undefined {
  const parts = partsOf(bytes);
  if (parts === undefined) return undefined;
  const handler = new Lines(bytes, parts);
  const nodes = new Proxy<Nodes>({}, handler);
  lines.set(nodes, handler);
  return nodes;
}

/** The same nodes, some of them changed. */
export function changedNodes(base: Nodes, changed: Nodes): Nodes {
  return new Proxy<Nodes>({}, new Changed(base, changed));
}

/** Whether a node is the very one that stands under a name, as far as that has been asked for. */
export function isSameNode(nodes: Nodes, name: string, node: RunNode): boolean {
  return lines.get(nodes)?.gave(name, node) ?? nodes[name] === node;
}

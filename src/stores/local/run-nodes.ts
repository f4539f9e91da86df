import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { syncFolder, writeDurably } from '../../files/durable.ts';
import { jsonNamesIn } from '../../files/folder.ts';
import { hashFile } from '../../files/hash.ts';
import { parseJson } from '../../files/json.ts';
import { readBytes } from '../../files/sealed.ts';
import { storedStamp } from '../../files/stamp.ts';
import { isDigest, sha256 } from '../../model/canonical.ts';
import { fileOf, insideOf, type KeptNodes, type RunNode, type RunRecord } from '../../model/run.ts';
import { changedNodes, isSameNode, lazyNodes, nodeLines } from './lazy-nodes.ts';
import { areNodes } from './shapes.ts';

type Nodes = RunRecord['nodes'];

/** Characters of JSON of a run's nodes that stand in its record. More of them are a file of their own, of which a record names what differs. */
const LARGEST_INSIDE = 65_536;

/** So few nodes always stand in the record of their run. */
const FEW = 100;

/** Nodes of runs in files of their own, named by the digests of their JSON: runs that came out alike share one, and those that hardly differ too. */
export class RunNodes {
  private readonly folder: string;
  private readonly texts = new WeakMap<RunNode, string>();
  /** How files stood when they were found to be whole. */
  private readonly proven = new Map<string, string>();
  /** Files that are on the disk for good. */
  private readonly synced = new Set<string>();
  /** Those of files that were read or written, by digest. */
  private readonly known = new Map<string, WeakRef<Nodes>>();

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Keeps nodes: in a file where they are many, unless all but few of them are known to stand in one. */
  keep(nodes: Nodes): KeptNodes {
    const based = this.based(nodes);
    if (based !== undefined) return based;
    const text = this.textOf(Object.entries(nodes));
    if (text.length <= LARGEST_INSIDE) return nodes;
    const digest = sha256(text);
    if (this.isThere(digest)) this.sync(digest);
    else writeDurably(this.path(digest), text);
    this.synced.add(digest);
    this.known.set(digest, new WeakRef(nodes));
    return digest;
  }

  /** Nodes as what differs from those of a file that is known; undefined where there is none, or too much differs. */
  based(nodes: Nodes): KeptNodes | undefined {
    const names = Object.keys(nodes);
    if (names.length <= FEW) return undefined;
    for (const [base, reference] of this.known) {
      const others = reference.deref();
      if (others === undefined || !isAlike(Object.keys(others), names)) continue;
      const changed = Object.entries(nodes).filter(([name, node]) => !isSameNode(others, name, node));
      if (changed.length > names.length / 2 || this.textOf(changed).length > LARGEST_INSIDE) continue;
      if (!this.isThere(base)) return undefined;
      this.sync(base);
      return changed.length === 0 ? base : { base, changed: Object.fromEntries(changed) };
    }
    return undefined;
  }

  /** Whether a file is there as it was written: it is hashed once as long as it stands as it did. */
  private isThere(digest: string): boolean {
    const stamp = storedStamp(this.path(digest));
    if (stamp !== '' && this.proven.get(digest) === stamp) return true;
    const isThere = this.has(digest);
    if (isThere) this.proven.set(digest, stamp);
    return isThere;
  }

  /** Makes a file durable: who wrote it may still be about to. */
  private sync(digest: string): void {
    if (!this.synced.has(digest)) syncFolder(this.folder);
    this.synced.add(digest);
  }

  /** The JSON of nodes, that of each written once: a run's nodes and those of the next one, in which nothing has changed, are mostly the same. */
  private textOf(nodes: readonly (readonly [string, RunNode])[]): string {
    const jsonOf = (node: RunNode): string => {
      const json = this.texts.get(node) ?? JSON.stringify(node);
      this.texts.set(node, json);
      return json;
    };
    return nodeLines(nodes.map(([name, node]) => [name, jsonOf(node)]));
  }

  private path(digest: string): string {
    return join(this.folder, `${digest}.json`);
  }

  private read(digest: string): Nodes | undefined {
    const bytes = isDigest(digest) ? readBytes(this.path(digest)) : undefined;
    if (bytes === undefined || sha256(bytes) !== digest) return undefined;
    // Those of former stores stand in one line.
    return lazyNodes(bytes) ?? parseJson(bytes.toString(), areNodes);
  }

  /** Whether kept nodes are there, as they were. */
  has(kept: KeptNodes): boolean {
    const digest = fileOf(kept);
    if (digest === undefined) return true;
    const path = this.path(digest);
    return isDigest(digest) && lstatSync(path, { throwIfNoEntry: false })?.isFile() === true && hashFile(path) === digest;
  }

  /** Nodes as they were kept; of a file the same objects for all who share it, as long as anyone has them. Undefined where it is lost or damaged. */
  of(kept: KeptNodes): Nodes | undefined {
    const digest = fileOf(kept);
    const inside = insideOf(kept);
    if (digest === undefined) return inside;
    const nodes = this.known.get(digest)?.deref() ?? this.read(digest);
    if (nodes === undefined) return undefined;
    this.known.set(digest, new WeakRef(nodes));
    return typeof kept === 'string' ? nodes : changedNodes(nodes, inside);
  }

  /** The digests of all files, those of damaged ones included. */
  files(): string[] {
    return jsonNamesIn(this.folder);
  }
}

function isAlike(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((name, index) => name === others[index]);
}

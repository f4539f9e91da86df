import { hash } from 'node:crypto';
import type { InputElement } from '../model/pipeline.ts';
import type { RunNode } from '../model/run.ts';
import type { Snapshot } from '../model/store.ts';
import type { Prepared } from './fingerprint.ts';

/**
 * A run in which everything came out, as far as a plan may rely on it: the store still holds, as it was, all that came of it. So a node of
 * which nothing differs that its result, or what a record says of it, is made of need not be looked up again.
 */
export interface RecalledRun {
  /** What each node was (see `identityOf`), by name. */
  readonly identities: ReadonlyMap<string, string>;
  /** The nodes as its record has them, each of them reused. */
  readonly nodes: Readonly<Record<string, RunNode>>;
  /** What its sources held. */
  readonly snapshots: ReadonlyMap<string, Snapshot>;
}

const digests = new WeakMap<Prepared, string>();

/** The JSON of what many nodes share, such as their work: nobody changes what was made. */
const written = new WeakMap<object, string>();

function shared(value: object): string {
  const text = written.get(value) ?? JSON.stringify(value);
  written.set(value, text);
  return text;
}

/**
 * What tells a node from all others that would be recorded otherwise or come out otherwise, but for the contents of its inputs: the digest of
 * its instance and of all that was found out about it.
 */
export function identityOf(prepared: Prepared): string {
  const identity = digests.get(prepared) ?? digestOf(prepared);
  digests.set(prepared, identity);
  return identity;
}

function digestOf({ instance, own, environment, commandCode }: Prepared): string {
  const { work, outputs, metrics, env, resources, ...rest } = instance;
  const { work: asked, outputs: made, env: given, engines, machine, params: _params, ...facts } = own;
  const found = { built: environment?.built, digest: commandCode?.digest, files: commandCode?.files, size: commandCode?.size };
  const many = [work, outputs, metrics, env, resources, asked, made, given, engines, machine ?? []];
  return hash('sha256', `${JSON.stringify([rest, facts, found])}${many.map(shared).join('')}`, 'base64url');
}

/** The nodes of a plan that stand as in a recalled run, met in the order of the plan. */
export class Recall {
  private readonly run: RecalledRun;
  private readonly snapshots: ReadonlyMap<string, Snapshot>;
  private readonly standing = new Set<string>();
  private readonly sameSources = new Map<string, boolean>();

  /** `snapshots`: what the plan's sources hold. */
  constructor(run: RecalledRun, snapshots: ReadonlyMap<string, Snapshot>) {
    this.run = run;
    this.snapshots = snapshots;
  }

  /** A node as the record has it, where it and all before it stand as they did. */
  of(prepared: Prepared): RunNode | undefined {
    const { name, inputs } = prepared.instance;
    const { identities, nodes } = this.run;
    const known = identities.get(name);
    if (known === undefined || !Object.hasOwn(nodes, name)) return undefined;
    if (!inputs.every(({ elements }) => elements.every((element) => this.isStanding(element)))) return undefined;
    if (identityOf(prepared) !== known) return undefined;
    this.standing.add(name);
    return nodes[name];
  }

  private isStanding({ origin }: InputElement): boolean {
    return origin.kind === 'output' ? this.standing.has(origin.instance) : this.isSameSource(origin.source);
  }

  private isSameSource(name: string): boolean {
    const known = this.sameSources.get(name);
    if (known !== undefined) return known;
    const [before, now] = [this.run.snapshots.get(name), this.snapshots.get(name)];
    const isSame = before !== undefined && JSON.stringify(before) === JSON.stringify(now);
    this.sameSources.set(name, isSame);
    return isSame;
  }
}

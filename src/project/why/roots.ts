import type { Difference } from '../../engine/differences.ts';
import type { Reason } from './reason.ts';

/** What began it: a node with a reason of its own, and all that follows from it. */
export interface Root {
  readonly node: string;
  readonly cause: string;
  /** What of it has changed by itself. */
  readonly changes: readonly Difference[];
  /** The nodes that run, or may run, because of it, itself aside. */
  readonly leadsTo: readonly string[];
}

/** One thing that makes a node run: the node where it began, and the way from there. */
export interface Because {
  readonly node: string;
  readonly cause: string;
  readonly changes: readonly Difference[];
  /** Node after node, from where it began to the one that is explained. */
  readonly way: readonly string[];
}

/** A reason with what of its changes is its own. */
export interface OwnReason extends Reason {
  readonly own: readonly Difference[];
}

/** Whether a node is a beginning: something of its own has changed, or nothing upstream of it accounts for its running. */
function isRoot({ own, upstream }: OwnReason): boolean {
  return own.length > 0 || upstream.length === 0;
}

/** Whether a node runs, may run or has run, or stands as something that others follow from. */
function counts({ action, changes }: Reason): boolean {
  return (action !== 'reuse' && action !== 'reused') || changes.length > 0;
}

/** Where all that runs began, in the order of the nodes, each with what follows from it. */
export function rootsOf(reasons: ReadonlyMap<string, OwnReason>): readonly Root[] {
  const followers = new Map<string, string[]>();
  const known = new Map<string, ReadonlySet<string>>();
  for (const [name, reason] of reasons) {
    if (!counts(reason)) continue;
    const roots = new Set(reason.upstream.flatMap((one) => [...(known.get(one) ?? [])]));
    for (const root of roots) followers.get(root)?.push(name);
    if (isRoot(reason)) {
      roots.add(name);
      followers.set(name, []);
    }
    known.set(name, roots);
  }
  return [...followers].flatMap(([name, leadsTo]) => {
    const reason = reasons.get(name);
    return reason === undefined ? [] : [{ node: name, cause: reason.cause, changes: reason.own, leadsTo }];
  });
}

/** All that makes a node run, the nearest beginning first. */
export function becauseOf(name: string, reasons: ReadonlyMap<string, OwnReason>): readonly Because[] {
  const found: Because[] = [];
  const seen = new Set([name]);
  let ways: (readonly string[])[] = [[name]];
  while (ways.length > 0) {
    const further: (readonly string[])[] = [];
    for (const way of ways) {
      const reason = reasons.get(way[0] ?? '');
      if (reason === undefined || !counts(reason)) continue;
      if (isRoot(reason)) found.push({ node: reason.node, cause: reason.cause, changes: reason.own, way });
      for (const before of reason.upstream) {
        if (seen.has(before)) continue;
        seen.add(before);
        further.push([before, ...way]);
      }
    }
    ways = further;
  }
  return found;
}

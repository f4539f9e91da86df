import { foldedNames, instanceCounts } from '../model/folded-names.ts';
import { flag } from './verb.ts';

/** `--all`, of all verbs that tell of nodes. */
export const every = flag('--all', 'a line for each instance of a node, and all that there is to tell');

/** What is said of an instance. */
export interface Said {
  readonly node: string;
  /** What becomes of it, or became. */
  readonly action: string;
  readonly cause: string;
}

/** Instances of which the same is said. */
export interface Folded {
  readonly names: readonly string[];
  /** The same in few words: `prepare`, `teacher × 5`. */
  readonly folded: readonly string[];
  readonly action: string;
  readonly cause: string;
}

/** A cause without what differs between the instances of a node: matrix points, and digests that say nothing to a person. */
export function commonCause(cause: string): string {
  return cause
    .replaceAll(/([A-Za-z][\w-]*)\[[^[\]]*=[^[\]]*\]/g, '$1')
    .replaceAll(/: (?:[0-9a-f]{12}|none) \u2192 (?:[0-9a-f]{12}|none)/g, '');
}

/** Tells what is said of several instances once, in the order of these actions and then in that of the instances. */
export function foldSaid(said: readonly Said[], actions: readonly string[]): readonly Folded[] {
  const totals = instanceCounts(said.map(({ node }) => node));
  const groups = new Map<string, { readonly action: string; readonly said: Said[] }>();
  for (const one of said) {
    const key = `${one.action} ${commonCause(one.cause)}`;
    const group = groups.get(key) ?? { action: one.action, said: [] };
    group.said.push(one);
    groups.set(key, group);
  }
  const place = ({ action }: { readonly action: string }): number => (actions.includes(action) ? actions.indexOf(action) : actions.length);
  return [...groups.values()]
    .sort((a, b) => place(a) - place(b))
    .map(({ action, said: same }) => {
      const names = same.map(({ node }) => node);
      const [first] = same;
      return { names, folded: foldedNames(names, totals), action, cause: commonCause(first?.cause ?? '') };
    });
}

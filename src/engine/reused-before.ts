import type { Prepared } from './fingerprint.ts';
import type { Known, Settled } from './inputs.ts';
import type { NodePlan } from './plan.ts';

/** A node that is reused. */
type Reused = NodePlan & { readonly settled: Settled };

/** The nodes that plans reused, by what was prepared of them, and what they were given: plans of a sweep share most of theirs. */
const reused = new WeakMap<Prepared, { readonly node: Reused; readonly given: readonly unknown[] }>();

/** What came out of each producer, by identity, and of each source all that counts. */
function givenTo({ instance: { inputs } }: Prepared, { settled, snapshots }: Known): readonly unknown[] {
  return inputs.flatMap(({ elements }) =>
    elements.map(({ origin }) => {
      if (origin.kind === 'output') return settled.get(origin.instance)?.attempt;
      const { digest, suffix, executable } = snapshots.get(origin.source) ?? {};
      return JSON.stringify([digest, suffix, executable]);
    }),
  );
}

/** The node as it was reused last, if it was given the very same then; whether its result is still there is another question. */
export function reusedBefore(prepared: Prepared, known: Known): Reused | undefined {
  const before = reused.get(prepared);
  return before !== undefined && givenTo(prepared, known).every((one, index) => one === before.given[index]) ? before.node : undefined;
}

/** Remembers that a node is reused. */
export function rememberReused(node: Reused, known: Known): NodePlan {
  reused.set(node.prepared, { node, given: givenTo(node.prepared, known) });
  return node;
}

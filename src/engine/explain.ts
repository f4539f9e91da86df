import type { Store } from '../model/store.ts';
import type { Ingredients } from '../model/result.ts';
import type { RunNode } from '../model/run.ts';
import { type Difference, differences, sentence } from './differences.ts';
import type { Prepared } from './fingerprint.ts';
import type { History } from './history.ts';
import type { Settled } from './inputs.ts';

/** What explaining needs to know beside the node. */
export interface Explaining {
  readonly store: Store;
  readonly history: History;
  /** The nodes before it whose results are known, by name. */
  readonly settled: ReadonlyMap<string, Settled>;
}

const GONE = 'its earlier result is gone from the store';

/** Why a node runs. */
export interface Explained {
  readonly cause: string;
  readonly differences: readonly Difference[];
  /** Whether it has no earlier result to compare with. */
  readonly isFirst: boolean;
}

/** Why a node runs: what differs from when it last came out, or what became of that. Inputs that are not known yet are left out. */
export function explainRun(prepared: Prepared, inputs: Ingredients['inputs'], explaining: Explaining): Explained {
  const { instance } = prepared;
  const { result, last } = explaining.history.of(instance.name);
  if (result === undefined) return { cause: causeWithoutResult(last), differences: [], isFirst: true };
  const unknownPorts = instance.inputs.map(({ port }) => port).filter((port) => !Object.hasOwn(inputs, port));
  const found = differences(result.ingredients, { ...prepared.own, inputs }, unknownPorts, explaining.store);
  if (found.length === 0) {
    const cause = last?.state === 'failed' ? 'it failed last time' : GONE;
    return { cause, differences: found, isFirst: false };
  }
  const unsteady = unsteadyProducers(prepared, result.ingredients.inputs, explaining);
  const because = unsteady.length === 0 ? '' : `; ${unsteady.join(', ')} is not deterministic: the same work gave other bytes`;
  return { cause: sentence(found) + because, differences: found, isFirst: false };
}

function causeWithoutResult(last: RunNode | undefined): string {
  if (last === undefined) return 'it has not run before';
  if (last.state === 'failed') return 'it failed last time';
  return last.state === 'executed' || last.state === 'reused' ? GONE : 'it did not finish last time';
}

/** The nodes before this one whose same work once gave the bytes that it used last time, and now gives others. */
function unsteadyProducers({ instance }: Prepared, before: Ingredients['inputs'], { store, settled }: Explaining): string[] {
  const names = instance.inputs.flatMap(({ port, elements }) =>
    elements.flatMap(({ origin }) => {
      const from = origin.kind === 'output' ? settled.get(origin.instance) : undefined;
      if (origin.kind !== 'output' || from === undefined) return [];
      const older = store.results
        .read(from.fingerprint)
        ?.attempts.filter(({ outputs }) => outputs[origin.port]?.digest !== from.attempt.outputs[origin.port]?.digest);
      const wasUsed = older?.some(({ outputs }) => before[port]?.elements.some(({ content }) => content === outputs[origin.port]?.digest));
      return wasUsed === true ? [origin.instance] : [];
    }),
  );
  return [...new Set(names)];
}

/** Why a node was reused that the plan did not promise to. */
export function reuseCause({ action }: { readonly action: string }, remote?: string): string {
  if (remote !== undefined) return `found in the remote ${remote}`;
  return action === 'maybe' ? 'its inputs came out as before, so its result holds' : 'another run has done the same work meanwhile';
}

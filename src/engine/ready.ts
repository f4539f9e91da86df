import type { Json, JsonObject } from '../model/json.ts';
import type { Ingredients } from '../model/result.ts';
import { checkpointKeyOf, fingerprintOf, ingredientsOf, type Prepared } from './fingerprint.ts';
import { inputIngredients, type Known } from './inputs.ts';
import type { NodeEnd } from './node.ts';
import type { NodePlan } from './plan.ts';

/** The work of a node whose inputs are known. */
export interface ReadyWork {
  readonly ingredients: Ingredients;
  readonly fingerprint: string;
  /** What its lock and its checkpoints are kept under. */
  readonly work: string;
}

/** The work of a node whose inputs are all known. */
export function readyWork(prepared: Prepared, known: Known): ReadyWork {
  const ingredients = ingredientsOf(prepared, inputIngredients(prepared.instance, known).inputs);
  return { ingredients, fingerprint: fingerprintOf(ingredients), work: checkpointKeyOf(ingredients, prepared.instance) };
}

/** Why a node was reused that the plan did not promise to. */
export function reuseCause({ action }: NodePlan): string {
  return action === 'maybe' ? 'its inputs came out as before, so its result holds' : 'another run has done the same work meanwhile';
}

/** A full disk or a lost permission is the machine's fault and fails the node; anything else that is thrown is a bug. */
export function storeFailure(error: unknown, name: string): NodeEnd {
  const { code, path, message } = error as NodeJS.ErrnoException;
  if (code === undefined || !/^E[A-Z]+$/.test(code)) throw error;
  const hint = code === 'ENOSPC' ? 'the disk is full: make room, then run again' : 'check the store and its disk, then run again';
  return {
    state: 'failed',
    fingerprint: '',
    problem: { kind: 'store', code: 'store-unwritable', message: `${name}: ${message}${path === undefined ? '' : ` (${path})`}`, hint },
  };
}

/** Content digests of inputs, by port, as a record has them. */
export function inputDigests(
  inputs: Readonly<Record<string, { readonly elements: readonly { readonly key: JsonObject; readonly content: string }[] }>>,
): JsonObject {
  return Object.fromEntries(
    Object.entries(inputs).map(([port, { elements }]) => [
      port,
      elements.map(({ key, content }): Json => (Object.keys(key).length === 0 ? content : { key, content })),
    ]),
  );
}

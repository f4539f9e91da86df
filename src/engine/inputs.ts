import type { Artifact } from '../model/artifact.ts';
import type { Input, InputElement, Instance } from '../model/pipeline.ts';
import type { Snapshot } from '../model/store.ts';
import type { CameOut, ElementIngredient, Ingredients } from '../model/result.ts';

/** A node whose result is settled: reused, or executed in this run. */
export interface Settled {
  readonly instance: Instance;
  readonly fingerprint: string;
  readonly attempt: CameOut;
}

/** What is known of the contents that inputs may take. */
export interface Known {
  readonly snapshots: ReadonlyMap<string, Snapshot>;
  /** By instance name. */
  readonly settled: ReadonlyMap<string, Settled>;
}

function elementIngredient({ key, origin }: InputElement, known: Known): ElementIngredient | undefined {
  if (origin.kind === 'source') {
    const snapshot = known.snapshots.get(origin.source);
    return snapshot === undefined ? undefined : { key, content: snapshot.digest, ...attributesOf(snapshot) };
  }
  const from = known.settled.get(origin.instance);
  const artifact = from?.attempt.outputs[origin.port];
  if (from === undefined || artifact === undefined) return undefined;
  // The bytes of a measurement differ each time: the work that measured stands for them.
  const content = from.instance.outputs[origin.port]?.measured === true ? `measured:${from.fingerprint}` : artifact.digest;
  return { key, content, ...attributesOf(artifact) };
}

/** What a work sees of a file or folder beside its content. */
function attributesOf({ suffix, executable }: Pick<Artifact, 'suffix' | 'executable'>): Pick<ElementIngredient, 'suffix' | 'executable'> {
  return { suffix, ...(executable === true ? { executable } : {}) };
}

/**
 * What counts of an element: a single input takes the matching instance whatever the others are, so only a `[]` port's elements count with
 * their keys; and where `at` names the place, no suffix is seen.
 */
function counted({ many, at }: Input, element: ElementIngredient): ElementIngredient {
  return { ...element, ...(many ? {} : { key: {} }), ...(at === undefined ? {} : { suffix: '' }) };
}

/** The inputs' part of the ingredients; undefined where a content is not known yet. */
export function inputIngredients(
  instance: Instance,
  known: Known,
): { readonly inputs: Ingredients['inputs']; readonly unknown: readonly string[] } {
  const unknown: string[] = [];
  const inputs: Record<string, Ingredients['inputs'][string]> = {};
  for (const input of instance.inputs) {
    const elements: ElementIngredient[] = [];
    for (const element of input.elements) {
      const ingredient = elementIngredient(element, known);
      if (ingredient !== undefined) elements.push(counted(input, ingredient));
      else if (element.origin.kind === 'output') unknown.push(element.origin.instance);
    }
    if (elements.length === input.elements.length) inputs[input.port] = { many: input.many, elements };
  }
  return { inputs, unknown: unknown.length < 2 ? unknown : [...new Set(unknown)] };
}

import type { Random } from '../../random.ts';

/** A batch being made: images as N × H × W × C bytes, labels as N × classes probabilities. */
export interface Batch {
  readonly size: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classes: number;
  readonly images: Uint8Array;
  readonly labels: Float32Array;
  /** The teacher's probabilities, N × classes, where a training has a teacher. */
  readonly teacher?: Float32Array;
  /** The training set's mean colour in bytes, per channel: what masked pixels become, which is 0 to the network. */
  readonly mean: readonly number[];
}

/**
 * Mixes the images of a batch, and their labels with them, in place. Each choice in `mixing/` exports one as its default, or
 * a function of its params that makes one. What is drawn comes from `random` alone.
 */
export type Mixing = (batch: Batch, random: Random) => void;

/** Mixes only a share of all batches. */
export function sometimes(probability: number, mixing: Mixing): Mixing {
  return (batch, random) => {
    if (random.uniform() < probability) mixing(batch, random);
  };
}

/** Chooses a partner for each image of a batch, by a random permutation; an image may be its own. */
export function randomPartners(size: number, random: Random): number[] {
  return random.shuffle(Array.from({ length: size }, (_, index) => index));
}

/** A typed array, as far as rows are taken of it. */
interface Rows<Values> {
  readonly length: number;
  subarray(from: number, to: number): Values;
  slice(): Values;
}

/**
 * Mixes every image's row of values with its partner's, in place: `mix` changes `own` and finds in `other` the partner's row as it was.
 * It goes along the cycles of the permutation, so that one row of each has to be set aside instead of all.
 */
export function mixRows<Values extends Rows<Values>>(
  values: Values,
  partners: readonly number[],
  mix: (own: Values, other: Values) => void,
): void {
  const length = values.length / partners.length;
  const row = (index: number): Values => values.subarray(index * length, (index + 1) * length);
  const mixed = new Set<number>();
  for (let first = 0; first < partners.length; first++) {
    if (mixed.has(first)) continue;
    const before = row(first).slice();
    let own = first;
    do {
      const partner = partners[own] as number;
      mix(row(own), partner === first ? before : row(partner));
      mixed.add(own);
      own = partner;
    } while (own !== first);
  }
}

/** Mixes the labels of a batch, and the teacher's probabilities alike: `share` of an image's own, the rest of its partner's. */
export function mixLabels({ labels, teacher }: Batch, partners: readonly number[], share: number): void {
  for (const rows of teacher === undefined ? [labels] : [labels, teacher]) {
    mixRows(rows, partners, (own, other) => {
      for (let label = 0; label < own.length; label++) {
        own[label] = share * (own[label] as number) + (1 - share) * (other[label] as number);
      }
    });
  }
}

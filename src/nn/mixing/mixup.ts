import { symmetricBeta } from './parts/beta.ts';
import type { Mixing } from './parts/mixing.ts';
import { mixLabels, mixRows, randomPartners, sometimes } from './parts/mixing.ts';
import { alpha, probability } from './parts/params.ts';
import type { Choice } from '../../model/params.ts';

export const about = 'Mixup: each image and label becomes a weighted mean of two.';

export const params = () => ({ probability: probability(), alpha: alpha() });

/**
 * Mixup (Zhang et al., 2018): each image becomes λ of itself and 1 − λ of another image of the batch, labels alike; one λ from
 * Beta(alpha, alpha) and one permutation for the whole batch, as in the authors' implementation. λ is taken to the nearest 256th, so that
 * bytes are mixed in whole numbers (and rounded to the nearest), and the labels by exactly the same share.
 */
const mixup: Choice<Mixing, typeof params> = ({ probability, alpha }) => sometimes(probability, mix(alpha));

const mix =
  (alpha: number): Mixing =>
  (batch, random) => {
    const share = Math.round(256 * symmetricBeta(alpha, random));
    const partners = randomPartners(batch.size, random);
    const { buffer, byteOffset, length } = batch.images;
    if (byteOffset % 4 === 0 && (length / batch.size) % 4 === 0) {
      mixRows(new Int32Array(buffer, byteOffset, length / 4), partners, (own, other) => mixFourBytes(own, other, share));
    } else {
      mixRows(batch.images, partners, (own, other) => mixBytes(own, other, share));
    }
    mixLabels(batch, partners, share / 256);
  };

function mixBytes(own: Uint8Array, other: Uint8Array, share: number): void {
  const rest = 256 - share;
  for (let index = 0; index < own.length; index++) {
    own[index] = ((own[index] as number) * share + (other[index] as number) * rest + 128) >> 8;
  }
}

/** Does what `mixBytes` does to the four bytes of each word at once, three times as fast: two and two of them, each with 16 bits of room. */
function mixFourBytes(own: Int32Array, other: Int32Array, share: number): void {
  const rest = 256 - share;
  for (let index = 0; index < own.length; index++) {
    const a = own[index] as number;
    const b = other[index] as number;
    const even = Math.imul(a & 0x00ff00ff, share) + Math.imul(b & 0x00ff00ff, rest) + 0x00800080;
    const odd = Math.imul((a >>> 8) & 0x00ff00ff, share) + Math.imul((b >>> 8) & 0x00ff00ff, rest) + 0x00800080;
    own[index] = ((even >>> 8) & 0x00ff00ff) | (odd & 0xff00ff00);
  }
}

export default mixup;

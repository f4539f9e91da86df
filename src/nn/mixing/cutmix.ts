import { symmetricBeta } from './parts/beta.ts';
import type { Batch, Mixing } from './parts/mixing.ts';
import { mixLabels, mixRows, randomPartners, sometimes } from './parts/mixing.ts';
import { alpha, probability } from './parts/params.ts';
import type { Choice } from '../../model/params.ts';
import type { Random } from '../random.ts';

export const about = 'CutMix: a box of each image comes from another one; labels are mixed by area.';

export const params = () => ({ probability: probability(), alpha: alpha() });

/** A box of pixels, ends not included. */
interface Box {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/**
 * CutMix (Yun et al., 2019): a box of each image, the same for the whole batch, is taken from another image of the batch; labels are
 * mixed by area. The box has the image's proportions and 1 − λ of its area, λ from Beta(alpha, alpha); its centre is anywhere, and what
 * sticks out is cut off.
 */
const cutmix: Choice<Mixing, typeof params> = ({ probability, alpha }) => sometimes(probability, mix(alpha));

const mix =
  (alpha: number): Mixing =>
  (batch, random) => {
    const { size, height, width, channels } = batch;
    const box = randomBox(batch, symmetricBeta(alpha, random), random);
    const partners = randomPartners(size, random);
    mixRows(batch.images, partners, (own, other) => {
      for (let row = box.top; row < box.bottom; row++) {
        const start = (row * width + box.left) * channels;
        own.set(other.subarray(start, (row * width + box.right) * channels), start);
      }
    });
    mixLabels(batch, partners, 1 - ((box.bottom - box.top) * (box.right - box.left)) / (height * width));
  };

function randomBox({ height, width }: Batch, own: number, random: Random): Box {
  const side = Math.sqrt(1 - own);
  const [row, column] = [random.integer(height), random.integer(width)];
  const [halfHeight, halfWidth] = [Math.floor((height * side) / 2), Math.floor((width * side) / 2)];
  return {
    top: Math.max(0, row - halfHeight),
    bottom: Math.min(height, row + halfHeight),
    left: Math.max(0, column - halfWidth),
    right: Math.min(width, column + halfWidth),
  };
}

export default cutmix;

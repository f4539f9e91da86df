import type { Random } from '../random.ts';
import type { Batch, Mixing } from '../augment/mixing.ts';

/** A box of pixels, ends not included. */
interface Box {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/**
 * CutMix (Yun et al., 2019): a box of each image, the same for the whole batch, is taken from another image of the batch; labels are
 * mixed by area. The box's area is even between none and all of the image, its centre anywhere, what sticks out is cut off.
 */
const cutmix: Mixing = (batch, random) => {
  const { size, height, width, classes, labels } = batch;
  const box = randomBox(height, width, random);
  const partners = random.shuffle(Array.from({ length: size }, (_, index) => index));
  const own = 1 - ((box.bottom - box.top) * (box.right - box.left)) / (height * width);
  pasteBoxes(batch, partners, box);
  const before = labels.slice();
  partners.forEach((partner, index) => {
    for (let label = 0; label < classes; label++) {
      const other = before[partner * classes + label] as number;
      labels[index * classes + label] = own * (before[index * classes + label] as number) + (1 - own) * other;
    }
  });
};

function randomBox(height: number, width: number, random: Random): Box {
  const side = Math.sqrt(1 - random.uniform());
  const [row, column] = [random.integer(height), random.integer(width)];
  const [halfHeight, halfWidth] = [Math.floor((height * side) / 2), Math.floor((width * side) / 2)];
  return {
    top: Math.max(0, row - halfHeight),
    bottom: Math.min(height, row + halfHeight),
    left: Math.max(0, column - halfWidth),
    right: Math.min(width, column + halfWidth),
  };
}

function pasteBoxes({ height, width, channels, images }: Batch, partners: readonly number[], { top, bottom, left, right }: Box): void {
  const before = images.slice();
  partners.forEach((partner, index) => {
    for (let row = top; row < bottom; row++) {
      const [from, to] = [left, right].map((column) => ((partner * height + row) * width + column) * channels) as [number, number];
      images.set(before.subarray(from, to), ((index * height + row) * width + left) * channels);
    }
  });
}

export default cutmix;

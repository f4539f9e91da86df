import type { DatasetInfo } from '../data/dataset.ts';
import type { Random } from '../random.ts';

/** Which part of a stored image is shown: the top-left corner (negative within padding) and whether it is mirrored. */
export interface Placement {
  readonly top: number;
  readonly left: number;
  readonly flip: boolean;
}

/** What augmentation may do. */
export interface Augmentation {
  /** Black pixels added on every side before cropping. */
  readonly padding: number;
  /** Mirror every other image, at random. */
  readonly flip: boolean;
}

type Extent = Pick<DatasetInfo, 'height' | 'width' | 'channels'>;

/** A random crop of `size` × `size` from the padded image, mirrored or not. */
export function randomPlacement({ height, width }: Extent, size: number, { padding, flip }: Augmentation, random: Random): Placement {
  const at = (extent: number): number => random.integer(Math.max(0, extent + 2 * padding - size) + 1) - padding;
  return { top: at(height), left: at(width), flip: flip && random.uniform() < 0.5 };
}

/** The crop in the middle, as it is. */
export function centrePlacement({ height, width }: Extent, size: number): Placement {
  return { top: Math.floor((height - size) / 2), left: Math.floor((width - size) / 2), flip: false };
}

/** Writes the placed part of a stored image (height × width × channels bytes) as a `size` × `size` image into `target`; what lies outside is 0. */
export function placeImage(
  source: Uint8Array,
  { height, width, channels }: Extent,
  placement: Placement,
  size: number,
  target: Uint8Array,
): void {
  const { top, left, flip } = placement;
  const [from, to] = [Math.max(0, left), Math.min(width, left + size)];
  if (top < 0 || left < 0 || top + size > height || left + size > width) target.fill(0);
  if (from >= to) return;
  for (let row = Math.max(0, -top); row < Math.min(size, height - top); row++) {
    const start = (row + top) * width;
    const part = source.subarray((start + from) * channels, (start + to) * channels);
    if (flip) mirrorRow(part, channels, target, (row * size + size - to + left) * channels);
    else target.set(part, (row * size + from - left) * channels);
  }
}

/** Writes the pixels of a row in the opposite order into `target` at `offset`; 1 and 3 channels are worth a loop of their own. */
function mirrorRow(row: Uint8Array, channels: number, target: Uint8Array, offset: number): void {
  let into = offset;
  if (channels === 1) {
    for (let pixel = row.length - 1; pixel >= 0; pixel--) target[into++] = row[pixel] as number;
  } else if (channels === 3) {
    for (let pixel = row.length - 3; pixel >= 0; pixel -= 3) {
      target[into++] = row[pixel] as number;
      target[into++] = row[pixel + 1] as number;
      target[into++] = row[pixel + 2] as number;
    }
  } else {
    for (let pixel = row.length - channels; pixel >= 0; pixel -= channels) {
      for (let channel = 0; channel < channels; channel++) target[into++] = row[pixel + channel] as number;
    }
  }
}

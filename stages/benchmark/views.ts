import { centrePlacement, Normaliser, placeImage } from 'stillroom/nn';
import type { DatasetInfo, ExportedClassifier, Placement } from 'stillroom/nn';

/** What is shown of an image beside its middle: nothing, that mirrored, the four corners, or those and all of it mirrored. */
export type Views = 'none' | 'flip' | 'crops' | 'flip-crops';

type Extent = Pick<DatasetInfo, 'height' | 'width' | 'channels'>;

/** Where the views of an image lie; the first is its middle as it is. */
export function placementsOf(views: Views, extent: Extent, size: number): readonly Placement[] {
  const middle = centrePlacement(extent, size);
  const [bottom, right] = [extent.height - size, extent.width - size];
  const corners = [0, bottom].flatMap((top) => [0, right].map((left): Placement => ({ top, left, flip: false })));
  const plain = views === 'crops' || views === 'flip-crops' ? [middle, ...corners] : [middle];
  return views === 'flip' || views === 'flip-crops' ? [...plain, ...plain.map((placement) => ({ ...placement, flip: true }))] : plain;
}

/** Shows prepared images to a model: all views of an image, one after another, normalised and in its layout. */
export class Showing {
  /** How many views of each image there are. */
  readonly views: number;
  /** Numbers of an image with all its views. */
  readonly length: number;
  readonly #placements: readonly Placement[];
  readonly #model: ExportedClassifier;
  readonly #extent: Extent;
  readonly #normaliser: Normaliser;
  readonly #part: Uint8Array;

  constructor(model: ExportedClassifier, extent: Extent, placements: readonly Placement[]) {
    const { size, channels } = model.input;
    this.#placements = placements;
    this.#model = model;
    this.#extent = extent;
    this.#normaliser = new Normaliser(model.input);
    this.#part = new Uint8Array(size * size * channels);
    this.views = placements.length;
    this.length = placements.length * this.#part.length;
  }

  /** Writes the views of one image (height × width × channels bytes) into `target` at `offset`. */
  write(pixels: Uint8Array, target: Float32Array, offset: number): void {
    const { input, layout } = this.#model;
    this.#placements.forEach((placement, view) => {
      placeImage(pixels, this.#extent, placement, input.size, this.#part);
      this.#normaliser.write(this.#part, layout, target, offset + view * this.#part.length);
    });
  }

  /** The class with the largest mean probability over an image's views; `logits` are views × classes. */
  label(logits: Float32Array): number {
    if (this.views === 1) return logits.indexOf(Math.max(...logits));
    const sums = this.probabilities(logits);
    return sums.indexOf(Math.max(...sums));
  }

  /** The mean probability of each class over an image's views. */
  probabilities(logits: Float32Array): Float64Array {
    const classes = logits.length / this.views;
    const sums = new Float64Array(classes);
    for (let start = 0; start < logits.length; start += classes) {
      const row = logits.subarray(start, start + classes);
      const largest = Math.max(...row);
      const powers = Array.from(row, (logit) => Math.exp(logit - largest));
      const whole = powers.reduce((sum, power) => sum + power, 0);
      powers.forEach((power, label) => {
        sums[label] = (sums[label] as number) + power / whole;
      });
    }
    return sums.map((sum) => sum / this.views);
  }
}

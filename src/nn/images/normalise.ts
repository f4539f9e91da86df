import type { ModelInput } from '../weights/model-folder.ts';

/** How the numbers of an image lie: channels last (TensorFlow, packed datasets) or channels first (ONNX, PyTorch). */
export type TensorLayout = 'NHWC' | 'NCHW';

/** `pixel × scale + shift` of a channel. */
interface Line {
  readonly scale: number;
  readonly shift: number;
}

/** Makes normalised float32 images of bytes, `(pixel / 255 − mean) / std`, by a table for each channel. */
export class Normaliser {
  readonly #tables: readonly Float32Array[];
  /** A line for each of three channels where it gives the very numbers of the table: it is computed in less time than they are looked up. */
  readonly #lines: readonly Line[] | undefined;

  constructor({ mean, std }: Pick<ModelInput, 'mean' | 'std'>) {
    this.#tables = mean.map((own, channel) =>
      Float32Array.from({ length: 256 }, (_, value) => (value / 255 - own) / (std[channel] as number)),
    );
    const lines = mean.map((own, channel) => ({ scale: 1 / 255 / (std[channel] as number), shift: -own / (std[channel] as number) }));
    const isExact = lines.every(({ scale, shift }, channel) =>
      (this.#tables[channel] as Float32Array).every((number, value) => Math.fround(value * scale + shift) === number),
    );
    this.#lines = lines.length === 3 && isExact ? lines : undefined;
  }

  /** Writes one image (height × width × channels bytes) into `target` at `offset`. */
  write(pixels: Uint8Array, layout: TensorLayout, target: Float32Array, offset = 0): void {
    if (layout === 'NCHW' && this.#lines !== undefined) {
      writeColours(pixels, this.#lines, target, offset);
      return;
    }
    const channels = this.#tables.length;
    const area = pixels.length / channels;
    for (let channel = 0; channel < channels; channel++) {
      const table = this.#tables[channel] as Float32Array;
      for (let place = 0; place < area; place++) {
        const index = layout === 'NHWC' ? place * channels + channel : channel * area + place;
        target[offset + index] = table[pixels[place * channels + channel] as number] as number;
      }
    }
  }
}

/** Writes an image of three channels, channels first, in one pass over its pixels: a third of the time. */
function writeColours(pixels: Uint8Array, [red, green, blue]: readonly Line[], target: Float32Array, offset: number): void {
  if (red === undefined || green === undefined || blue === undefined) return;
  const area = pixels.length / 3;
  // Plain numbers, which are not read again for each pixel.
  const [a, b, c, d, e, f] = [red.scale, red.shift, green.scale, green.shift, blue.scale, blue.shift];
  let from = 0;
  for (let first = offset, second = offset + area, third = offset + 2 * area; first < offset + area; first++, second++, third++) {
    target[first] = (pixels[from] as number) * a + b;
    target[second] = (pixels[from + 1] as number) * c + d;
    target[third] = (pixels[from + 2] as number) * e + f;
    from += 3;
  }
}

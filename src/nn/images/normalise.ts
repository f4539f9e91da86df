import type { ModelInput } from '../weights/model-folder.ts';

/** How the numbers of an image lie: channels last (TensorFlow, packed datasets) or channels first (ONNX, PyTorch). */
export type TensorLayout = 'NHWC' | 'NCHW';

/** Makes normalised float32 images of bytes, `(pixel / 255 − mean) / std`, by a table for each channel. */
export class Normaliser {
  readonly #tables: readonly Float32Array[];

  constructor({ mean, std }: Pick<ModelInput, 'mean' | 'std'>) {
    this.#tables = mean.map((own, channel) =>
      Float32Array.from({ length: 256 }, (_, value) => (value / 255 - own) / (std[channel] as number)),
    );
  }

  /** Writes one image (height × width × channels bytes) into `target` at `offset`. */
  write(pixels: Uint8Array, layout: TensorLayout, target: Float32Array, offset = 0): void {
    const channels = this.#tables.length;
    const area = pixels.length / channels;
    if (layout === 'NCHW' && channels === 3) {
      this.#writeColours(pixels, target, offset);
      return;
    }
    for (let channel = 0; channel < channels; channel++) {
      const table = this.#tables[channel] as Float32Array;
      for (let place = 0; place < area; place++) {
        const index = layout === 'NHWC' ? place * channels + channel : channel * area + place;
        target[offset + index] = table[pixels[place * channels + channel] as number] as number;
      }
    }
  }

  /** The same of three channels, channels first, in one pass over the pixels: half the time. */
  #writeColours(pixels: Uint8Array, target: Float32Array, offset: number): void {
    const [red, green, blue] = this.#tables as [Float32Array, Float32Array, Float32Array];
    const area = pixels.length / 3;
    let from = 0;
    for (let first = offset, second = offset + area, third = offset + 2 * area; first < offset + area; first++, second++, third++) {
      target[first] = red[pixels[from] as number] as number;
      target[second] = green[pixels[from + 1] as number] as number;
      target[third] = blue[pixels[from + 2] as number] as number;
      from += 3;
    }
  }
}

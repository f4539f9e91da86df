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
    for (let channel = 0; channel < channels; channel++) {
      const table = this.#tables[channel] as Float32Array;
      for (let place = 0; place < area; place++) {
        const index = layout === 'NHWC' ? place * channels + channel : channel * area + place;
        target[offset + index] = table[pixels[place * channels + channel] as number] as number;
      }
    }
  }
}

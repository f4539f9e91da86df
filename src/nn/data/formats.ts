import type { Preparation } from '../images/decode.ts';

/** What `dataset.json` says of a packed dataset. */
export interface DatasetInfo {
  readonly format: 1;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classes: readonly string[];
  /** Per channel, of values in 0…1, measured on the training set. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** How pictures became its images: squares of `height`. */
  readonly fit?: Preparation['fit'];
  readonly background?: number;
}

/** How the images of a packed dataset were prepared, and are to be where a model of them is used. */
export function preparationOf({ height, channels, fit = 'pad', background = 0 }: DatasetInfo): Preparation {
  return { size: height, channels, fit, background };
}

/** A row of class probabilities per image: predictions, or soft labels. */
export interface Probabilities {
  readonly count: number;
  readonly classes: readonly string[];
  /** count × classes, row by row. */
  readonly values: Float32Array;
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) > 0;
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every((one) => typeof one === 'string');

function decodeInfo(name: string, bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const info = JSON.parse(new TextDecoder().decode(bytes)) as Readonly<Record<string, unknown>> | null;
  if (info?.['format'] !== 1) throw new Error(`${name} has the format ${String(info?.['format'])}; only 1 can be read.`);
  return info;
}

/** Reads the bytes of `dataset.json`. Throws if they say something else. */
export function decodeDatasetInfo(bytes: Uint8Array): DatasetInfo {
  const info = decodeInfo('dataset.json', bytes);
  if (!['count', 'height', 'width', 'channels'].every((name) => isCount(info[name])) || !isTexts(info['classes']))
    throw new Error('dataset.json does not say how many images of which size and classes there are.');
  return info as unknown as DatasetInfo;
}

/** The bytes of one image. */
export function imageBytes({ height, width, channels }: DatasetInfo): number {
  return height * width * channels;
}

/** Reads the bytes of `labels.bin`: the class of each image, as little-endian 16-bit numbers. */
export function decodeLabels(bytes: Uint8Array): Uint16Array {
  const labels = new Uint16Array(Math.floor(bytes.length / 2));
  new Uint8Array(labels.buffer).set(bytes.subarray(0, 2 * labels.length));
  return labels;
}

/** Reads the bytes of `names.txt`: a line an image. */
export function decodeNames(bytes: Uint8Array, { count }: Pick<DatasetInfo, 'count'>): string[] {
  return new TextDecoder().decode(bytes).split('\n').slice(0, count);
}

/** Reads the bytes of `<name>.json` and `<name>.bin` (float32, little-endian). Throws if they contradict each other. */
export function decodeProbabilities(name: string, info: Uint8Array, bytes: Uint8Array): Probabilities {
  const { count, classes } = decodeInfo(`${name}.json`, info) as unknown as Probabilities;
  if (!isCount(count) || !isTexts(classes)) throw new Error(`${name}.json does not say for how many images of which classes it is.`);
  const size = Float32Array.BYTES_PER_ELEMENT * count * classes.length;
  if (bytes.length !== size) throw new Error(`${name}.bin holds ${bytes.length} bytes, not the ${size} that ${name}.json names.`);
  const values = new Float32Array(count * classes.length);
  new Uint8Array(values.buffer).set(bytes);
  return { count, classes, values };
}

import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';

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
}

/** Images with their classes, by index. */
export interface Images {
  readonly info: DatasetInfo;
  /** The class of each image. */
  readonly labels: Uint16Array;
  /** Where they lie on disk, if they do. */
  readonly folder?: string;
  /** Copies image `index` (height × width × channels bytes) into `target` at `offset`. */
  read(index: number, target: Uint8Array, offset?: number): void;
}

/** A packed dataset on disk. Images are read one at a time, so memory does not grow with their number. */
export interface Dataset extends Images {
  /** The image's own name: a relative path, or `train/000012`. */
  names(): string[];
  close(): void;
}

/** Opens a packed dataset folder (`dataset.json`, `images.bin`, `labels.bin`, `names.txt`). Throws if its files contradict each other. */
export function openDataset(folder: string): Dataset {
  const info = JSON.parse(readFileSync(join(folder, 'dataset.json'), 'utf8')) as DatasetInfo;
  if (info.format !== 1) throw new Error(`This dataset has the format ${String(info.format)}; only 1 can be read.`);
  const labels = readUint16(join(folder, 'labels.bin'));
  const size = info.height * info.width * info.channels;
  const file = openSync(join(folder, 'images.bin'), 'r');
  if (labels.length !== info.count || fstatSync(file).size !== info.count * size) {
    closeSync(file);
    throw new Error(`The dataset names ${info.count} images, but its files hold another number.`);
  }
  return {
    info,
    labels,
    folder,
    read(index, target, offset = 0) {
      if (!(index >= 0 && index < info.count)) throw new RangeError(`There is no image ${index} among ${info.count}.`);
      if (readSync(file, target, offset, size, index * size) !== size) throw new Error(`Image ${index} could not be read whole.`);
    },
    names: () => readFileSync(join(folder, 'names.txt'), 'utf8').split('\n').slice(0, info.count),
    close: () => closeSync(file),
  };
}

/** Reads a file of little-endian 16-bit numbers. */
function readUint16(path: string): Uint16Array {
  const bytes = readFileSync(path);
  const numbers = new Uint16Array(Math.floor(bytes.length / 2));
  new Uint8Array(numbers.buffer).set(bytes.subarray(0, 2 * numbers.length));
  return numbers;
}

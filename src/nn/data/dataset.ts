import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type DatasetInfo, decodeDatasetInfo, decodeLabels, decodeNames, imageBytes } from './formats.ts';

export type { DatasetInfo };

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
  const info = decodeDatasetInfo(readFileSync(join(folder, 'dataset.json')));
  const labels = decodeLabels(readFileSync(join(folder, 'labels.bin')));
  const size = imageBytes(info);
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
    names: () => decodeNames(readFileSync(join(folder, 'names.txt')), info),
    close: () => closeSync(file),
  };
}

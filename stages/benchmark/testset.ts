import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { openDataset, preparationOf } from 'stillroom/nn';
import type { Dataset, Preparation } from 'stillroom/nn';

/** A packed test set with its encoded files and the way in which they were prepared. */
export interface TestSet extends Dataset {
  readonly preparation: Preparation;
  /** The encoded file of an image, read from disk. */
  encoded(index: number): Uint8Array;
}

/** Opens a test set. Throws if it is none: only test sets hold encoded files. */
export function openTestSet(folder: string): TestSet {
  const data = openDataset(folder);
  const { offsets } = JSON.parse(readFileSync(join(folder, 'encoded.json'), 'utf8')) as { offsets: readonly number[] };
  const file = openSync(join(folder, 'encoded.bin'), 'r');
  return {
    ...data,
    preparation: preparationOf(data.info),
    encoded(index) {
      const [start = 0, end = 0] = offsets.slice(index, index + 2);
      const bytes = new Uint8Array(end - start);
      if (end <= start || readSync(file, bytes, 0, end - start, start) !== end - start)
        throw new Error(`The file of image ${index} could not be read whole.`);
      return bytes;
    },
    close() {
      closeSync(file);
      data.close();
    },
  };
}

import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { decodeImage, decodeWhole, openDataset, preparationOf } from 'stillroom/nn';
import type { Dataset, Preparation } from 'stillroom/nn';

/** A packed test set with its encoded files and the way in which they were prepared. */
export interface TestSet extends Dataset {
  readonly preparation: Preparation;
  /** The encoded file of an image, read from disk. */
  encoded(index: number): Uint8Array;
  /** The pixels of an image, decoded from its file. */
  decode(index: number): Promise<Uint8Array>;
}

/** How files are decoded: as they were when they were packed, or whole before they are resized. */
export type DecodingWay = 'prepared' | 'whole';

/** Opens a test set. Throws if it is none: only test sets hold encoded files. */
export function openTestSet(folder: string, way: DecodingWay = 'prepared'): TestSet {
  const data = openDataset(folder);
  const decode = way === 'prepared' ? decodeImage : decodeWhole;
  const { offsets } = JSON.parse(readFileSync(join(folder, 'encoded.json'), 'utf8')) as { offsets: readonly number[] };
  const file = openSync(join(folder, 'encoded.bin'), 'r');
  const preparation = preparationOf(data.info);
  const encoded = (index: number): Uint8Array => {
    const [start = 0, end = 0] = offsets.slice(index, index + 2);
    const bytes = new Uint8Array(end - start);
    if (end <= start || readSync(file, bytes, 0, end - start, start) !== end - start)
      throw new Error(`The file of image ${index} could not be read whole.`);
    return bytes;
  };
  return {
    ...data,
    preparation,
    encoded,
    decode: (index) => decode(encoded(index), preparation),
    close() {
      closeSync(file);
      data.close();
    },
  };
}

/** How far what the files decode to is from the packed pixels, over all images. */
export async function changeOfPixels(data: TestSet): Promise<{ readonly largest: number; readonly mean: number }> {
  const { count, height, width, channels } = data.info;
  const packed = new Uint8Array(height * width * channels);
  let [largest, sum] = [0, 0];
  for (let image = 0; image < count; image++) {
    data.read(image, packed);
    const decoded = await data.decode(image);
    for (let index = 0; index < packed.length; index++) {
      const change = Math.abs((decoded[index] as number) - (packed[index] as number));
      if (change > largest) largest = change;
      sum += change;
    }
  }
  return { largest, mean: sum / (count * packed.length) };
}

import { open, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeImage, encodePng, hasDeepPixels } from 'stillroom/nn';
import type { Preparation } from 'stillroom/nn';
import type { Collection, Item, Unreadable } from './collection.ts';

/** What was packed: enough for the dataset's description and the report. */
export interface Packed {
  readonly labels: readonly number[];
  readonly unreadable: readonly Unreadable[];
  /** Of the images of 16 bits a channel, their number and their brightest value, as a byte. */
  readonly deep: { readonly count: number; readonly brightest: number };
  /** Per channel over all pixels, in 0…1. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** How packing is watched and stopped. */
export interface Watch {
  /** How many images are decoded at once; as many wait to be written. */
  readonly lanes: number;
  readonly signal: AbortSignal;
  progress(done: number): void;
}

interface Decoded {
  readonly item: Item;
  readonly pixels: Uint8Array;
  readonly encoded: Uint8Array | undefined;
  /** Of 16 bits a channel. */
  readonly isDeep: boolean;
}

/** Images between two notes of progress. */
const noted = 128;

/** Bytes that wait to be written at once; small images are not worth a write each. */
const together = 4 * 2 ** 20;

/** Appends to a file, in large pieces. */
class Appender {
  readonly #file: FileHandle;
  #waiting: Uint8Array[] = [];
  #bytes = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async add(bytes: Uint8Array): Promise<void> {
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes >= together) await this.flush();
  }

  async flush(): Promise<void> {
    const bytes = Buffer.concat(this.#waiting);
    [this.#waiting, this.#bytes] = [[], 0];
    await this.#file.writeFile(bytes);
  }
}

/** Exact sums of the pixels of each channel: whole numbers, so the order in which they are added does not matter. */
class Statistics {
  readonly #sums: number[];
  readonly #squares: number[];
  #count = 0;

  constructor(channels: number) {
    this.#sums = new Array<number>(channels).fill(0);
    this.#squares = new Array<number>(channels).fill(0);
  }

  add(pixels: Uint8Array): void {
    const channels = this.#sums.length;
    for (let channel = 0; channel < channels; channel++) {
      let sum = 0;
      let squares = 0;
      for (let index = channel; index < pixels.length; index += channels) {
        const value = pixels[index] as number;
        sum += value;
        squares += value * value;
      }
      this.#sums[channel] = (this.#sums[channel] as number) + sum;
      this.#squares[channel] = (this.#squares[channel] as number) + squares;
    }
    this.#count += pixels.length / channels;
  }

  get mean(): number[] {
    return this.#sums.map((sum) => sum / this.#count / 255);
  }

  /** At least 1/255, so that a set of one colour can be normalised. */
  get std(): number[] {
    return this.#squares.map((squares, channel) => {
      const mean = (this.#sums[channel] as number) / this.#count;
      return Math.max(Math.sqrt(Math.max(squares / this.#count - mean * mean, 0)), 1) / 255;
    });
  }
}

/** The highest value there is, and at least so much. */
function brightestOf(pixels: Uint8Array, least: number): number {
  return pixels.reduce((most, value) => Math.max(most, value), least);
}

/** Reads and decodes one image; a file that cannot be read becomes its reason. */
async function decode(item: Item, preparation: Preparation, keepEncoded: boolean): Promise<Decoded | Unreadable> {
  try {
    const read = await item.read();
    const encoded = keepEncoded ? (read instanceof Uint8Array ? read : await encodePng(read)) : undefined;
    const isDeep = read instanceof Uint8Array && (await hasDeepPixels(read));
    return { item, pixels: await decodeImage(encoded ?? read, preparation), encoded, isDeep };
  } catch (problem) {
    const { code, message } = problem as NodeJS.ErrnoException;
    return { name: item.name, reason: code === 'ENOENT' ? 'there is no such file' : (code ?? message) };
  }
}

/** Decodes images in their order, some ahead of the one that is asked for: as many as keep the lanes busy, since they bound the memory. */
async function* decodeAll(
  items: readonly Item[],
  preparation: Preparation,
  keepEncoded: boolean,
  lanes: number,
): AsyncGenerator<Decoded | Unreadable> {
  const started: Promise<Decoded | Unreadable>[] = [];
  for (let next = 0; next < items.length + 2 * lanes; next++) {
    const item = items[next];
    if (item !== undefined) started.push(decode(item, preparation, keepEncoded));
    if (next < 2 * lanes) continue;
    const first = started.shift();
    if (first !== undefined) yield await first;
  }
}

/**
 * Decodes a collection in its order into `images.bin`, `labels.bin` and `names.txt` of a dataset folder, and with `keepEncoded` the
 * encoded files into `encoded.bin` and `encoded.json`. Memory does not grow with the images' pixels.
 */
export async function pack(
  collection: Collection,
  folder: string,
  preparation: Preparation,
  keepEncoded: boolean,
  watch: Watch,
): Promise<Packed> {
  const statistics = new Statistics(preparation.channels);
  const kept: Item[] = [];
  const unreadable: Unreadable[] = [];
  let deep = { count: 0, brightest: 0 };
  const offsets = [0];
  const files: FileHandle[] = [];
  const create = async (name: string): Promise<FileHandle> => {
    const file = await open(join(folder, name), 'w');
    files.push(file);
    return file;
  };
  try {
    const images = new Appender(await create('images.bin'));
    const encodedImages = keepEncoded ? new Appender(await create('encoded.bin')) : undefined;
    for await (const result of decodeAll(collection.items, preparation, keepEncoded, watch.lanes)) {
      watch.signal.throwIfAborted();
      if ('reason' in result) {
        unreadable.push(result);
      } else {
        kept.push(result.item);
        statistics.add(result.pixels);
        if (result.isDeep) deep = { count: deep.count + 1, brightest: brightestOf(result.pixels, deep.brightest) };
        await images.add(result.pixels);
        offsets.push((offsets.at(-1) ?? 0) + (result.encoded?.length ?? 0));
        if (result.encoded !== undefined) await encodedImages?.add(result.encoded);
      }
      const done = kept.length + unreadable.length;
      if (done % noted === 0 || done === collection.items.length) watch.progress(done);
    }
    await images.flush();
    await encodedImages?.flush();
  } finally {
    await Promise.all(files.map((file) => file.close()));
  }
  const labels = kept.map(({ label }) => label);
  const labelBytes = Buffer.alloc(2 * labels.length);
  labels.forEach((label, index) => labelBytes.writeUInt16LE(label, 2 * index));
  await writeFile(join(folder, 'labels.bin'), labelBytes);
  await writeFile(join(folder, 'names.txt'), kept.map(({ name }) => `${name}\n`).join(''));
  if (keepEncoded) await writeFile(join(folder, 'encoded.json'), `${JSON.stringify({ offsets })}\n`);
  return { labels, unreadable, deep, mean: statistics.mean, std: statistics.std };
}

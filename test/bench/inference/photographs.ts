import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { type Random, randomFor } from '../../../src/nn/random.ts';

/** A picture's height and width in pixels. */
interface Extent {
  readonly height: number;
  readonly width: number;
}

/** What a folder of made photographs holds. */
export interface Photographs {
  readonly count: number;
  /** The shorter side in pixels; the longer one is four thirds of it. */
  readonly shortSide: number;
}

/** Cells along the short side of each octave of the texture, with how far its values reach, in lightness and in each colour. */
const octaves = [
  { cells: 3, lightness: 90, colour: 40 },
  { cells: 9, lightness: 60, colour: 16 },
  { cells: 27, lightness: 36, colour: 8 },
  { cells: 81, lightness: 24, colour: 4 },
  { cells: 243, lightness: 14, colour: 0 },
];

const QUALITY = 80;

/** Random values on a grid, drawn smoothly over the picture by sharp. */
async function layer(random: Random, cells: number, { height, width }: Extent): Promise<Uint8Array> {
  const [rows, columns] = [cells, Math.ceil((cells * width) / height)];
  const grid = Uint8Array.from({ length: rows * columns * 3 }, () => random.integer(256));
  const { data } = await sharp(grid, { raw: { height: rows, width: columns, channels: 3 } })
    .resize(width, height, { fit: 'fill', kernel: 'cubic' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return data;
}

/** One picture as a JPEG file; the number decides it, whatever its size. */
async function photograph(number: number, extent: Extent): Promise<Buffer> {
  const { height, width } = extent;
  const random = randomFor(2020, number);
  const pixels = new Float32Array(height * width * 3).fill(128);
  for (const { cells, lightness, colour } of octaves) {
    const values = await layer(random, cells, extent);
    for (let at = 0; at < pixels.length; at += 3) {
      const light = (lightness * ((values[at] as number) - 128)) / 128;
      for (let channel = 0; channel < 3; channel++) {
        const own = (colour * ((values[at + channel] as number) - 128)) / 128;
        pixels[at + channel] = (pixels[at + channel] as number) + light + own;
      }
    }
  }
  return sharp(Uint8ClampedArray.from(pixels), { raw: { height, width, channels: 3 } })
    .jpeg({ quality: QUALITY })
    .toBuffer();
}

/** Writes the pictures as `0000.jpg` … below a folder and returns their sizes in bytes. The same numbers give the same pictures. */
export async function makePhotographs(folder: string, { count, shortSide }: Photographs): Promise<number[]> {
  mkdirSync(folder, { recursive: true });
  const extent = { height: shortSide, width: Math.round((shortSide * 4) / 3) };
  const sizes: number[] = [];
  for (let number = 0; number < count; number++) {
    const file = await photograph(number, extent);
    writeFileSync(join(folder, `${String(number).padStart(4, '0')}.jpg`), file);
    sizes.push(file.length);
  }
  return sizes;
}

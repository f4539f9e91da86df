import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { reading } from './damaged.ts';
import { plainPixels } from './depth.ts';
import type { Pixels } from './pixels.ts';

export type { Pixels };

/**
 * How an image becomes a square of pixels. `fit`: `pad` scales the whole image into the square and pads the rest, `shrink` does so
 * without ever enlarging, `cover` fills the square and crops what stands over, `stretch` ignores the proportions.
 */
export interface Preparation {
  /** Height and width of the result. */
  readonly size: number;
  readonly channels: number;
  readonly fit: 'pad' | 'shrink' | 'cover' | 'stretch';
  /** The value of padding and of what lies behind transparent pixels, 0 (black) to 255 (white). */
  readonly background: number;
}

/** Copies a smaller image into the middle of a square of the background. */
function centre(image: Uint8Array, height: number, width: number, { size, channels, background }: Preparation): Uint8Array {
  if (height === size && width === size) return image;
  const square = new Uint8Array(size * size * channels).fill(background);
  const top = Math.floor((size - height) / 2);
  const left = Math.floor((size - width) / 2);
  for (let row = 0; row < height; row++) {
    square.set(image.subarray(row * width * channels, (row + 1) * width * channels), ((top + row) * size + left) * channels);
  }
  return square;
}

function open(image: Uint8Array | Pixels): Sharp {
  if (image instanceof Uint8Array) return sharp(image, { failOn: 'error' });
  const { data, width, height, channels } = image;
  return sharp(data, { raw: { width, height, channels } });
}

/**
 * Decodes an encoded image of any kind that sharp reads (or takes decoded pixels) and resizes it once: turned as its EXIF says, laid over
 * the background where transparent, in sRGB or grey. Returns size × size × channels bytes.
 * The stages that train and the one that measures share this function, so they see the same pixels.
 * @throws saying in plain words why the image can't be read whole, or why its numbers are no colours (see `plainPixels`).
 */
export async function decodeImage(image: Uint8Array | Pixels, preparation: Preparation): Promise<Uint8Array> {
  const { size, channels, fit } = preparation;
  if (!(image instanceof Uint8Array) && fit === 'shrink' && image.channels === channels && image.height <= size && image.width <= size) {
    return centre(image.data, image.height, image.width, preparation);
  }
  const plain = image instanceof Uint8Array ? await plainPixels(image) : image;
  const { data, info } = await (image instanceof Uint8Array
    ? reading(image, () => resized(plain, preparation))
    : resized(plain, preparation));
  if (info.channels !== channels) throw new Error(`decoded to ${info.channels} channels instead of ${channels}`);
  return centre(data, info.height, info.width, preparation);
}

/** The pixels of an image as they are asked for, but not yet padded to a square. */
function resized(image: Uint8Array | Pixels, { size, channels, fit, background }: Preparation) {
  return open(image)
    .autoOrient()
    .flatten({ background: { r: background, g: background, b: background } })
    .resize(size, size, {
      fit: fit === 'stretch' ? 'fill' : fit === 'cover' ? 'cover' : 'inside',
      withoutEnlargement: fit === 'shrink',
    })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
}

/**
 * The same, but decoded whole before it is resized. `decodeImage` lets a format decode a large picture scaled where it can (JPEG: a half
 * where the picture is three times the size or more, a quarter from five times, an eighth from nine), which is faster and gives slightly
 * other pixels; other programs decode whole.
 */
export async function decodeWhole(image: Uint8Array, preparation: Preparation): Promise<Uint8Array> {
  const { channels, background } = preparation;
  const plain = await plainPixels(image);
  const { data, info } = await reading(image, () =>
    open(plain)
      .autoOrient()
      .flatten({ background: { r: background, g: background, b: background } })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true }),
  );
  return decodeImage({ data, width: info.width, height: info.height, channels: info.channels === 1 ? 1 : 3 }, preparation);
}

/** Encodes pixels as a PNG file, without loss. */
export function encodePng({ data, width, height, channels }: Pixels): Promise<Uint8Array> {
  return sharp(data, { raw: { width, height, channels } }).png({ compressionLevel: 9 }).toBuffer();
}

/** Lets every decoding use one thread and nothing be cached: many images at once are faster than one on many threads. */
export function decodeOneImageAThread(): void {
  sharp.concurrency(1);
  sharp.cache(false);
}

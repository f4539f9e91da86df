import sharp from 'sharp';
import { reading } from './damaged.ts';
import type { Pixels } from './pixels.ts';

/** Whether bytes are a TIFF file, which alone of the kinds that are decoded may hold other numbers than colours. */
function isTiff(bytes: Uint8Array): boolean {
  const [a, b, c, d] = bytes;
  return (a === 0x49 && b === 0x49 && (c === 42 || c === 43)) || (a === 0x4d && b === 0x4d && (d === 42 || d === 43));
}

/** What sharp calls the numbers of pixels, and what people do. */
const kinds: Readonly<Record<string, string>> = {
  float: 'floating-point',
  double: 'floating-point',
  complex: 'complex',
  dpcomplex: 'complex',
  char: 'signed',
  short: 'signed 16-bit',
  int: 'signed 32-bit',
  uint: '32-bit',
};

/** What to do with numbers of which nobody says which are black and white. */
const remedy = 'convert it to 8 or 16 bits, scaled so that 0 is black';

/**
 * An encoded image as it can be decoded: floating-point pixels from 0 to 1 become bytes, as they are usually meant; all else stays.
 * @throws where pixels are floating-point numbers beyond that, signed, or of 32 bits: which of them is black and which white is not said
 */
export async function plainPixels(image: Uint8Array): Promise<Uint8Array | Pixels> {
  if (!isTiff(image)) return image;
  const { depth = '', space = '' } = await reading(image, () => sharp(image).metadata());
  const kind = kinds[depth];
  if (kind === undefined) return image;
  if (depth !== 'float') throw new Error(`its pixels are ${kind} numbers, of which it is not said which are black and white: ${remedy}`);
  // libvips takes colours of floating-point numbers for linear light; the numbers themselves come out where it is told so throughout.
  const opened = sharp(image, { failOn: 'error' });
  const linear = space === 'scrgb' ? opened.pipelineColourspace('scrgb').toColourspace('scrgb') : opened.toColourspace('b-w');
  const { data, info } = await reading(image, () => linear.removeAlpha().raw({ depth: 'float' }).toBuffer({ resolveWithObject: true }));
  const values = new Float32Array(data.buffer, data.byteOffset, data.length / Float32Array.BYTES_PER_ELEMENT);
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (Number.isNaN(value)) throw new Error(`some of its pixels are not numbers (NaN): ${remedy}`);
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  if (least < 0 || most > 1) {
    const range = [least, most].map((value) => Number(value.toPrecision(4))).join(' to ');
    throw new Error(`its pixels are floating-point numbers from ${range}, and only 0 to 1 says which are black and white: ${remedy}`);
  }
  return {
    data: Uint8Array.from(values, (value) => Math.round(255 * value)),
    height: info.height,
    width: info.width,
    channels: info.channels === 1 ? 1 : 3,
  };
}

/** Whether an encoded image is a PNG or TIFF file of 16 bits a channel: what is decoded of it is the upper 8. */
export async function hasDeepPixels(image: Uint8Array): Promise<boolean> {
  const isPng = image[0] === 0x89 && image[1] === 0x50 && image[2] === 0x4e && image[3] === 0x47;
  if (isPng) return image[24] === 16;
  return isTiff(image) && (await reading(image, () => sharp(image).metadata())).depth === 'ushort';
}

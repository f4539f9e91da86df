import { decodeImage, decodeWhole } from 'stillroom/nn';
import { describe, expect, test } from 'vitest';

/** A grey TIFF file of one strip, without compression: libvips writes none of floating-point numbers through sharp. */
function tiff(pixels: Float32Array | Uint16Array | Int16Array | Uint32Array | Float64Array, width: number, samples = 1): Uint8Array {
  const format = pixels instanceof Float32Array || pixels instanceof Float64Array ? 3 : pixels instanceof Int16Array ? 2 : 1;
  const bits = 8 * pixels.BYTES_PER_ELEMENT;
  const height = pixels.length / width / samples;
  const bitsAt = 8 + pixels.byteLength;
  const shorts = samples === 1 ? [bits, 0] : [bitsAt & 0xffff, bitsAt >> 16];
  const tags: (readonly [tag: number, type: number, count: number, low: number, high?: number])[] = [
    [256, 3, 1, width],
    [257, 3, 1, height],
    [258, 3, samples, shorts[0] as number, shorts[1] as number],
    [259, 3, 1, 1],
    [262, 3, 1, samples === 1 ? 1 : 2],
    [273, 4, 1, 8],
    [277, 3, 1, samples],
    [278, 3, 1, height],
    [279, 4, 1, pixels.byteLength],
    [339, 3, 1, format],
  ];
  const bitsOf = Buffer.alloc(2 * samples);
  for (let index = 0; index < samples; index += 1) bitsOf.writeUInt16LE(bits, 2 * index);
  const directory = Buffer.alloc(2 + 12 * tags.length + 4);
  directory.writeUInt16LE(tags.length);
  for (const [index, [tag, type, count, low, high = 0]] of tags.entries()) {
    const at = 2 + 12 * index;
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(type, at + 2);
    directory.writeUInt32LE(count, at + 4);
    directory.writeUInt16LE(low, at + 8);
    directory.writeUInt16LE(high, at + 10);
  }
  const head = Buffer.from('II*\0\0\0\0\0', 'latin1');
  head.writeUInt32LE(bitsAt + bitsOf.length, 4);
  return Buffer.concat([head, Buffer.from(pixels.buffer), bitsOf, directory]);
}

const ramp = Array.from({ length: 64 }, (_, index) => index / 63);
const preparation = { size: 8, channels: 1, fit: 'pad', background: 0 } as const;
const bytesOf = async (image: Uint8Array, channels = 1): Promise<number[]> => [...(await decodeImage(image, { ...preparation, channels }))];
const bytes = ramp.map((value) => Math.round(255 * value));

describe('pixels of a TIFF file', () => {
  test('that are floating-point numbers from 0 to 1 are bytes, grey or coloured, decoded whole or not', async () => {
    const grey = tiff(Float32Array.from(ramp), 8);
    expect(await bytesOf(grey)).toEqual(bytes);
    expect(await bytesOf(grey, 3)).toEqual(bytes.flatMap((value) => [value, value, value]));
    expect([...(await decodeWhole(grey, preparation))]).toEqual(bytes);
    const coloured = tiff(Float32Array.from(ramp.flatMap((value) => [value, 0.5, 1 - value])), 8, 3);
    expect(await bytesOf(coloured, 3)).toEqual(
      ramp.flatMap((value) => [value, 0.5, 1 - value].map((one) => Math.round(255 * Math.fround(one)))),
    );
  });

  test('of 16 bits give their upper 8', async () => {
    const deep = await bytesOf(
      tiff(
        Uint16Array.from(ramp, (value) => Math.round(65535 * value)),
        8,
      ),
    );
    expect(deep.map((value, index) => Math.abs(value - (bytes[index] as number))).every((far) => far <= 1)).toBe(true);
  });

  test.each([
    ['beyond 0 to 1', Float32Array.from(ramp, (value) => 812 * value - 3), /floating-point numbers from -3 to 809, and only 0 to 1 says/],
    ['not numbers', Float32Array.from(ramp, () => Number.NaN), /some of its pixels are not numbers \(NaN\)/],
    ['signed', Int16Array.from(ramp, (value) => 30000 * value), /its pixels are signed 16-bit numbers, of which it is not said/],
    ['of 32 bits', Uint32Array.from(ramp, (value) => 4e9 * value), /its pixels are 32-bit numbers/],
  ])('that are %s are refused with a word', async (_, pixels, message) => {
    await expect(bytesOf(tiff(pixels, 8))).rejects.toThrow(message);
    await expect(bytesOf(tiff(pixels, 8))).rejects.toThrow('convert it to 8 or 16 bits, scaled so that 0 is black');
  });
});

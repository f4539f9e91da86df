import sharp, { type Sharp } from 'sharp';
import { decodeImage, decodeWhole } from 'stillroom/nn';
import { expect, test } from 'vitest';

const preparation = { size: 8, channels: 3, fit: 'pad', background: 0 } as const;
const picture = (): Sharp =>
  sharp(
    Uint8Array.from({ length: 64 * 64 * 3 }, (_, index) => (7 * index) % 256),
    { raw: { width: 64, height: 64, channels: 3 } },
  );
const half = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, bytes.length / 2);
const heic = Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypheic\0\0\0\0mif1heic'), Buffer.alloc(40)]);

test.each([
  ['an empty file', async () => new Uint8Array(), /^the file is empty$/],
  ['text', async () => Buffer.from('not an image'), /^it is no image of a kind that is read \(JPEG, PNG/],
  ['a note of Git LFS', async () => Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:1\n'), /git lfs pull$/],
  ['a web page', async () => Buffer.from('<!DOCTYPE html><html>404</html>'), /^it is a web page, not an image/],
  ['a HEIC picture', async () => heic, /^it is a HEIC picture, .*: convert it to JPEG/],
  ['a BMP', async () => Buffer.concat([Buffer.from('BM\x36\0\0\0\0\0\0\0'), Buffer.alloc(60)]), /^it is a BMP file, .*: convert it to PNG/],
  ['a DICOM', async () => Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')]), /^it is a DICOM file/],
  ['half a JPEG', async () => half(await picture().jpeg().toBuffer()), /^it is cut off or damaged \(VipsJpeg: /],
  ['half a PNG', async () => half(await picture().png().toBuffer()), /^it is cut off or damaged \(/],
  ['half a TIFF', async () => half(await picture().tiff({ compression: 'none' }).toBuffer()), /^it is cut off or damaged$/],
])('%s is refused in plain words', async (_, make, reason) => {
  const image = await make();
  await expect(decodeImage(image, preparation)).rejects.toThrow(reason);
  await expect(decodeWhole(image, preparation)).rejects.toThrow(reason);
});

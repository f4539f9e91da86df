/** Letters that are looked at to tell what a file is. */
const HEAD = 160;

/** Kinds of images that are not decoded, each with how its files begin. */
const foreign: readonly (readonly [kind: string, beginning: RegExp])[] = [
  ['a BMP', /^BM.{4}\0\0\0\0/s],
  ['a JPEG 2000', /^(?:\0\0\0.jP {2}|\xff\x4f\xff\x51)/s],
  ['a DICOM', /^.{128}DICM/s],
  ['a Photoshop', /^8BPS/],
];

/** What a file is that is no image of a kind that is decoded; undefined where that is not known. */
function whatItIs(image: Uint8Array): string | undefined {
  if (image.length === 0) return 'the file is empty';
  const head = Buffer.from(image.subarray(0, HEAD)).toString('latin1');
  if (head.startsWith('version https://git-lfs'))
    return 'it is a note of Git LFS about an image, not the image itself: fetch it with git lfs pull';
  if (/^\s*<(?:!doctype html|html)/i.test(head)) return 'it is a web page, not an image: what was to fetch it failed';
  if (head.slice(4, 8) === 'ftyp' && /hei[cxms]|hev[cx]/.test(head.slice(8)))
    return 'it is a HEIC picture, as phones take them, which cannot be read: convert it to JPEG (heif-convert)';
  const kind = foreign.find(([, beginning]) => beginning.test(head))?.[0];
  return kind === undefined ? undefined : `it is ${kind} file, which cannot be read: convert it to PNG or TIFF`;
}

/** Whether a file begins as one of the common kinds of images does. */
function isBegun(image: Uint8Array): boolean {
  const head = Buffer.from(image.subarray(0, 4)).toString('latin1');
  return ['\xff\xd8\xff', '\x89PNG', 'GIF8', 'II*\0', 'MM\0*', 'RIFF'].some((beginning) => head.startsWith(beginning));
}

/** Why an image cannot be decoded, by its bytes and what libvips says of it. */
function reasonOf(image: Uint8Array, error: unknown): string {
  const [said = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  const known = whatItIs(image);
  if (known !== undefined) return known;
  if (said.includes('unsupported image format') && isBegun(image)) return 'it is cut off or damaged';
  if (said.includes('unsupported image format')) return 'it is no image of a kind that is read (JPEG, PNG, WebP, TIFF, AVIF, GIF, SVG)';
  return `it is cut off or damaged (${said.replace(/^Input buffer has /, '')})`;
}

/** Does what reads an encoded image. @throws Error that says in plain words why it cannot be read */
export async function reading<Result>(image: Uint8Array, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw new Error(reasonOf(image, error), { cause: error });
  }
}

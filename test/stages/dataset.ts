import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a made dataset holds; what is left out has a plain default. */
interface Made {
  readonly labels: readonly number[];
  readonly classes?: readonly string[];
  readonly size?: number;
  readonly channels?: number;
}

/** Pixels that differ from image to image and carry the class: a bright band whose place is the label. */
function paintBand(pixels: Uint8Array, image: number, label: number, classes: number): void {
  for (let index = 0; index < pixels.length; index++) {
    const noise = (image * 7919 + index * 104729) % 61;
    pixels[index] = noise + (Math.floor((index * classes) / pixels.length) === label ? 150 : 0);
  }
}

/** Writes a packed dataset of painted images into a folder, in the format that the stages share; returns the folder. */
export function writeDataset(folder: string, made: Made): string {
  const { labels, size = 8, channels = 1 } = made;
  const classes = made.classes ?? Array.from({ length: Math.max(...labels) + 1 }, (_, label) => `class ${label}`);
  mkdirSync(folder, { recursive: true });
  const area = size * size * channels;
  const pixels = new Uint8Array(labels.length * area);
  labels.forEach((label, image) => paintBand(pixels.subarray(image * area, (image + 1) * area), image, label, classes.length));
  const information = { format: 1, count: labels.length, height: size, width: size, channels, classes };
  const normal = { mean: new Array(channels).fill(0.25), std: new Array(channels).fill(0.2), fit: 'pad', background: 0 };
  writeFileSync(join(folder, 'dataset.json'), JSON.stringify({ ...information, ...normal }));
  writeFileSync(join(folder, 'images.bin'), pixels);
  writeFileSync(join(folder, 'labels.bin'), new Uint8Array(Uint16Array.from(labels).buffer));
  writeFileSync(join(folder, 'names.txt'), labels.map((_, image) => `image/${image}\n`).join(''));
  return folder;
}

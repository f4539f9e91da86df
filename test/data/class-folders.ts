import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';

/** What is made. */
interface Made {
  /** The names of the classes, one folder each. */
  readonly classes: readonly string[];
  /** Images in each folder. */
  readonly each: number;
  /** Height and width of the images; they differ a little from it, and from one another. */
  readonly size: number;
}

/** Seven kinds of clothes, as an example. */
export const sevenClasses = ['blouse', 'coat', 'dress', 'hat', 'jeans', 'scarf', 'shoe'] as const;

/** A picture of a class: stripes whose direction and colour are the class's, with a phase and a width of its own. */
function drawStripes(label: number, image: number, size: number): string {
  const hue = Math.round((360 * label) / 7);
  const stripes = Array.from({ length: 5 }, (_, index) => {
    const at = (index * size) / 5 + ((image * 3) % 7);
    return `<rect x="${at}" y="${-size}" width="${size / 12}" height="${3 * size}" fill="hsl(${hue} 70% ${40 + 2 * (image % 10)}%)"/>`;
  });
  const centre = size / 2;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size + (image % 5)}">
    <rect width="100%" height="100%" fill="white"/>
    <g transform="rotate(${25 * label} ${centre} ${centre})">${stripes.join('')}</g>
  </svg>`;
}

/**
 * Writes a folder of class folders of drawn JPEG and PNG images, which a small network can learn: what `fashion-2020.yaml` takes as its
 * source. The same arguments draw the same pictures.
 */
export async function writeClassFolders(folder: string, { classes, each, size }: Made): Promise<void> {
  for (const [label, name] of classes.entries()) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let image = 0; image < each; image++) {
      const kind = image % 2 === 0 ? 'jpg' : 'png';
      await sharp(Buffer.from(drawStripes(label, image, size))).toFile(join(folder, name, `${String(image).padStart(3, '0')}.${kind}`));
    }
  }
}

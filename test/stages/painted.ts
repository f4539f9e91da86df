import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';

/** Writes a plain image; the kind follows the name's ending. */
export async function paint(
  path: string,
  options: { size?: number; colour?: { r: number; g: number; b: number } | string; wide?: number } = {},
): Promise<string> {
  const { size = 24, colour = '#c04020', wide = size } = options;
  mkdirSync(dirname(path), { recursive: true });
  await sharp({ create: { width: wide, height: size, channels: 3, background: colour } }).toFile(path);
  return path;
}

/** A folder of class folders with `count` images a class, of kinds that take turns. */
export async function paintFolders(folder: string, classes: readonly string[], count: number): Promise<void> {
  const kinds = ['png', 'jpg', 'webp', 'tiff'];
  for (const [label, name] of classes.entries()) {
    for (let index = 0; index < count; index++) {
      await paint(join(folder, name, `${index}.${kinds[index % kinds.length]}`), { colour: { r: 40 * label, g: 10 * index, b: 90 } });
    }
  }
}

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeImage, decodeOneImageAThread } from 'stillroom/nn';
import { CLASSES, SIZE } from './model.ts';
import { makePhotographs, type Photographs } from './photographs.ts';

/** Makes photographs and packs them as the stage `prepare-images` packs a test set, unless the folder is there. */
export async function makeTestSet(folder: string, photographs: Photographs): Promise<void> {
  if (existsSync(join(folder, 'dataset.json'))) return;
  const files = join(folder, 'files');
  const sizes = await makePhotographs(files, photographs);
  console.log(`made ${sizes.length} photographs of ${photographs.shortSide} px, ${Math.min(...sizes)} to ${Math.max(...sizes)} bytes`);
  decodeOneImageAThread();
  const preparation = { size: SIZE, channels: 3, fit: 'cover', background: 0 } as const;
  const encoded = readdirSync(files)
    .sort()
    .map((name) => readFileSync(join(files, name)));
  const offsets = [0];
  for (const { length } of encoded) offsets.push((offsets.at(-1) as number) + length);
  const pixels = await Promise.all(encoded.map((file) => decodeImage(file, preparation)));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'images.bin'), Buffer.concat(pixels));
  writeFileSync(join(folder, 'labels.bin'), new Uint8Array(Uint16Array.from(encoded, (_, index) => index % CLASSES.length).buffer));
  writeFileSync(join(folder, 'names.txt'), encoded.map((_, index) => `${index}\n`).join(''));
  writeFileSync(join(folder, 'encoded.bin'), Buffer.concat(encoded));
  writeFileSync(join(folder, 'encoded.json'), JSON.stringify({ offsets }));
  const information = { format: 1, count: encoded.length, height: SIZE, width: SIZE, channels: 3, classes: CLASSES };
  const normal = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25], fit: preparation.fit, background: preparation.background };
  writeFileSync(join(folder, 'dataset.json'), JSON.stringify({ ...information, ...normal }));
}

import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ifPossible } from './durable.ts';
import { namesIn } from './folder.ts';
import { ifThere } from './if-there.ts';

/** So few files are not even looked at. */
const FEW = 30;

/** What may stay in a folder. */
const MOST = { files: 600, bytes: 64 * 1024 * 1024 };

/** Removes from a folder of notes that can be made again those that were written the longest ago, as far as there are very many, or large ones. */
export function keepNewest(folder: string): void {
  const names = namesIn(folder);
  if (names.length <= FEW) return;
  const files = names.flatMap((name) => {
    const stats = ifThere(() => statSync(join(folder, name)));
    return stats === undefined ? [] : [{ name, size: stats.size, written: stats.mtimeMs }];
  });
  let bytes = 0;
  for (const [index, { name, size }] of files.toSorted((a, b) => b.written - a.written).entries()) {
    bytes += size;
    if (index >= MOST.files || (index > 0 && bytes > MOST.bytes)) ifPossible(() => rmSync(join(folder, name), { force: true }));
  }
}

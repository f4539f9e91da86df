import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';

/** All that lies at or below a path, as far as it may be listed and its path is not too long. */
export function* below(path: string): Iterable<Stats> {
  let [stats, inside] = [undefined as Stats | undefined, [] as string[]];
  try {
    stats = lstatSync(path);
    inside = stats.isDirectory() ? readdirSync(path) : [];
  } catch {
    // It is gone, or refuses.
  }
  if (stats !== undefined) yield stats;
  for (const name of inside) yield* below(join(path, name));
}

/** Adds up the bytes of files, of those with several names once. */
export class TakenRoom {
  private readonly counted = new Set<string>();

  /** Bytes of the files at or below a path that were not counted before. */
  add(path: string): number {
    let sum = 0;
    for (const stats of below(path)) {
      if (stats.isDirectory()) continue;
      if (stats.nlink > 1) {
        const file = `${stats.dev}:${stats.ino}`;
        if (this.counted.has(file)) continue;
        this.counted.add(file);
      }
      sum += stats.size;
    }
    return sum;
  }
}

import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Entry, HEAD } from './entry.ts';
import type { Segment } from './segment.ts';

/** An entry and the segment that it lies in. */
export interface Located {
  readonly segment: Segment;
  readonly entry: Entry;
}

/** Where bytes lie in a file. */
export interface Place {
  readonly path: string;
  readonly offset: number;
  readonly size: number;
}

/** Where the body of an entry lies. */
export function placeAt({ segment, entry }: Located): Place {
  return { path: segment.path, offset: entry.offset + HEAD, size: entry.length };
}

/** Copies an entry to the quarantine of a store and makes it count no more. */
export function putInQuarantine(root: string, { segment, entry }: Located): void {
  const folder = join(root, 'quarantine');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${entry.key.toString('hex')}-${randomBytes(4).toString('hex')}`), segment.raw(entry));
  segment.void([entry]);
}

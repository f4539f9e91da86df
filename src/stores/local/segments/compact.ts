import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { syncFolder, writeDurably } from '../../../files/durable.ts';
import { namesIn } from '../../../files/folder.ts';
import { type Entry, HEAD, headOf, KINDS, type NewEntry } from './entry.ts';
import { NOTES, type OnDamage, type Segment, SEGMENTS } from './segment.ts';
import { LARGEST, newName } from './writer.ts';

/** A segment, and those of its entries that count. */
export interface Counting {
  readonly segment: Segment;
  readonly entries: readonly Entry[];
}

/** Below this size, in bytes, several segments become one. */
const SMALL = LARGEST / 8;

/** So many small segments are joined. */
export const CROWD = 32;

/** Those of segments that are small. */
export function smallOf(segments: Iterable<Segment>): Segment[] {
  return [...segments].filter(({ end }) => end < SMALL);
}

/** A segment of which all entries that are known count. */
export function allOf(segment: Segment): Counting {
  return { segment, entries: KINDS.flatMap((kind) => [...segment.entries(kind)]) };
}

/** Of a segment that is not small, the share that may count no more. */
const MOST_IDLE = 0.5;

/** Bytes of entries, with their heads. */
export function bytesOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { length }) => sum + HEAD + length, 0);
}

/**
 * Writes what counts of some segments anew, durably, and then removes them: wherever it is cut off, nothing that counts is missing. Those of
 * which most counts are left as they are, but with `thorough` all are written anew that hold anything else.
 */
export function compactSegments(
  root: string,
  segments: readonly Counting[],
  { thorough, onDamage }: { readonly thorough: boolean; readonly onDamage: OnDamage },
): void {
  const isIdle = ({ segment, entries }: Counting): boolean =>
    thorough ? bytesOf(entries) < segment.end : bytesOf(entries) <= segment.end * (1 - MOST_IDLE);
  const small = segments.filter(({ segment }) => segment.end < SMALL);
  const old = segments.filter((one) => isIdle(one) || (small.length > 1 && small.includes(one)));
  let pieces: Uint8Array[] = [];
  let [name, offset] = [newName(), 0];
  const write = (): void => {
    if (offset > 0) writeDurably(join(root, SEGMENTS, name), Buffer.concat(pieces));
    pieces = [];
    [name, offset] = [newName(), 0];
  };
  for (const { segment, entries } of old) {
    for (const entry of entries.toSorted((a, b) => a.offset - b.offset)) {
      const body = segment.read(entry, true);
      if (body === 'damaged') onDamage(segment, entry);
      if (typeof body === 'string') continue;
      pieces.push(headOf(asNew(entry, body), { segment: name, offset, durable: 0 }), body);
      offset += HEAD + body.length;
      if (offset >= LARGEST) write();
    }
  }
  write();
  for (const { segment } of old) rmSync(segment.path, { force: true });
  if (old.length > 0) syncFolder(join(root, SEGMENTS));
  for (const { segment } of segments) segment.close();
  const left = new Set(namesIn(join(root, SEGMENTS)));
  for (const note of namesIn(join(root, NOTES))) if (!left.has(note)) rmSync(join(root, NOTES, note), { recursive: true, force: true });
}

function asNew({ kind, key, work, order }: Entry, body: Uint8Array): NewEntry {
  const of = kind === 'result' ? { work: work.toString('hex') } : {};
  return { kind, key: key.toString('hex'), ...of, order, body };
}

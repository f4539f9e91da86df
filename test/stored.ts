import { chmodSync, lstatSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn } from '../src/files/folder.ts';
import { HEAD, type Kind } from '../src/stores/local/segments/entry.ts';
import { Segment, SEGMENTS } from '../src/stores/local/segments/segment.ts';
import { Segments } from '../src/stores/local/segments/segments.ts';

/** Where bytes of a store lie: in a file, from an offset on. */
interface Stretch {
  readonly path: string;
  readonly offset: number;
  readonly size: number;
}

/** Where the file of a blob lies that is not in a segment. */
export function looseBlob(location: string, digest: string): string {
  return join(location, 'blobs', digest.slice(0, 2), digest.slice(2));
}

/** Where content, or the record of a result, lies in a store. */
export function stretchOf(location: string, key: string, kind: Kind = 'content'): Stretch {
  for (const name of namesIn(join(location, SEGMENTS))) {
    const segment = new Segment(location, name, () => undefined);
    segment.refresh();
    const [entry] = segment.find(kind, key);
    const isThere = entry !== undefined && segment.read(entry) !== 'void';
    segment.close();
    if (isThere) return { path: segment.path, offset: entry.offset + HEAD, size: entry.length };
  }
  const path = kind === 'content' ? looseBlob(location, key) : join(location, 'results', `${key}.json`);
  return { path, offset: 0, size: lstatSync(path, { throwIfNoEntry: false })?.size ?? 0 };
}

/** The bytes of content, or of the record of a result, as they lie in a store; undefined where there are none. */
export function storedBytes(location: string, key: string, kind: Kind = 'content'): Buffer | undefined {
  const { path, offset, size } = stretchOf(location, key, kind);
  return lstatSync(path, { throwIfNoEntry: false }) === undefined ? undefined : readFileSync(path).subarray(offset, offset + size);
}

/** The digests of all content in a store, sorted. */
export function digestsIn(location: string): string[] {
  const loose = namesIn(join(location, 'blobs')).flatMap((prefix) => namesIn(join(location, 'blobs', prefix)).map((rest) => prefix + rest));
  return [...new Segments(location).keys('content'), ...loose].sort();
}

/** Changes bytes of a store, keeping the size and times of their file, as a bad disk does. */
export function rot(location: string, key: string, kind: Kind = 'content', change = flipFirst): void {
  const { path, offset, size } = stretchOf(location, key, kind);
  const { atime, mtime } = lstatSync(path);
  const bytes = readFileSync(path);
  const changed = change(Buffer.from(bytes.subarray(offset, offset + size)));
  chmodSync(path, 0o644);
  writeFileSync(path, Buffer.concat([bytes.subarray(0, offset), changed, bytes.subarray(offset + size)]));
  utimesSync(path, atime, mtime);
}

function flipFirst(bytes: Buffer): Buffer {
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return bytes;
}

/** Takes content, or the record of a result, away. */
export function lose(location: string, key: string, kind: Kind = 'content'): void {
  const segments = new Segments(location);
  segments.void(kind, new Set([key]));
  rmSync(
    stretchOf(location, key, kind).path === looseBlob(location, key) ? looseBlob(location, key) : join(location, 'results', `${key}.json`),
    {
      force: true,
    },
  );
}

import { parseJson } from '../../files/json.ts';
import { isDigest, sha256 } from '../../model/canonical.ts';
import { isCount, type PackReference } from './envelope.ts';

/** Where a content lies in a pack. */
export interface Packed {
  readonly at: number;
  readonly size: number;
}

/** Contents of a pack by digest. */
export type PackIndex = ReadonlyMap<string, Packed>;

/** A pack as an object: its index as one line of JSON, then the bytes of its contents, one after the other. */
export function packOf(contents: ReadonlyMap<string, Uint8Array>): { readonly reference: PackReference; readonly bytes: Buffer } {
  const index = Buffer.from(`${JSON.stringify([...contents].map(([digest, { length }]) => [digest, length]))}\n`);
  const bytes = Buffer.concat([index, ...contents.values()]);
  return { reference: { digest: sha256(bytes), size: bytes.length, index: index.length }, bytes };
}

/** Reads the index of a pack; undefined where it is damaged, or does not fill the pack. */
export function indexOf(bytes: Uint8Array, { size, index }: PackReference): PackIndex | undefined {
  if (bytes.length < index) return undefined;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, index).toString('utf8');
  const entries = parseJson(text, (value): value is unknown[] => Array.isArray(value));
  const found = new Map<string, Packed>();
  let at = index;
  for (const entry of entries ?? []) {
    const [digest, length] = Array.isArray(entry) ? (entry as unknown[]) : [];
    if (!isDigest(digest) || !isCount(length)) return undefined;
    found.set(digest, { at, size: length });
    at += length;
  }
  return entries !== undefined && at === size ? found : undefined;
}

/** Pieces of a pack that lie so near to each other that they are asked for in one go. */
const NEAR = 64 * 1024;

/** The ranges of a pack that hold some of its contents, in order. */
export function rangesOf(wanted: readonly Packed[]): readonly (readonly [from: number, to: number])[] {
  const ranges: [number, number][] = [];
  for (const { at, size } of wanted.toSorted((a, b) => a.at - b.at)) {
    const last = ranges.at(-1);
    if (last !== undefined && at - last[1] <= NEAR) last[1] = Math.max(last[1], at + size);
    else ranges.push([at, at + size]);
  }
  return ranges;
}

import { readSummed, writeSummedNote } from '../../files/sealed.ts';
import { isObject, parseJson } from '../../files/json.ts';
import { bytesOfStamps, changeOf, isFresh, STAMP_BYTES } from '../../files/stamp.ts';
import { DIGEST_BYTES, digestAt, digestBytes } from '../../files/digests.ts';
import type { Manifest } from '../../model/artifact.ts';
import { type Listing, pathsOf } from './folders.ts';

/** What a source holds by its names, and how its files stand. */
export interface Listed extends Listing {
  readonly kind: 'dir' | 'file';
  /** Before anything of it was looked at, in milliseconds since 1970. */
  readonly since: number;
  /** Of its files, where they were read as they were listed. */
  readonly digests?: Buffer;
}

/**
 * What is remembered of a source: how each file stood when it was read, and what it held. Many thousand files are looked through for each plan,
 * so it is no JSON: after a first line each property of all files follows in one piece, to be compared as one.
 */
export interface SourceNote {
  readonly kind: 'dir' | 'file';
  /** The files, in the order of their bytes, and then the empty folders; each ended by a zero. */
  readonly paths: string;
  /** Zeros for a file that was too fresh to be trusted. */
  readonly stamps: Uint8Array;
  /** Of each file 32 bytes. */
  readonly digests: Buffer;
  /** Of the source as a whole. */
  readonly digest: string;
}

/** The first line. */
interface Head {
  readonly kind: 'dir' | 'file';
  readonly files: number;
  readonly digest: string;
}

function isHead(value: unknown): value is Head {
  return (
    isObject(value) && typeof value['kind'] === 'string' && Number.isSafeInteger(value['files']) && typeof value['digest'] === 'string'
  );
}

/** What is to be noted of a source that was read. */
export function noteOf(listed: Listed, digests: readonly string[], digest: string): SourceNote {
  const stamps = Buffer.from(bytesOfStamps(listed.stamps));
  for (const index of listed.files.keys())
    if (isFresh(changeOf(listed.stamps, index), listed.since)) stamps.fill(0, index * STAMP_BYTES, (index + 1) * STAMP_BYTES);
  return { kind: listed.kind, paths: pathsOf(listed), stamps, digests: digestBytes(digests), digest };
}

/** Whether all stands as it was noted. */
export function isAsNoted(note: SourceNote, listed: Listed): boolean {
  return note.kind === listed.kind && bytesOfStamps(listed.stamps).equals(note.stamps) && note.paths === pathsOf(listed);
}

/** Gives the noted digest of each listed file that stands as it did when it was noted. */
export function notedDigests({ paths, stamps, digests }: SourceNote, listed: Listed): (index: number) => string | undefined {
  const places = new Map(paths.split('\0').map((path, place) => [path, place]));
  const now = bytesOfStamps(listed.stamps);
  return (index) => {
    const place = places.get(listed.files[index]?.path ?? '');
    if (place === undefined) return undefined;
    const [from, noted] = [index * STAMP_BYTES, place * STAMP_BYTES];
    if (now.compare(stamps, noted, noted + STAMP_BYTES, from, from + STAMP_BYTES) !== 0) return undefined;
    return digestAt(digests, place);
  };
}

/** Writes a note. Losing it costs reading the source again. */
export function writeNote(file: string, { kind, paths, stamps, digests, digest }: SourceNote): void {
  const head: Head = { kind, files: stamps.length / STAMP_BYTES, digest };
  writeSummedNote(file, [Buffer.from(`${JSON.stringify(head)}\n`), stamps, digests, Buffer.from(paths)]);
}

/** Reads a note; undefined where there is none, or it is damaged. */
export function readNote(file: string): SourceNote | undefined {
  const bytes = readSummed(file);
  const first = bytes === undefined ? 0 : bytes.indexOf('\n') + 1;
  const head = parseJson(bytes?.toString('utf8', 0, first) ?? '', isHead);
  if (bytes === undefined || head === undefined) return undefined;
  const { kind, files, digest } = head;
  const [stamps, digests] = [first + files * STAMP_BYTES, first + files * (STAMP_BYTES + DIGEST_BYTES)];
  return {
    kind,
    paths: bytes.toString('utf8', digests),
    stamps: bytes.subarray(first, stamps),
    digests: bytes.subarray(stamps, digests),
    digest,
  };
}

/** The manifest of what is listed, by the digests of its files. */
export function manifestOf({ files, emptyFolders }: Listing, digests: readonly string[]): Manifest {
  return {
    files: files.map(({ path, size, executable }, index) => ({ path, size, digest: digests[index] ?? '', executable })),
    emptyFolders,
  };
}

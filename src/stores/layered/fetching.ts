import type { Errand, Store } from '../../model/store.ts';
import type { PackReference } from './envelope.ts';
import { forAll } from './for-all.ts';
import { indexOf, type Packed, type PackIndex, rangesOf } from './packs.ts';
import type { Shelf } from './shelf.ts';
import { PART, partsOf } from './parts.ts';

/** Contents by digest, each with its bytes where they are known. */
export type Sizes = ReadonlyMap<string, number | undefined>;

/** A manifest of more bytes is not fetched. */
const LARGEST_UNKNOWN = 256 * 1024 * 1024;

/** A pack of no more bytes is fetched whole, whatever is wanted of it. */
const SMALL_PACK = 1024 * 1024;

/** A pack of more bytes, or an index of more, was written by no Stillroom. */
const LARGEST_PACK = 128 * 1024 * 1024;

/** Where contents are fetched from and to. */
export interface Fetch {
  readonly shelf: Shelf;
  readonly local: Store;
  readonly packs: readonly PackReference[];
  readonly errand: Errand;
}

/** A pack of which the index was read, and all bytes where they came with it. */
interface OpenPack {
  readonly reference: PackReference;
  readonly index: PackIndex;
  readonly bytes?: Uint8Array;
}

/** Brings contents of one record here, only those that are not here. What comes is hashed; a content that fails its pack is looked for alone. */
export class Fetching {
  private readonly fetch: Fetch;
  private opened: Promise<readonly OpenPack[]> | undefined;

  constructor(fetch: Fetch) {
    this.fetch = fetch;
  }

  /** Returns those that are not here now: they are missing there, or damaged. */
  async bring(wanted: Sizes): Promise<readonly string[]> {
    const { local } = this.fetch;
    const isMissing = (digest: string): boolean => local.artifacts.payload(digest) === undefined;
    let missing = [...wanted.keys()].filter(isMissing);
    if (missing.length > 0 && this.fetch.packs.length > 0) {
      for (const pack of await this.packs()) await this.takeFrom(pack, missing, wanted);
      missing = missing.filter(isMissing);
    }
    const left: string[] = [];
    await forAll(missing, async (digest) => {
      if (!(await this.bringAlone(digest, wanted.get(digest)))) left.push(digest);
      return left.length === 0;
    });
    return left;
  }

  private packs(): Promise<readonly OpenPack[]> {
    this.opened ??= Promise.all(this.fetch.packs.map((reference) => this.open(reference))).then((all) => all.flatMap((one) => one ?? []));
    return this.opened;
  }

  private async open(reference: PackReference): Promise<OpenPack | undefined> {
    const { digest, size, index: head } = reference;
    if (size > LARGEST_PACK) return undefined;
    const isWhole = size <= SMALL_PACK;
    const bytes = await this.bytesOf(digest, [0, isWhole ? size : head]);
    const index = bytes === undefined ? undefined : indexOf(bytes, reference);
    return index === undefined ? undefined : { reference, index, ...(isWhole && bytes !== undefined ? { bytes } : {}) };
  }

  private async bytesOf(digest: string, range: readonly [number, number]): Promise<Uint8Array | undefined> {
    const { shelf, errand } = this.fetch;
    if (range[0] === range[1]) return new Uint8Array();
    const bytes = await shelf.remote.get(shelf.packKey(digest), { most: range[1] - range[0], range }, errand);
    return bytes === 'none' ? undefined : bytes;
  }

  /** Takes those contents out of a pack that are in it: all of it where that is a large part of it, else only where they lie. */
  private async takeFrom({ reference, index, bytes }: OpenPack, missing: readonly string[], wanted: Sizes): Promise<void> {
    const found = missing.flatMap((digest): [string, Packed][] => {
      const place = index.get(digest);
      const isFitting = place !== undefined && (wanted.get(digest) ?? place.size) === place.size;
      return isFitting ? [[digest, place]] : [];
    });
    if (found.length === 0) return;
    const needed = found.reduce((sum, [, { size }]) => sum + size, 0);
    const whole = [[reference.index, reference.size] as const];
    const ranges = bytes !== undefined || needed * 4 >= reference.size ? whole : rangesOf(found.map(([, place]) => place));
    await forAll(ranges, async ([from, to]) => {
      const piece = bytes === undefined ? await this.bytesOf(reference.digest, [from, to]) : bytes.subarray(from, to);
      for (const [digest, { at, size }] of piece === undefined ? [] : found) {
        if (at < from || at + size > to) continue;
        const body = piece?.subarray(at - from, at - from + size) ?? Buffer.alloc(0);
        await this.fetch.local.artifacts.receive(digest, inOnePiece(body), size);
      }
      return true;
    });
  }

  private async bringAlone(digest: string, size: number | undefined): Promise<boolean> {
    const { local, errand } = this.fetch;
    const parts = size === undefined ? undefined : partsOf(size);
    const most = size ?? LARGEST_UNKNOWN;
    let isThere = true;
    const pieces = async function* (this: Fetching): AsyncGenerator<Uint8Array> {
      for (let part = 0; isThere && (parts === undefined || part < parts); part += 1) {
        const bytes = await this.part(digest, { part, parts, size });
        if (bytes === undefined) isThere = part > 0;
        if (bytes === undefined) return;
        yield bytes;
        // A manifest says not how long it is: it lies in one piece unless that is full.
        if (parts === undefined && bytes.length < PART) return;
      }
    };
    const received = await local.artifacts.receive(digest, pieces.call(this), most);
    return (
      received &&
      isThere &&
      !errand.signal.aborted &&
      local.artifacts.payload(digest)?.size === (size ?? local.artifacts.payload(digest)?.size)
    );
  }

  private async part(
    digest: string,
    { part, parts, size }: { readonly part: number; readonly parts: number | undefined; readonly size: number | undefined },
  ): Promise<Uint8Array | undefined> {
    const { shelf, errand } = this.fetch;
    const ask = async (key: string, most: number): Promise<Uint8Array | undefined> => {
      const bytes = await shelf.remote.get(key, { most, ...(size === undefined ? {} : { size: most }) }, errand);
      return bytes === 'none' ? undefined : bytes;
    };
    if (parts === 1) return ask(shelf.blobKey(digest), size ?? PART);
    if (parts === undefined && part === 0) {
      const alone = await ask(shelf.blobKey(digest), PART);
      if (alone !== undefined) return alone;
    }
    return ask(shelf.blobKey(digest, part), size === undefined ? PART : Math.min(PART, size - part * PART));
  }
}

async function* inOnePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

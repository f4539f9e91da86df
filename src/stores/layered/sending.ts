import type { Errand, Payload } from '../../model/store.ts';
import { claim } from './clearing.ts';
import type { FarContents, PackReference } from './envelope.ts';
import { forAll } from './for-all.ts';
import type { ShelfNotes } from './notes.ts';
import { packOf } from './packs.ts';
import { inParts, PART, partsOf } from './parts.ts';
import type { Shelf } from './shelf.ts';

/** Contents up to so many bytes travel together in packs. */
const SMALL = 1024 * 1024;

/** A pack is begun anew when it would hold more bytes. */
const FULL_PACK = 16 * 1024 * 1024;

/** For so long, in milliseconds, is what was put or claimed known to stay: who clears a shelf lets content of the last day be. */
const CERTAIN = 8 * 60 * 60 * 1000;

/** Contents by digest. */
export type Contents = ReadonlyMap<string, Payload>;

/** Sends contents to a shelf: large ones each for itself, small ones together in packs, and nothing that is there already. */
export class Sending {
  /** Content that is there, but came damaged: it is sent anew, each for itself. */
  readonly damaged = new Set<string>();
  private readonly shelf: Shelf;
  private readonly notes: ShelfNotes;
  /** Blobs and packs that were put or claimed there, and when: who clears it lets them be for a while. */
  private readonly there = new Map<string, number>();

  constructor(shelf: Shelf, notes: ShelfNotes) {
    this.shelf = shelf;
    this.notes = notes;
  }

  /** Returns where they are; undefined where not all of them are there now. */
  async send(contents: Contents, errand: Errand): Promise<FarContents | undefined> {
    const packs = new Map<string, PackReference>();
    const alone: string[] = [];
    const small: string[] = [];
    for (const [digest, { size }] of contents) {
      const known = await this.knownPack(digest, errand);
      if (this.damaged.has(digest) || size > SMALL) alone.push(digest);
      else if (known !== undefined) packs.set(known.digest, known);
      else small.push(digest);
    }
    if (small.length === 1) alone.push(...small.splice(0));
    for (const group of groups(small, contents)) {
      const reference = await this.sendPack(group, contents, errand);
      if (reference === undefined) return undefined;
      packs.set(reference.digest, reference);
    }
    const areThere = await forAll(alone, async (digest) => {
      const payload = contents.get(digest);
      return payload !== undefined && (await this.sendAlone(digest, payload, errand));
    });
    return areThere ? { packs: [...packs.values()], blobs: alone } : undefined;
  }

  private isThere(digest: string): boolean {
    return Date.now() - (this.there.get(digest) ?? 0) < CERTAIN;
  }

  private isThereNow(digest: string): void {
    this.there.set(digest, Date.now());
  }

  /** The pack of a content that was sent before, if that is still there and stays. */
  private async knownPack(digest: string, errand: Errand): Promise<PackReference | undefined> {
    const known = this.notes.packOf(digest);
    if (known === undefined || this.isThere(known.digest)) return known;
    if (!(await claim(this.shelf, known.digest, errand))) return undefined;
    const size = await this.shelf.remote.size(this.shelf.packKey(known.digest), errand);
    if (size === known.size) {
      this.isThereNow(known.digest);
      return known;
    }
    if (size !== undefined) this.notes.forgetPack(known.digest);
    return undefined;
  }

  private async sendPack(digests: readonly string[], contents: Contents, errand: Errand): Promise<PackReference | undefined> {
    const bodies = new Map<string, Uint8Array>();
    for (const digest of digests) bodies.set(digest, await wholeOf(contents.get(digest)));
    const { reference, bytes } = packOf(bodies);
    const put = (): Promise<boolean | undefined> => this.shelf.remote.put(this.shelf.packKey(reference.digest), bytes, errand);
    if (!(await this.putOrClaim(reference.digest, put, errand))) return undefined;
    this.notes.addPack(reference, digests);
    return reference;
  }

  /** Puts an object; one that was there already is claimed, and then put again unless it is still there. Returns whether it is there and stays. */
  private async putOrClaim(digest: string, put: () => Promise<boolean | undefined>, errand: Errand): Promise<boolean> {
    const isNew = await put();
    if (isNew === undefined) return false;
    if (!isNew && !((await claim(this.shelf, digest, errand)) && (await put()) !== undefined)) return false;
    this.isThereNow(digest);
    return true;
  }

  /** Sends content for itself, in parts where it is large; those that have arrived before are left. */
  private async sendAlone(digest: string, { size, bytes }: Payload, errand: Errand): Promise<boolean> {
    if (this.isThere(digest)) return true;
    const { shelf } = this;
    const parts = partsOf(size);
    const keys = parts === 1 ? [shelf.blobKey(digest)] : Array.from({ length: parts }, (_, part) => shelf.blobKey(digest, part));
    if (this.damaged.has(digest) && !(await shelf.remote.delete(keys, errand))) return false;
    const put = (): Promise<boolean | undefined> => this.putParts({ keys, size, bytes }, errand);
    if (!(await this.putOrClaim(digest, put, errand))) return false;
    this.damaged.delete(digest);
    return true;
  }

  /** Puts those parts of content that are not there; true if all were new, undefined where that failed. */
  private async putParts(
    { keys, size, bytes }: Payload & { readonly keys: readonly string[] },
    errand: Errand,
  ): Promise<boolean | undefined> {
    const { remote } = this.shelf;
    const lengths = keys.map((_, part) => Math.min(PART, size - part * PART));
    const absent = new Set(keys);
    if (size > SMALL) for (const [part, key] of keys.entries()) if ((await remote.size(key, errand)) === lengths[part]) absent.delete(key);
    let areNew = absent.size === keys.length;
    if (absent.size === 0) return areNew;
    let part = 0;
    for await (const body of inParts(bytes())) {
      const key = keys[part] ?? '';
      const isNew = absent.has(key) ? await remote.put(key, body, errand) : false;
      if (isNew === undefined) return undefined;
      areNew &&= isNew;
      part += 1;
    }
    return areNew;
  }
}

/** Small contents in groups of a pack each, in an order that is theirs alone: so the same contents make the same packs. */
function groups(digests: readonly string[], contents: Contents): readonly (readonly string[])[] {
  const all: string[][] = [];
  let room = 0;
  for (const digest of digests.toSorted()) {
    const size = contents.get(digest)?.size ?? 0;
    if (size > room || all.length === 0) {
      all.push([]);
      room = FULL_PACK;
    }
    all.at(-1)?.push(digest);
    room -= size;
  }
  return all;
}

async function wholeOf(payload: Payload | undefined): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of payload?.bytes() ?? []) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

import type { Errand, Payload } from '../../model/store.ts';
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

/** Contents by digest. */
export type Contents = ReadonlyMap<string, Payload>;

/** Sends contents to a shelf: large ones each for itself, small ones together in packs, and nothing that is there already. */
export class Sending {
  /** Content that is there, but came damaged: it is sent anew, each for itself. */
  readonly damaged = new Set<string>();
  private readonly shelf: Shelf;
  private readonly notes: ShelfNotes;
  /** What is known to be there: blobs and packs. */
  private readonly there = new Set<string>();

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

  /** The pack of a content that was sent before, if that is still there. */
  private async knownPack(digest: string, errand: Errand): Promise<PackReference | undefined> {
    const known = this.notes.packOf(digest);
    if (known === undefined || this.there.has(known.digest)) return known;
    const size = await this.shelf.remote.size(this.shelf.packKey(known.digest), errand);
    if (size === known.size) {
      this.there.add(known.digest);
      return known;
    }
    if (size !== undefined) this.notes.forgetPack(known.digest);
    return undefined;
  }

  private async sendPack(digests: readonly string[], contents: Contents, errand: Errand): Promise<PackReference | undefined> {
    const bodies = new Map<string, Uint8Array>();
    for (const digest of digests) bodies.set(digest, await wholeOf(contents.get(digest)));
    const { reference, bytes } = packOf(bodies);
    if ((await this.shelf.remote.put(this.shelf.packKey(reference.digest), bytes, errand)) === undefined) return undefined;
    this.there.add(reference.digest);
    this.notes.addPack(reference, digests);
    return reference;
  }

  /** Sends content for itself, in parts where it is large; those that have arrived before are left. */
  private async sendAlone(digest: string, { size, bytes }: Payload, errand: Errand): Promise<boolean> {
    if (this.there.has(digest)) return true;
    const { shelf } = this;
    const parts = partsOf(size);
    const keys = parts === 1 ? [shelf.blobKey(digest)] : Array.from({ length: parts }, (_, part) => shelf.blobKey(digest, part));
    if (this.damaged.has(digest) && !(await shelf.remote.delete(keys, errand))) return false;
    const lengths = keys.map((_, part) => Math.min(PART, size - part * PART));
    const absent = new Set(keys);
    if (size > SMALL)
      for (const [part, key] of keys.entries()) if ((await shelf.remote.size(key, errand)) === lengths[part]) absent.delete(key);
    if (absent.size > 0) {
      let part = 0;
      for await (const body of inParts(bytes())) {
        const key = keys[part] ?? '';
        if (absent.has(key) && (await shelf.remote.put(key, body, errand)) === undefined) return false;
        part += 1;
      }
    }
    this.there.add(digest);
    this.damaged.delete(digest);
    return true;
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

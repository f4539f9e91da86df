import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ifPossible } from '../../files/durable.ts';
import { safeFileName } from '../../files/file-name.ts';
import { namesIn } from '../../files/folder.ts';
import { isObject } from '../../files/json.ts';
import { readSealed, writeSealedNote } from '../../files/sealed.ts';
import { isDigest } from '../../model/canonical.ts';
import { isCount, type PackReference } from './envelope.ts';

/** Milliseconds within which a result that was said to come may come. */
const OLD = 3_600_000;

/** What is noted of a pack: where it is, and what is in it. */
interface PackNote extends PackReference {
  readonly contents: readonly string[];
}

function isPackNote(value: unknown): value is PackNote {
  if (!isObject(value) || !isDigest(value['digest']) || !isCount(value['size']) || !isCount(value['index'])) return false;
  return Array.isArray(value['contents']) && value['contents'].every(isDigest);
}

/** What a store knows of a shelf that it sends to: which results have not arrived yet, and which packs hold what. It can be lost at any time. */
export class ShelfNotes {
  private readonly folder: string;
  private known: Map<string, PackReference> | undefined;

  /** @param cache A folder for what can be made again at any time. */
  constructor(cache: string, shelf: string) {
    this.folder = join(cache, 'remotes', safeFileName(shelf));
  }

  /** Notes that a result is to be sent: whoever sends to this shelf next does it, if nobody has before. */
  markUnsent(fingerprint: string): void {
    ifPossible(() => {
      mkdirSync(join(this.folder, 'unsent'), { recursive: true });
      writeFileSync(join(this.folder, 'unsent', fingerprint), '');
    });
  }

  markSent(fingerprint: string): void {
    ifPossible(() => rmSync(join(this.folder, 'unsent', fingerprint), { force: true }));
  }

  /** Forgets that a result is to be sent of which nothing is here, unless that was said lately: whoever said it may be about to keep it. */
  forgetOld(fingerprint: string): void {
    const noted = statSync(join(this.folder, 'unsent', fingerprint), { throwIfNoEntry: false });
    if (noted !== undefined && Date.now() - noted.mtimeMs > OLD) this.markSent(fingerprint);
  }

  /** The fingerprints of results that have not arrived yet. */
  unsent(): readonly string[] {
    const folder = join(this.folder, 'unsent');
    return existsSync(folder) ? namesIn(folder).filter(isDigest) : [];
  }

  /** The pack that holds a content, as far as is known here. */
  packOf(digest: string): PackReference | undefined {
    if (this.known === undefined) {
      this.known = new Map();
      const folder = join(this.folder, 'packs');
      for (const name of existsSync(folder) ? namesIn(folder) : []) {
        const note = readSealed(join(folder, name), isPackNote);
        if (note !== undefined) this.learn(note);
      }
    }
    return this.known.get(digest);
  }

  private learn({ contents, digest, size, index }: PackNote): void {
    for (const content of contents) this.known?.set(content, { digest, size, index });
  }

  addPack(reference: PackReference, contents: readonly string[]): void {
    const note = { ...reference, contents };
    this.packOf('');
    this.learn(note);
    ifPossible(() => writeSealedNote(join(this.folder, 'packs', reference.digest), note, 'compact'));
  }

  /** Forgets a pack that is no longer there. */
  forgetPack(digest: string): void {
    for (const [content, reference] of this.known ?? []) if (reference.digest === digest) this.known?.delete(content);
    ifPossible(() => rmSync(join(this.folder, 'packs', digest), { force: true }));
  }
}

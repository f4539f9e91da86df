import { join } from 'node:path';
import { isObject } from '../../files/json.ts';
import { type FormerText, readSealed, readText, writeSealed, writeSealedNote } from '../../files/sealed.ts';
import type { BundleRecord, Bundles } from '../../model/store.ts';
import { isDigest } from '../../model/canonical.ts';
import type { Blobs } from './blobs.ts';

function isBundle(value: unknown): value is BundleRecord {
  return isObject(value) && isDigest(value['digest']) && isDigest(value['map']) && isObject(value['files']);
}

/** A former Stillroom wrote bundles without a seal, and only the digest as a pointer. */
const former: FormerText = (value) => JSON.stringify(value);

/** What leads from raw sources to a bundle. */
interface Pointer {
  readonly raw: string;
  readonly digest: string;
}

function isPointer(value: unknown): value is Pointer {
  return isObject(value) && isDigest(value['raw']) && isDigest(value['digest']);
}

/** Bundles of stage code: a note each of what it was made of, and a note that leads to it from its raw sources. */
export class LocalBundles implements Bundles {
  private readonly root: string;
  private readonly blobs: Blobs;

  constructor(root: string, blobs: Blobs) {
    this.root = join(root, 'bundles');
    this.blobs = blobs;
  }

  read(digest: string): BundleRecord | undefined {
    const record = readSealed(join(this.root, `${digest}.json`), isBundle, former);
    return record?.digest === digest ? record : undefined;
  }

  isWhole(digest: string): boolean {
    const record = this.read(digest);
    return record !== undefined && [digest, record.map].every((blob) => this.blobs.state(blob) === 'whole');
  }

  ofSources(rawDigest: string): BundleRecord | undefined {
    const digest = this.pointer(rawDigest);
    const record = digest === undefined ? undefined : this.read(digest);
    return record !== undefined && this.blobs.state(record.digest) === 'whole' ? record : undefined;
  }

  /** The digest of the bundle that raw sources lead to, whole or not. */
  pointer(rawDigest: string): string | undefined {
    const path = join(this.root, 'raw', rawDigest);
    const pointer = readSealed(path, isPointer);
    if (pointer !== undefined) return pointer.raw === rawDigest ? pointer.digest : undefined;
    const text = readText(path);
    return isDigest(text) ? text : undefined;
  }

  keep(rawDigest: string, record: BundleRecord): void {
    writeSealed(join(this.root, `${record.digest}.json`), record);
    const pointer: Pointer = { raw: rawDigest, digest: record.digest };
    writeSealedNote(join(this.root, 'raw', rawDigest), pointer);
  }
}

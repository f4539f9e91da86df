import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isObject, readJson } from '../../files/json.ts';
import { writeDurably } from '../../files/durable.ts';
import type { BundleRecord, Bundles } from '../../model/store.ts';
import { isDigest } from '../../model/canonical.ts';
import type { Blobs } from './blobs.ts';

function isBundle(value: unknown): value is BundleRecord {
  return isObject(value) && isDigest(value['digest']) && isDigest(value['map']) && isObject(value['files']);
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
    const record = readJson(join(this.root, `${digest}.json`), isBundle);
    return record?.digest === digest ? record : undefined;
  }

  ofSources(rawDigest: string): BundleRecord | undefined {
    const path = join(this.root, 'raw', rawDigest);
    const record = existsSync(path) ? this.read(readFileSync(path, 'utf8')) : undefined;
    return record !== undefined && this.blobs.state(record.digest) === 'whole' ? record : undefined;
  }

  keep(rawDigest: string, record: BundleRecord): void {
    writeDurably(join(this.root, `${record.digest}.json`), JSON.stringify(record));
    writeDurably(join(this.root, 'raw', rawDigest), record.digest);
  }
}

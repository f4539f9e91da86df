import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BundleStore } from '../../src/code/stage-code.ts';
import { sha256 } from '../../src/model/canonical.ts';
import type { BundleRecord } from '../../src/model/store.ts';

/** A store of bundles in memory; what is remembered of building them lies in a folder. */
export function bundleStore(): BundleStore {
  const blobs = new Map<string, Buffer>();
  const bundles = new Map<string, BundleRecord>();
  return {
    unwritable: undefined,
    cache: mkdtempSync(join(tmpdir(), 'code-')),
    artifacts: {
      read: (digest) => blobs.get(digest),
      add(bytes) {
        const digest = sha256(bytes);
        blobs.set(digest, Buffer.from(bytes));
        return digest;
      },
    },
    bundles: {
      read: (digest) => [...bundles.values()].find((record) => record.digest === digest),
      isWhole: (digest) =>
        [...bundles.values()].some((record) => record.digest === digest && [digest, record.map].every((blob) => blobs.has(blob))),
      ofSources: (raw) => bundles.get(raw),
      keep: (raw, record) => void bundles.set(raw, record),
    },
  };
}

import { chmodSync, linkSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Artifact } from '../../src/model/artifact.ts';
import type { Store } from '../../src/model/store.ts';
import { findChange, type Given } from '../../src/engine/workspace.ts';
import { openLocalStore } from '../../src/stores/local/store.ts';
import { emptyFolder, write } from '../folders.ts';

function placed(isFolder: boolean): { readonly store: Store; readonly path: string; readonly file: string; readonly given: Given } {
  const folder = emptyFolder();
  const opened = openLocalStore(join(folder, 'artifacts'));
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  const store = opened.value;
  write(folder, { 'out/a.txt': 'abc', 'one.txt': 'abc' });
  mkdirSync(join(folder, 'out/empty'));
  const made = store.artifacts.collect(join(folder, isFolder ? 'out' : 'one.txt'), isFolder ? 'dir' : 'file', '');
  const artifact: Artifact | undefined = made.ok ? made.value : undefined;
  if (artifact === undefined) throw new Error('not collected');
  const path = join(folder, 'in');
  store.artifacts.place(artifact, path);
  const given = { port: 'data', path, stamp: store.artifacts.stamp(path), content: { kind: artifact.kind, digest: artifact.digest } };
  return { store, path, file: isFolder ? join(path, 'a.txt') : path, given };
}

test.each([false, true])(
  'an input that only looks otherwise has not changed: another node was given a link to the same file (folder: %s)',
  (isFolder) => {
    const { store, file, given } = placed(isFolder);
    linkSync(file, `${emptyFolder()}/link`);
    utimesSync(file, 1, 1);
    expect(store.artifacts.stamp(given.path)).not.toBe(given.stamp);
    expect(findChange([given], 'b', store)).toMatchObject({ ok: true });
  },
);

test.each([
  ['other bytes', false, (file: string) => writeFileSync(file, 'abd')],
  ['other bytes in a folder', true, (file: string) => writeFileSync(file, 'abd')],
  ['a new file', true, (file: string) => writeFileSync(`${file}.more`, '')],
  ['a new folder', true, (file: string) => mkdirSync(`${file}.more`)],
  ['the executable bit', false, (file: string) => chmodSync(file, 0o755)],
])('an input that holds %s has changed', (_, isFolder, change) => {
  const { store, file, given } = placed(isFolder);
  chmodSync(file, 0o644);
  change(file);
  const found = findChange([given], 'b', store);
  expect(found).toMatchObject({ ok: false, problems: [{ code: 'input-changed', message: 'b wrote into its input "data"' }] });
});

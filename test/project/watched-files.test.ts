import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { WatchedFiles } from '../../src/project/watched-files.ts';
import { emptyFolder, write } from '../rig.ts';

/** A folder with two files, of which all but the store is watched. */
function watched(): { readonly folder: string; next(change: () => void): Promise<readonly string[]> } {
  const folder = emptyFolder();
  write(folder, { 'stages/a/run.ts': '1', 'x.yaml': 'a', 'artifacts/index': '' });
  const files = new WatchedFiles(join(folder, 'artifacts'));
  files.watch([join(folder, 'x.yaml'), join(folder, 'stages'), join(folder, 'artifacts'), join(folder, 'later')]);
  return {
    folder,
    async next(change) {
      const found = files.next(new AbortController().signal);
      change();
      return (await found).map((path) => path.slice(folder.length + 1)).sort();
    },
  };
}

test('what is written, replaced by a rename, made or removed is a change; what editors put beside it is none', async () => {
  const { folder, next } = watched();
  const at = (path: string): string => join(folder, path);
  expect(await next(() => writeFileSync(at('x.yaml'), 'bb'))).toEqual(['x.yaml']);
  const renamed = (): void => {
    writeFileSync(at('stages/a/.run.ts.swp'), '');
    writeFileSync(at('stages/a/run.ts~'), '');
    writeFileSync(at('new'), '2');
    renameSync(at('new'), at('stages/a/run.ts'));
  };
  expect(await next(renamed)).toEqual(['stages/a/run.ts']);
  expect(await next(() => writeFileSync(at('later'), ''))).toEqual(['later']);
  expect(await next(() => rmSync(at('later')))).toEqual(['later']);
  expect(await next(() => mkdirSync(at('stages/b')))).toEqual(['stages/b']);
  const inStore = (): void => {
    writeFileSync(at('artifacts/index'), 'more');
    rmSync(at('x.yaml'));
  };
  expect(await next(inStore)).toEqual(['x.yaml']);
});

test('a change since others were watched counts, and a signal ends the waiting', async () => {
  const folder = emptyFolder();
  write(folder, { 'a/one': '', b: '' });
  const files = new WatchedFiles(join(folder, 'artifacts'));
  files.watch([join(folder, 'a')]);
  write(folder, { 'a/two': '', b: 'changed before it was watched' });
  files.watch([join(folder, 'a'), join(folder, 'b')]);
  expect(await files.next(new AbortController().signal)).toEqual([join(folder, 'a/two')]);
  expect(await files.next(AbortSignal.timeout(50))).toEqual([]);
  // What was seen when the signal came is told the next time.
  write(folder, { b: 'again' });
  const asked = new AbortController();
  const first = files.next(asked.signal);
  asked.abort();
  expect(await first).toEqual([]);
  expect(await files.next(new AbortController().signal)).toEqual([join(folder, 'b')]);
});

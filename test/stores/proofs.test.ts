import { chmodSync, linkSync, lstatSync, rmSync, utimesSync, writeFileSync, type BigIntStats } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { tellsOfChanges } from '../../src/files/change-times.ts';
import { Proofs } from '../../src/stores/local/proofs.ts';
import { StampBook } from '../../src/stores/local/stamps.ts';
import { emptyFolder } from '../folders.ts';

vi.mock('../../src/files/change-times.ts', { spy: true });

let path: string;
let proofs: Proofs;
const stats = (): BigIntStats => lstatSync(path, { bigint: true });
const pause = (): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);

/** Whether the bytes are known to be right: to any process, to this one, and within minutes. */
const known = (): boolean[] => [proofs.isNoted('a', stats()), proofs.isProven('a', stats()), proofs.isJustProven('a', stats())];
const rename = (work: () => void): void => proofs.whileRenaming('a', path, work);

beforeEach(() => {
  const folder = emptyFolder();
  path = join(folder, 'blob');
  writeFileSync(path, 'a poem');
  proofs = new Proofs(new StampBook(join(folder, 'stamps')));
  vi.mocked(tellsOfChanges).mockReturnValue(true);
  pause();
});

test('what was hashed is known as long as the file stands as it did, minutes long as just hashed', () => {
  expect(known()).toEqual([false, false, false]);
  proofs.note('a', stats());
  expect(known()).toEqual([true, true, true]);
  const [now] = process.hrtime();
  const clock = vi.spyOn(process, 'hrtime').mockReturnValue([now + 11 * 60, 0]);
  expect(known()).toEqual([true, true, false]);
  clock.mockRestore();
  writeFileSync(path, 'a song');
  expect(known()).toEqual([false, false, false]);
});

test('it is known while the file is given further names, and these are taken away', () => {
  proofs.note('a', stats());
  rename(() => linkSync(path, `${path}.link`));
  expect(known()).toEqual([true, true, true]);
  rename(() => rmSync(`${path}.link`));
  expect(known()).toEqual([true, true, true]);
  const [now] = process.hrtime();
  const clock = vi.spyOn(process, 'hrtime').mockReturnValue([now + 11 * 60, 0]);
  rename(() => chmodSync(path, 0o400));
  expect(known()).toEqual([true, true, false]);
  clock.mockRestore();
});

test.each<[string, () => void]>([
  ['the file is written', () => writeFileSync(path, 'a song')],
  ['its time of writing is another', () => utimesSync(path, 1, 1)],
  ['it is another file', () => void [rmSync(path), writeFileSync(path, 'a poem')]],
  ['it is on a disk that does not tell of changes', () => void vi.mocked(tellsOfChanges).mockReturnValue(false)],
])('it is not where meanwhile %s', (_, change) => {
  proofs.note('a', stats());
  rename(() => {
    linkSync(path, `${path}.link`);
    change();
  });
  expect(known()).toEqual([false, false, false]);
});

test('what was not known before is not known after', () => {
  rename(() => linkSync(path, `${path}.link`));
  expect(known()).toEqual([false, false, false]);
  proofs.note('a', stats());
  linkSync(path, `${path}.other`);
  rename(() => rmSync(`${path}.other`));
  expect(known()).toEqual([false, false, false]);
  expect(() => rename(() => rmSync(path))).not.toThrow();
});

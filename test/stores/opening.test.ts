import { statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { openLocalStore } from '../../src/stores/local/store.ts';
import { emptyFolder } from '../folders.ts';

vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  return { ...real, statfsSync: vi.fn(real.statfsSync) };
});

test('locks that a file system does not hold, or cannot be trusted with, refuse the store with a hint', () => {
  const real = statfsSync(emptyFolder());
  vi.mocked(statfsSync).mockReturnValueOnce({ ...real, type: 0x6969 } as ReturnType<typeof statfsSync>);
  const refused = openLocalStore(join(emptyFolder(), 'artifacts'));
  expect(refused.ok ? [] : refused.problems).toMatchObject([
    { kind: 'store', code: 'store-without-locks', message: expect.stringContaining('NFS'), hint: expect.stringContaining('--store') },
  ]);
});

test('locks are of no use in a place that cannot be written: the store is refused with a hint', () => {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'artifacts'), 'a file');
  const refused = openLocalStore(join(folder, 'artifacts/store'));
  expect(refused.ok ? [] : refused.problems).toMatchObject([{ code: 'store-unwritable', hint: expect.stringContaining('--store') }]);
});

import { linkSync, readdirSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { openLocalStore } from '../../src/stores/local/store.ts';
import { emptyFolder } from '../folders.ts';

vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  return { ...real, statfsSync: vi.fn(real.statfsSync), linkSync: vi.fn(real.linkSync) };
});

test('on a file system that other machines may share, the users of a store are kept apart by leases, and from then on everywhere', () => {
  const root = join(emptyFolder(), 'artifacts');
  const real = statfsSync(emptyFolder());
  vi.mocked(statfsSync).mockReturnValueOnce({ ...real, type: 0x6969 } as ReturnType<typeof statfsSync>);
  const opened = openLocalStore(root);
  expect(opened.ok).toBe(true);
  const leases = (): string[] => readdirSync(join(root, 'locks', 'leases')).filter((name) => name.startsWith('shared-'));
  expect(leases()).toHaveLength(1);
  expect(openLocalStore(root).ok).toBe(true);
  expect(leases()).toHaveLength(2);
});

test('a file system without locks and without hard links is refused with a hint', () => {
  const real = statfsSync(emptyFolder());
  vi.mocked(statfsSync).mockReturnValueOnce({ ...real, type: 0x517b } as ReturnType<typeof statfsSync>);
  vi.mocked(linkSync).mockImplementationOnce(() => {
    throw Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM' });
  });
  const refused = openLocalStore(join(emptyFolder(), 'artifacts'));
  expect(refused.ok ? [] : refused.problems).toMatchObject([
    {
      kind: 'store',
      code: 'store-without-locks',
      message: expect.stringContaining('hard links'),
      hint: expect.stringContaining('--store'),
    },
  ]);
});

test('locks are of no use in a place that cannot be written: the store is refused with a hint', () => {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'artifacts'), 'a file');
  const refused = openLocalStore(join(folder, 'artifacts/store'));
  expect(refused.ok ? [] : refused.problems).toMatchObject([{ code: 'store-unwritable', hint: expect.stringContaining('--store') }]);
});

import { getSystemErrorName } from 'node:util';
import { expect, test } from 'vitest';
import { ifThere, isStale } from '../../src/files/if-there.ts';

/** An error as Node makes one of the system's number. */
function refused(errno: number): Error {
  return Object.assign(new Error('refused'), { errno, code: getSystemErrorName(errno) });
}

const [STALE, MISSING, FORBIDDEN] = [-116, -2, -13].map(refused) as [Error, Error, Error];

test('what another machine removed is gone, although Node has no name for that error', () => {
  expect([STALE, MISSING, FORBIDDEN].map(isStale)).toEqual([true, false, false]);
  for (const error of [STALE, MISSING])
    expect(
      ifThere(() => {
        throw error;
      }),
    ).toBeUndefined();
  expect(() =>
    ifThere(() => {
      throw FORBIDDEN;
    }),
  ).toThrow('refused');
});

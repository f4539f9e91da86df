import { expect, test } from 'vitest';
import { newRunId } from '../../src/project/run-id.ts';

const DAY = 24 * 60 * 60 * 1000;
const NOON = Date.UTC(2026, 5, 1, 12);

test('is the time, in an order that texts have', () => {
  expect(newRunId(undefined, NOON)).toMatch(/^20260601T120000-00[0-9a-f]{4}$/);
  expect(newRunId(undefined, NOON + 999)).toMatch(/^20260601T120000-ff/);
});

test('is later than all before it, however the clock jumps', () => {
  const ids: string[] = [];
  for (const days of [0, 0, 400, 400, -400, 0, 1, -400, 401]) ids.push(newRunId(ids.at(-1), NOON + days * DAY));
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids.map((id) => id.slice(0, 18))).size).toBe(ids.length);
  expect(ids.at(-1)).toMatch(/^20270707T120000-00/);
});

test('goes on over the end of a second, and after an id of another form', () => {
  expect(newRunId('20260601T120000-ff1234', NOON)).toMatch(/^20260601T120001-00/);
  expect(newRunId('my-run', NOON)).toMatch(/^20260601T120000-00/);
});

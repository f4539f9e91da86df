import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FailedMachines } from '../../../src/executors/slurm/failed-machines.ts';

const HOUR = 3_600_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ['hrtime'] }));
afterEach(() => void vi.useRealTimers());

test('a machine that failed comes back after an hour, and later each time', () => {
  const failed = new FailedMachines();
  failed.note(['n1', '']);
  expect(failed.excluded()).toEqual(['n1']);
  vi.advanceTimersByTime(HOUR + 1);
  expect(failed.excluded()).toEqual([]);
  failed.note(['n1', 'n2']);
  vi.advanceTimersByTime(HOUR + 1);
  expect(failed.excluded()).toEqual(['n1']);
});

test('no more are named than a command bears, and those that failed last', () => {
  const failed = new FailedMachines();
  failed.note(Array.from({ length: 500 }, (_, index) => `n${index}`));
  failed.note(['n3']);
  expect(failed.excluded()).toHaveLength(100);
  expect(failed.excluded().slice(-2)).toEqual(['n499', 'n3']);
});

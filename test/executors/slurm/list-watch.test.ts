import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { addEntry, doneWith, makeWorklist, takeEntry } from '../../../src/executors/cluster/worklist.ts';
import { ListWatch } from '../../../src/executors/slurm/list-watch.ts';
import { emptyFolder } from '../../folders.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['hrtime', 'setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

test('who waits for one on a list is told when it is taken and when it is done with, and others are not', () => {
  const list = emptyFolder();
  makeWorklist(list);
  addEntry(list, 'a', { folder: '/a', lock: '' });
  const watch = new ListWatch(list);
  const told: string[] = [];
  const ends = ['a', 'b'].map((name) => watch.onNews(name, () => void told.push(name)));
  vi.advanceTimersByTime(600);
  expect([watch.first, told]).toEqual(['a', []]);
  const taken = takeEntry(list);
  addEntry(list, 'b', { folder: '/b', lock: '' });
  vi.advanceTimersByTime(600);
  expect([watch.first, told]).toEqual(['b', ['a', 'b']]);
  if (typeof taken === 'object') doneWith(list, taken);
  vi.advanceTimersByTime(600);
  expect(told).toEqual(['a', 'b', 'a']);
  for (const end of ends) end();
  vi.advanceTimersByTime(600);
  expect(vi.getTimerCount()).toBe(0);
});

import { describe, expect, test } from 'vitest';
import { findRun } from '../../src/records/find.ts';
import { findSweep, newestSweeps, sweepSaid } from '../../src/records/find-sweep.ts';
import { rowsWithSweeps } from '../../src/records/rows.ts';
import { recordOf, storeOf } from './memory.ts';

const header = (started?: string) => ({ type: 'sweep', format: 2, window: 1, asked: {}, ...(started === undefined ? {} : { started }) });
const ended = (trial: number, run: string) => ({ type: 'end', trial, rung: 0, state: 'done', runs: [{ run }] });

const journals: Readonly<Record<string, readonly object[]>> = {
  // As a former Stillroom wrote it.
  'ablation-0011223344': [header(), { type: 'start', request: { trial: 0, rung: 0 } }, ended(0, '20260105T000000-00aaaa')],
  'ablation-5566778899': [header('2026-01-03T00:00:00.000Z'), { type: 'closed', time: '2026-01-03T00:01:00.000Z', state: 'done' }],
  'lr-0011223344': [header('2026-01-04T00:00:00.000Z')],
};
const records = [recordOf('20260105T000000-00aaaa'), recordOf('20260104T000000-00bbbb', { sweep: { id: 'lr-0011223344', trial: 7 } })];
const store = {
  ...storeOf(records, { paper: 'ablation-5566778899' }),
  sweeps: {
    ids: () => Object.keys(journals),
    read: (id: string) => ({ lines: journals[id] ?? [], isLive: false, folder: '' }),
    open: () => ({ takenBy: undefined }),
  },
};

const found = (word: string): string => {
  const sweep = findSweep(store, word);
  return sweep.ok ? sweep.value : `${sweep.problems[0]?.code}: ${sweep.problems[0]?.hint}`;
};

test.each([
  ['its id', 'lr-0011223344', 'lr-0011223344'],
  ['the beginning of it', 'lr', 'lr-0011223344'],
  ['a tag', 'paper', 'ablation-5566778899'],
  ['the one at work last, which is told by its runs where its journal does not say when it began', '@latest-sweep', 'ablation-0011223344'],
  ['a beginning of several', 'ablation', 'ambiguous-sweep: write more of it: ablation-0011223344, ablation-5566778899'],
  ['a slip', 'papr', 'unknown-sweep: did you mean "paper"?; see all: stillroom sweeps'],
])('a sweep is found by %s: %s', (_, word, expected) => {
  expect(found(word)).toBe(expected);
});

describe('sweeps beside runs', () => {
  test('the newest stands first', () => {
    expect(newestSweeps(store)).toEqual(['ablation-0011223344', 'lr-0011223344', 'ablation-5566778899']);
  });

  test('a word says a sweep only as a whole: the beginning of an id may be that of a run', () => {
    expect([sweepSaid(store, 'lr'), sweepSaid(store, 'lr-0011223344'), sweepSaid(store, 'paper')]).toEqual([
      undefined,
      'lr-0011223344',
      'ablation-5566778899',
    ]);
  });

  test('a run is asked for, and a sweep is named: that is said', () => {
    for (const word of ['paper', 'lr-0011223344', '@latest-sweep']) {
      const run = findRun(store, word);
      expect(run.ok ? '' : run.problems[0]?.message).toContain('is a sweep, and one of its runs is needed');
    }
  });

  test('a run is known as one of a trial by its record, or by the journal of a former Stillroom', () => {
    const rows = [...rowsWithSweeps(store).rows()].map(({ run, sweep, trial }) => [run, sweep, trial]);
    expect(rows).toEqual([
      ['20260105T000000-00aaaa', 'ablation-0011223344', 0],
      ['20260104T000000-00bbbb', 'lr-0011223344', 7],
    ]);
  });
});

import { describe, expect, test } from 'vitest';
import { baselineOf } from '../../src/records/baseline.ts';
import { recordOf, storeOf } from './memory.ts';

const at = (value: number, more = {}) => ({ nodes: { fit: { outputs: { model: String(value).repeat(64) } } }, ...more });

describe('the run that a run is compared with', () => {
  const records = [
    recordOf('6', at(3)),
    recordOf('5', at(3)),
    recordOf('4', at(4, { state: 'failed' as const, hash: 'f' })),
    recordOf('3', at(5, { pipeline: 'other' })),
    recordOf('2', at(2)),
    recordOf('1', at(1)),
  ];
  const [newest, , , , old, oldest] = records;
  if (newest === undefined || old === undefined || oldest === undefined) throw new Error('there are no records');

  test('is the last one before it that was done, is of its pipeline and came out otherwise', () => {
    expect(baselineOf(storeOf(records), newest)).toBe('2');
    expect(baselineOf(storeOf(records), old)).toBe('1');
    expect(baselineOf(storeOf(records), oldest)).toBeUndefined();
  });

  test('is the one that is tagged baseline, unless that is the run itself or of another pipeline', () => {
    expect(baselineOf(storeOf(records, { baseline: '1' }), newest)).toBe('1');
    expect(baselineOf(storeOf(records, { baseline: '6' }), newest)).toBe('2');
    expect(baselineOf(storeOf(records, { baseline: '3' }), newest)).toBe('2');
    expect(baselineOf(storeOf(records, { baseline: 'gone' }), newest)).toBe('2');
  });
});

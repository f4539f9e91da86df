import { expect, test } from 'vitest';
import type { Schedule } from '../../src/nn/schedules/parts/schedule.ts';
import { learningRateAt } from '../../src/nn/schedules/parts/schedule.ts';
import constant from '../../src/nn/schedules/constant.ts';
import cosine from '../../src/nn/schedules/cosine.ts';
import cosinePerEpoch from '../../src/nn/schedules/cosine-per-epoch.ts';
import step from '../../src/nn/schedules/step.ts';
import { fixture } from './rig.ts';

const reference = fixture<Readonly<Record<string, readonly number[]>>>('schedules');

const cases: readonly (readonly [string, Schedule, number])[] = [
  ['constant', constant, 0],
  ['cosine', cosine, 0],
  ['cosine-per-epoch', cosinePerEpoch, 0],
  ['step', step({ every: 2, factor: 0.3 }), 0],
  ['warm-up and cosine', cosine, 0.1],
];

test.each(cases)('%s moves over 100 steps as torch has it', (name, schedule, warmUp) => {
  const rate = { highest: 0.3, schedule, warmUp };
  const rates = Array.from({ length: 100 }, (_, index) => learningRateAt(rate, { step: index, steps: 100, perEpoch: 20 }));
  rates.forEach((own, index) => {
    expect(own, `step ${index}`).toBeCloseTo(reference[name]?.[index] as number, 8);
  });
});

test('the warm-up rises evenly to the highest rate and leaves the rest to the schedule', () => {
  const at = (index: number): number =>
    learningRateAt({ highest: 1, schedule: cosine, warmUp: 0.03 }, { step: index, steps: 100, perEpoch: 10 });
  expect([0, 1, 2, 3].map(at)).toEqual([0.25, 0.5, 0.75, 1]);
  expect(at(99)).toBeCloseTo(0, 3);
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Folds } from 'stillroom/nn';
import { afterEach, beforeEach, expect, test } from 'vitest';
import run, { assign } from '../../stages/split-5fold/run.ts';
import stage from '../../stages/split-5fold/stage.ts';
import { perform, scratch } from './context.ts';
import { writeDataset } from './dataset.ts';

let room: ReturnType<typeof scratch>;
beforeEach(() => {
  room = scratch();
});
afterEach(() => room.remove());

/** How many images of each class (rows) each fold (columns) holds. */
function table(labels: readonly number[], assignment: readonly number[], classes: number, folds: number): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(folds).fill(0));
  labels.forEach((label, image) => {
    const row = counts[label] as number[];
    const fold = assignment[image] as number;
    row[fold] = (row[fold] as number) + 1;
  });
  return counts;
}

const spread = (numbers: readonly number[]): number => Math.max(...numbers) - Math.min(...numbers);

test('of each class and of all images, folds differ by at most one; the seed decides, and nothing else', () => {
  const labelled = fc.record({
    labels: fc.array(fc.nat({ max: 6 }), { minLength: 10, maxLength: 200 }),
    folds: fc.integer({ min: 2, max: 10 }),
    seed: fc.integer(),
  });
  fc.assert(
    fc.property(labelled, ({ labels, folds, seed }) => {
      const assignment = assign(labels, 7, folds, seed);
      const counts = table(labels, assignment, 7, folds);
      for (const row of counts) expect(spread(row)).toBeLessThanOrEqual(1);
      expect(spread(Array.from({ length: folds }, (_, fold) => assignment.filter((own) => own === fold).length))).toBeLessThanOrEqual(1);
      expect(assign(labels, 7, folds, seed)).toEqual(assignment);
    }),
  );
});

test('the class sizes of the folds are those of StratifiedKFold', () => {
  // scikit-learn 1.9: np.bincount of StratifiedKFold(5, shuffle=True)'s test folds for 7, 12 and 4 images of three classes
  const expected = [
    [2, 2, 1, 1, 1],
    [2, 2, 3, 3, 2],
    [1, 1, 1, 0, 1],
  ];
  const labels = [...new Array(7).fill(0), ...new Array(12).fill(1), ...new Array(4).fill(2)] as number[];
  expect(table(labels, assign(labels, 3, 5, 11), 3, 5).map((row) => [...row].sort())).toEqual(expected.map((row) => [...row].sort()));
});

test('another seed gives other folds', () => {
  const labels = Array.from({ length: 100 }, (_, image) => image % 4);
  expect(assign(labels, 4, 5, 1)).not.toEqual(assign(labels, 4, 5, 2));
});

test('the stage writes the folds and their sizes, and names small classes', async () => {
  const labels = [...new Array(20).fill(0), ...new Array(3).fill(1)] as number[];
  const data = writeDataset(join(room.folder, 'data'), { labels, classes: ['many', 'few'] });
  const { outputs, metrics, log } = await perform(stage, run, { params: { seed: 3 }, inputs: { data }, folder: room.folder });
  const folds = JSON.parse(readFileSync(outputs['folds'] as string, 'utf8')) as Folds;
  expect(folds).toMatchObject({ format: 1, folds: 5, seed: 3 });
  expect(folds.assignment).toHaveLength(23);
  expect(metrics).toEqual({ smallest: 4, largest: 5 });
  expect(log).toEqual(['class few has 3 images: 2 of the 5 folds hold none of it']);
});

test('fewer images than folds is refused', async () => {
  const data = writeDataset(join(room.folder, 'data'), { labels: [0, 1, 1] });
  await expect(perform(stage, run, { inputs: { data }, folder: room.folder })).rejects.toThrow('3 images cannot be split into 5 folds');
});

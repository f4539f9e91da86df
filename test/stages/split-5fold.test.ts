import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Folds } from 'stillroom/nn';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { classCounts, groupsOf, spreadGroups } from '../../stages/split-5fold/groups.ts';
import run, { assign, assignGroups } from '../../stages/split-5fold/run.ts';
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

/** Cases that fixtures/folds.py made. */
const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures/folds.json'), 'utf8')) as {
  readonly cases: readonly {
    readonly folds: number;
    readonly labels: number[];
    readonly groups: number[];
    readonly stratified: number[][];
    readonly grouped: number[][];
  }[];
};

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

test('the classes of the folds are those of scikit-learn’s StratifiedKFold', () => {
  for (const { labels, folds, stratified } of cases) {
    const classes = stratified.length;
    expect(table(labels, assign(labels, classes, folds, 11), classes, folds)).toEqual(stratified);
  }
});

test('another seed gives other folds', () => {
  const labels = Array.from({ length: 100 }, (_, image) => image % 4);
  expect(assign(labels, 4, 5, 1)).not.toEqual(assign(labels, 4, 5, 2));
});

test('the stage writes the folds and their sizes, and names small classes', async () => {
  const labels = [...new Array(20).fill(0), ...new Array(3).fill(1)] as number[];
  const data = writeDataset(join(room.folder, 'data'), { labels, classes: ['many', 'few'] });
  const { outputs, metrics, warnings } = await perform(stage, run, { params: { seed: 3 }, inputs: { data }, folder: room.folder });
  const folds = JSON.parse(readFileSync(outputs['folds'] as string, 'utf8')) as Folds;
  expect(folds).toMatchObject({ format: 1, folds: 5, seed: 3 });
  expect(folds.assignment).toHaveLength(23);
  expect(metrics).toEqual({ smallest: 4, largest: 5 });
  expect(warnings).toEqual([expect.stringMatching(/^fewer images than the 5 folds: few \(3\); some folds hold none/)]);
});

test('fewer images than folds is refused', async () => {
  const data = writeDataset(join(room.folder, 'data'), { labels: [0, 1, 1] });
  await expect(perform(stage, run, { inputs: { data }, folder: room.folder })).rejects.toThrow('3 images cannot be split into 5 folds');
});

describe('groups', () => {
  /** The mean over the classes of how far the folds' shares of a class deviate: what the greedy choice makes small. */
  function unevenness(counts: number[][]): number {
    const deviations = counts.map((row) => {
      const shares = row.map((count) => count / row.reduce((a, b) => a + b, 0));
      return Math.sqrt(shares.reduce((sum, share) => sum + (share - 1 / row.length) ** 2, 0) / row.length);
    });
    return deviations.reduce((a, b) => a + b, 0) / deviations.length;
  }

  test('go to folds as scikit-learn’s StratifiedGroupKFold forms them, and as even where rounding decides its ties', () => {
    const foldsOf = (counts: number[][]): string[] => counts[0]?.map((_, fold) => counts.map((row) => row[fold]).join(' ')).sort() ?? [];
    const same = cases.filter(({ labels, groups, folds, grouped }) => {
      const foldOf = spreadGroups(classCounts(labels, groups, grouped.length), folds);
      const counts = table(
        labels,
        groups.map((group) => foldOf[group] as number),
        grouped.length,
        folds,
      );
      expect(unevenness(counts)).toBeLessThan(1.001 * unevenness(grouped));
      return foldsOf(counts).join() === foldsOf(grouped).join();
    });
    expect(same.length).toBeGreaterThanOrEqual(4);
  });

  test('shuffled by a seed they are as even as scikit-learn’s, and another seed gives other folds', () => {
    for (const { labels, groups, folds, grouped } of cases) {
      const splits = [1, 2, 3, 4].map((seed) => assignGroups(labels, groups, grouped.length, folds, seed));
      const mean = splits.reduce((sum, split) => sum + unevenness(table(labels, split, grouped.length, folds)), 0) / splits.length;
      expect(mean).toBeLessThan(1.25 * unevenness(grouped));
      expect(assignGroups(labels, groups, grouped.length, folds, 1)).toEqual(splits[0]);
      expect(new Set(splits.map((split) => split.join(' '))).size).toBeGreaterThan(1);
    }
  });

  test('are never parted, and no fold is empty', () => {
    const grouped = fc.record({
      images: fc.array(fc.record({ label: fc.nat({ max: 4 }), group: fc.nat({ max: 12 }) }), { minLength: 20, maxLength: 150 }),
      folds: fc.integer({ min: 2, max: 6 }),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(grouped, ({ images, folds, seed }) => {
        const groups = groupsOf(
          images.map(({ group }) => `person-${group}/photograph`),
          '-([0-9]+)/',
        );
        const kinds = new Set(groups).size;
        fc.pre(kinds >= folds);
        const assignment = assignGroups(
          images.map(({ label }) => label),
          groups,
          5,
          folds,
          seed,
        );
        const foldsOfGroup = Array.from({ length: kinds }, () => new Set<number>());
        groups.forEach((group, image) => void foldsOfGroup[group]?.add(assignment[image] as number));
        expect(foldsOfGroup.map(({ size }) => size)).toEqual(new Array(kinds).fill(1));
        expect(new Set(assignment).size).toBe(folds);
      }),
    );
  });

  test('are what the expression’s first group finds in the names', () => {
    expect(groupsOf(['a/anna_1.jpg', 'b/ben_1.jpg', 'b/anna_2.jpg'], '/([^_]+)_')).toEqual([0, 1, 0]);
    expect(groupsOf(['x1', 'y1'], '(?<person>.)1')).toEqual([0, 1]);
    expect(() => groupsOf(['x'], 'x')).toThrow('the expression x has no group');
    expect(() => groupsOf(['x'], '(x')).toThrow('`group` is no regular expression: Invalid regular expression');
    const names = Array.from({ length: 8 }, (_, index) => `image${index}`);
    expect(() => groupsOf([...names, 'person1'], '^(person)')).toThrow(
      'finds no group in 8 of 9 names: image0, image1, image2, image3, image4, … (3 more)',
    );
    expect(() => groupsOf(['ab', 'b'], '^(a)?b')).toThrow('finds no group in 1 of 2 names: b');
  });

  test('come from the names of the stage’s dataset', async () => {
    const labels = Array.from({ length: 24 }, (_, image) => (image < 20 ? 0 : 1));
    const data = writeDataset(join(room.folder, 'data'), { labels, classes: ['many', 'few'] });
    const group = '^image/([0-9]*)[0-9]$';
    const { outputs, log, warnings } = await perform(stage, run, { params: { group, folds: 3 }, inputs: { data }, folder: room.folder });
    const { assignment } = JSON.parse(readFileSync(outputs['folds'] as string, 'utf8')) as Folds;
    for (const tens of [assignment.slice(0, 10), assignment.slice(10, 20), assignment.slice(20)]) expect(new Set(tens).size).toBe(1);
    expect(log).toEqual([`3 groups, found in the names by ${group}`]);
    expect(warnings).toEqual([expect.stringMatching(/^fewer groups than the 3 folds: many \(2\), few \(1\); some folds/)]);
    const split = (params: { group: string; folds?: number }): Promise<unknown> =>
      perform(stage, run, { params, inputs: { data }, folder: room.folder });
    await expect(split({ group })).rejects.toThrow('3 groups cannot be split into 5 folds');
    await expect(split({ group: '^photograph/(.)' })).rejects.toThrow('finds no group in 24 of 24 names: image/0, image/1');
    await expect(split({ group: '([' })).rejects.toThrow('`group` is no regular expression');
  });
});

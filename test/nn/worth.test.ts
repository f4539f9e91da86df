import { expect, test } from 'vitest';
import type { ConfusionCounts } from '../../src/nn/reports/classification.ts';
import { describeWorth, doubtOf, worthOf } from '../../src/nn/reports/worth.ts';

const answers = { who: 'the model', images: '10 held-out images', classes: ['cat', 'dog', 'owl'] };
const doubt = (confusion: ConfusionCounts): string | undefined => doubtOf(worthOf(confusion), answers);

test('what answers are worth is told beside the most frequent class for every image', () => {
  const worth = worthOf([
    [5, 1, 0],
    [1, 2, 0],
    [0, 1, 0],
  ]);
  expect(worth).toEqual({ accuracy: 0.7, majority: { label: 0, share: 0.6 }, neverGiven: [2] });
  expect(describeWorth(worth, answers)).toBe(
    'the model is right on 0.7000 of the 10 held-out images; always "cat" is on 0.6000; never given: owl',
  );
});

test('answers that are no better are doubted, by the name of the class; better ones are not', () => {
  const collapsed = doubt([
    [6, 0, 0],
    [3, 0, 0],
    [1, 0, 0],
  ]);
  expect(collapsed).toMatch(
    /^the model is right on 0\.6000 of the 10 held-out images, where "cat" for every image is on 0\.6000, and never gives "dog", "owl": train for longer/,
  );
  const worse = doubt([
    [2, 2, 2],
    [0, 2, 1],
    [0, 0, 1],
  ]);
  expect(worse).toMatch(/^the model is right on 0\.5000 .* is on 0\.6000: /);
  const better = [
    [5, 1, 0],
    [1, 1, 1],
    [0, 0, 1],
  ];
  expect(doubt(better)).toBeUndefined();
});

test('a class that has images and is never given is doubted; one without images is not', () => {
  const without = [
    [5, 1, 0],
    [1, 3, 0],
    [0, 0, 0],
  ];
  expect(doubt(without)).toBeUndefined();
  const never = [
    [5, 0, 0],
    [1, 3, 0],
    [0, 1, 0],
  ];
  expect(doubt(never)).toMatch(/^the model never gives "owl", of which there are some among the 10 held-out images: /);
});

test('of many classes five are named, and one class or no image is no question', () => {
  const confusion = Array.from({ length: 9 }, (_, label) => Array.from({ length: 9 }, (_, given) => (given === 0 && label < 8 ? 1 : 0)));
  const classes = Array.from({ length: 9 }, (_, label) => `c${label}`);
  expect(doubtOf(worthOf(confusion), { ...answers, classes })).toContain('never gives "c1", "c2", "c3", "c4", "c5" and 2 more');
  expect(doubtOf(worthOf([[4]]), { ...answers, classes: ['all'] })).toBeUndefined();
  expect(
    doubtOf(
      worthOf([
        [0, 0],
        [0, 0],
      ]),
      { ...answers, classes: ['a', 'b'] },
    ),
  ).toBeUndefined();
});

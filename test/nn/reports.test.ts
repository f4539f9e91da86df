import { describe, expect, test } from 'vitest';
import type { Images } from '../../src/nn/data/dataset.ts';
import { countAxis, valueAxis } from '../../src/nn/reports/axis.ts';
import { confusionOf, macroF1, scoresByClass } from '../../src/nn/reports/classification.ts';
import { curvesSvg } from '../../src/nn/reports/curves.ts';
import { classesCsv, confusionCsv } from '../../src/nn/reports/tables.ts';
import type { EpochRecord } from '../../src/nn/training/checkpoint.ts';
import { scoresOf, topK } from '../../src/nn/training/evaluate.ts';
import { fixture } from './rig.ts';

interface Scores {
  readonly classes: number;
  readonly truth: readonly number[];
  readonly logits: readonly (readonly number[])[];
  readonly predicted: readonly number[];
  readonly confusion: readonly (readonly number[])[];
  readonly images: readonly number[];
  readonly precision: readonly number[];
  readonly recall: readonly number[];
  readonly f1: readonly number[];
  readonly macro_f1: number;
  readonly top5: number;
}

/** Images of which only the classes count. */
function labelled(labels: readonly number[], classes: number): Images {
  const names = Array.from({ length: classes }, (_, label) => `class ${label}`);
  const info = { format: 1, count: labels.length, height: 1, width: 1, channels: 1, classes: names, mean: [0], std: [1] } as const;
  return { info, labels: Uint16Array.from(labels), read: () => undefined };
}

const places = (values: readonly unknown[]): number[] => values.map((_, place) => place);

describe('scores', () => {
  const reference = fixture<Scores>('scores');

  test("are scikit-learn's, for classes too that are never true, never given, or neither", () => {
    const confusion = confusionOf(reference.truth, reference.predicted, reference.classes);
    expect(confusion).toEqual(reference.confusion);
    const classes = scoresByClass(confusion);
    for (const key of ['images', 'precision', 'recall', 'f1'] as const) {
      classes.forEach((own, label) => expect(own[key]).toBeCloseTo(reference[key][label] as number, 12));
    }
    expect(macroF1(confusion)).toBeCloseTo(reference.macro_f1, 12);
    const rows = Float32Array.from(reference.logits.flat());
    const scores = scoresOf(rows, labelled(reference.truth, reference.classes), places(reference.truth));
    expect(scores.predicted).toEqual(reference.predicted);
    expect(scores.top5).toBeCloseTo(reference.top5, 12);
    expect(scores.macroF1).toBeCloseTo(reference.macro_f1, 12);
  });

  test('give ties to the first class, count no answer that is not a number, and take all classes where there are fewer than five', () => {
    const rows = Float32Array.of(1, 1, 0, 1, 1, 0, Number.NaN, Number.NaN, Number.NaN);
    const images = labelled([0, 1, 0], 3);
    expect(topK(rows, images, [0, 1, 2], 1)).toBeCloseTo(1 / 3, 12);
    expect(topK(rows, images, [0, 1, 2], 2)).toBeCloseTo(2 / 3, 12);
    expect(topK(rows, images, [0, 1], 5)).toBe(1);
  });
});

describe('tables', () => {
  const confusion = [
    [3, 1],
    [0, 0],
  ];

  test('quote what CSV asks to be quoted', () => {
    const three = [[3, 1, 0], ...[1, 2].map(() => [0, 0, 0])];
    expect(confusionCsv(three, ['bags, old', '5" nails', 'line\nbreak'])).toBe(
      'true \\ predicted,"bags, old","5"" nails","line\nbreak"\n"bags, old",3,1,0\n"5"" nails",0,0,0\n"line\nbreak",0,0,0\n',
    );
  });

  test('hold the scores of each class', () => {
    expect(classesCsv(confusion, ['a', 'b'])).toBe(
      'class,images,precision,recall,f1\na,4,1.000000,0.750000,0.857143\nb,0,0.000000,0.000000,0.000000\n',
    );
  });
});

describe('axes', () => {
  const labels = ({ marks }: ReturnType<typeof valueAxis>): string[] => marks.map(({ label }) => label);

  test.each([
    [
      [0.512, 1.9],
      ['0.5', '1.0', '1.5', '2.0'],
    ],
    [
      [0, 0.008],
      ['0', '0.002', '0.004', '0.006', '0.008'],
    ],
    [
      [0, 0.000029],
      ['0', '1e-5', '2e-5', '3e-5'],
    ],
    [
      [1, 1],
      ['0.9', '1.0'],
    ],
    [
      [0, 0],
      ['0', '0.2'],
    ],
    [
      [-0.3, 0.4],
      ['-0.4', '-0.2', '0', '0.2', '0.4'],
    ],
  ])('of the values %j have the marks %j', (values, expected) => {
    const axis = valueAxis(values, 5);
    expect(labels(axis)).toEqual(expected);
    expect(axis.from).toBeLessThanOrEqual(Math.min(...values));
    expect(axis.to).toBeGreaterThanOrEqual(Math.max(...values));
  });

  test.each([
    [1, ['1']],
    [4, ['1', '2', '3', '4']],
    [12, ['1', '2', '4', '6', '8', '10', '12']],
    [137, ['1', '20', '40', '60', '80', '100', '120']],
  ])('of %i epochs have the marks %j', (last, expected) => {
    expect(labels(countAxis(last, 8))).toEqual(expected);
  });
});

describe('learning curves', () => {
  const history = (count: number, held: boolean): EpochRecord[] =>
    Array.from({ length: count }, (_, index) => ({
      epoch: index + 1,
      loss: 2 / (index + 1),
      learning_rate: 0.01 / (index + 1),
      top1: held ? 0.5 + index / 100 : null,
      top5: held ? 0.9 + index / 100 : null,
      macro_f1: held ? 0.4 + index / 100 : null,
    }));
  const titles = (svg: string): string[] =>
    ['Training loss', 'Held-out top-1 and macro-F1', 'Held-out top-5', 'Learning rate'].filter((title) => svg.includes(`>${title}<`));

  test('show what was measured: a point for each epoch, and the numbers of the kept one', () => {
    const svg = curvesSvg({ title: 'All <&"> here', history: history(6, true), kept: 5 });
    expect(titles(svg)).toHaveLength(4);
    expect(svg.match(/<polyline/g)).toHaveLength(5);
    expect(svg.match(/<circle/g)).toHaveLength(30);
    for (const value of ['top-1: 0.54', 'macro-F1: 0.44', 'top-5: 0.94', 'mean of the epoch: 0.4', 'last step of the epoch: 0.002'])
      expect(svg).toContain(`>${value}<`);
    expect(svg).toContain('>All &lt;&amp;&quot;&gt; here<');
    expect(curvesSvg({ title: 'All <&"> here', history: history(6, true), kept: 5 })).toBe(svg);
  });

  test('show loss and learning rate alone where nothing is held out', () => {
    const svg = curvesSvg({ title: 'All images', history: history(3, false), kept: undefined });
    expect(titles(svg)).toEqual(['Training loss', 'Learning rate']);
  });

  test('lie within the picture and hold no script, for one epoch as for many', () => {
    for (const count of [1, 2, 41, 300]) {
      const svg = curvesSvg({ title: 'x', history: history(count, true), kept: count });
      expect(svg).not.toMatch(/script|NaN|Infinity|undefined|href/);
      const points = [...svg.matchAll(/points="([^"]*)"/g)].flatMap(([, own = '']) =>
        own.split(' ').map((pair) => pair.split(',').map(Number)),
      );
      expect(points).toHaveLength(5 * count);
      for (const [x = -1, y = -1] of points) expect(x >= 62 && x <= 378 && y >= 52 && y <= 216, `${count}: ${x},${y}`).toBe(true);
    }
  });
});

import { describe, expect, test } from 'vitest';
import type { Images } from '../../src/nn/data/dataset.ts';
import { balancedAccuracy, confusionOf, macroF1, scoresByClass } from '../../src/nn/reports/classification.ts';
import { classesCsv, confusionCsv } from '../../src/nn/reports/tables.ts';
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
    const recalls = reference.recall.filter((_, label) => (reference.images[label] as number) > 0);
    expect(balancedAccuracy(confusion)).toBeCloseTo(recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length, 12);
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
      'true \\ predicted,"bags, old","5"" nails","line\nbreak"\r\n"bags, old",3,1,0\r\n"5"" nails",0,0,0\r\n"line\nbreak",0,0,0\r\n',
    );
  });

  test('hold the scores of each class', () => {
    expect(classesCsv(confusion, ['a', 'b'])).toBe(
      'class,images,precision,recall,f1\r\na,4,1.000000,0.750000,0.857143\r\nb,0,0.000000,0.000000,0.000000\r\n',
    );
  });
});

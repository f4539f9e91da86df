import { describe, expect, test } from 'vitest';
import type { Curve, ReportRun } from '../../src/model/report.ts';
import { learningCurves } from '../../src/reporters/report/pictures.ts';
import { metricOf, reportedRun } from './reported.ts';

function runOf(curves: readonly Curve[], kept?: number): ReportRun {
  return reportedRun({ metrics: kept === undefined ? [] : [metricOf('student.best_epoch', kept, { goal: null })], curves });
}

/** What a training of so many epochs reports, with a fold held out or without. */
function training(count: number, isHeldOut: boolean): Curve[] {
  const curve = (metric: string, value: (epoch: number) => number): Curve => ({
    node: 'student',
    metric,
    points: Array.from({ length: count }, (_, index) => [index + 1, value(index + 1)] as const),
  });
  const always = [curve('loss', (epoch) => 2 / epoch), curve('learning_rate', (epoch) => 0.01 / epoch)];
  const scores = [
    curve('top1', (epoch) => 0.49 + epoch / 100),
    curve('top5', (epoch) => 0.89 + epoch / 100),
    curve('macro_f1', (epoch) => 0.39 + epoch / 100),
    curve('balanced_accuracy', (epoch) => 0.29 + epoch / 100),
    curve('held_out_loss', (epoch) => 3 / epoch),
  ];
  return isHeldOut ? [...always, ...scores] : always;
}

const svgOf = (curves: readonly Curve[], kept?: number): string => learningCurves(runOf(curves, kept))[0]?.svg ?? '';

describe('learning curves', () => {
  const titles = (svg: string): string[] =>
    [
      'Training loss',
      'Held-out top-1 and macro-F1',
      'Held-out balanced accuracy',
      'Held-out loss',
      'Held-out top-5',
      'Learning rate',
    ].filter((title) => svg.includes(`>${title}<`));

  test('show what was measured: a point for each epoch, and the numbers of the kept one', () => {
    const svg = svgOf(training(6, true), 5);
    expect(titles(svg)).toHaveLength(6);
    expect(svg.match(/<polyline/g)).toHaveLength(7);
    expect(svg.match(/<circle/g)).toHaveLength(42);
    for (const value of [
      'top-1: 0.54',
      'macro-F1: 0.44',
      'top-5: 0.94',
      'mean of the classes: 0.34',
      'cross-entropy: 0.6',
      'mean of the epoch: 0.4',
      'last step of the epoch: 0.002',
    ])
      expect(svg).toContain(`>${value}<`);
    expect(svgOf(training(6, true), 5)).toBe(svg);
  });

  test('show loss and learning rate alone where nothing is held out', () => {
    expect(titles(svgOf(training(3, false)))).toEqual(['Training loss', 'Learning rate']);
  });

  test('show the metrics of any other node, a panel each, and one picture a node', () => {
    const other = {
      node: 'fit',
      metric: 'energy <b>',
      points: [
        [1, 3],
        [2, 2],
      ] as const,
    };
    const found = learningCurves(runOf([...training(2, false), other]));
    expect(found.map(({ node }) => node)).toEqual(['student', 'fit']);
    expect(found[1]?.svg).toContain('>energy &lt;b&gt;<');
  });

  test('begin where the steps do', () => {
    for (const steps of [
      [0, 1, 2],
      [0, 0],
      [-1, 0.5],
      [100, 200],
    ]) {
      const points = steps.map((step) => [step, 1] as const);
      const [x = -1] = [...svgOf([{ node: 'fit', metric: 'energy', points }]).matchAll(/points="([\d.]+),/g)].map(([, own]) => Number(own));
      expect(x >= 62 && x <= 378, `${steps}: ${x}`).toBe(true);
    }
  });

  test('lie within the picture and hold no script, for one epoch as for many', () => {
    for (const count of [1, 2, 41, 300]) {
      const svg = svgOf(training(count, true), count);
      expect(svg).not.toMatch(/script|NaN|Infinity|undefined|href/);
      const points = [...svg.matchAll(/points="([^"]*)"/g)].flatMap(([, own = '']) =>
        own.split(' ').map((pair) => pair.split(',').map(Number)),
      );
      expect(points).toHaveLength(7 * count);
      for (const [x = -1, y = -1] of points) expect(x >= 62 && x <= 378 && y >= 52 && y <= 216, `${count}: ${x},${y}`).toBe(true);
    }
  });
});

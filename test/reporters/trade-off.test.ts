import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ReportRun } from '../../src/model/report.ts';
import { type Box, placeLabels } from '../../src/reporters/report/labels.ts';
import { tradeOff, tradeOffRows } from '../../src/reporters/report/trade-off.ts';
import { tradeOffPicture } from '../../src/reporters/report/trade-off-picture.ts';
import { metricOf, reportedRun } from './reported.ts';

const metric = metricOf;

/** A run of a model with a speed and an accuracy. */
function run(model: string, fps: number, accuracy: number, under?: string): ReportRun {
  const told = under === undefined ? {} : { under };
  return reportedRun({
    run: `run-${model}`,
    params: { 'student.model': model, 'student.size': 224 },
    metrics: [metric('benchmark.accuracy', accuracy), metric('benchmark.fps', fps, { measured: true, ...told })],
  });
}

const runs = [run('small', 800, 0.8), run('large', 500, 0.9), run('worse', 490, 0.85), run('slow', 300, 0.9)];

describe('runs on two scales', () => {
  test('those are on the front that none is better than on both, and each is named by what differs', () => {
    const found = tradeOff(runs);
    expect(found?.points.map(({ label, isOnFront }) => [label, isOnFront])).toEqual([
      ['model=small', true],
      ['model=large', true],
      ['model=worse', false],
      ['model=slow', false],
    ]);
    expect(found?.across).toEqual({ metric: 'benchmark.fps', goal: 'maximize' });
  });

  test('a scale on which less is better turns the front', () => {
    const sized = runs.map((one, index) => ({
      ...one,
      metrics: [...one.metrics, metric('export.megabytes', [6, 20, 4, 20][index] ?? 0, { goal: 'minimize' })],
    }));
    const found = tradeOff(sized, ['megabytes', 'benchmark.accuracy']);
    expect(found?.across).toEqual({ metric: 'export.megabytes', goal: 'minimize' });
    expect(found?.points.map(({ isOnFront }) => isOnFront)).toEqual([false, true, true, true]);
  });

  test('of one run, nodes that measured both are compared, each with its own', () => {
    const metrics = ['onnxruntime', 'openvino'].flatMap((runtime, index) => [
      metric(`benchmark[runtime=${runtime}].accuracy`, 0.8 + index / 10),
      metric(`benchmark[runtime=${runtime}].fps`, 100 + index, { measured: true, under: `${runtime} 1, float32, 2 threads` }),
    ]);
    const found = tradeOff([{ ...run('small', 1, 1), metrics }]);
    expect(found?.points.map(({ label, across, upward, isOnFront }) => [label, across, upward, isOnFront])).toEqual([
      ['runtime=onnxruntime', 100, 0.8, false],
      ['runtime=openvino', 101, 0.9, true],
    ]);
    expect(tradeOffPicture(found ?? fail()).match(/, float32, 2 threads<\/text>/g)).toHaveLength(2);
  });

  test('there is nothing to compare where fewer than two have both', () => {
    expect(tradeOff(runs.slice(0, 1))).toBeUndefined();
    expect(tradeOff(runs, ['fps', 'loss'])).toBeUndefined();
  });

  test('the table has the fastest first, with what they were measured under', () => {
    const found = tradeOff([run('a', 1, 0.9, 'ort 1, int8, 1 thread'), run('b', 2, 0.8, 'ort 1, float32, 1 thread')]);
    expect(tradeOffRows(found ?? fail()).slice(1)).toEqual([
      ['model=b', '2', '0.8', 'ort 1, float32, 1 thread', 'yes'],
      ['model=a', '1', '0.9', 'ort 1, int8, 1 thread', 'yes'],
    ]);
  });
});

function fail(): never {
  throw new Error('there is no trade-off');
}

test('the picture says once what all were measured under, joins the front, and is the same for the same points', () => {
  const found = tradeOff(
    runs.map((one, index) => run(`m${index}`, one.metrics[1]?.value ?? 0, one.metrics[0]?.value ?? 0, 'ort 1, float32, 2 threads')),
  );
  const drawn = tradeOffPicture(found ?? fail());
  expect(drawn).toContain('>ort 1, float32, 2 threads · red: none is better on both</text>');
  expect(drawn.match(/<circle/g)).toHaveLength(4);
  expect(drawn.match(/<circle[^>]*fill="#c0392b"/g)).toHaveLength(2);
  expect(/<polyline points="([^"]*)"/.exec(drawn)?.[1]?.split(' ')).toHaveLength(2);
  for (const name of ['m0', 'm1', 'm2', 'm3']) expect(drawn).toContain(`>model=${name}</text>`);
  expect(tradeOffPicture(found ?? fail())).toBe(drawn);
});

test('labels cover neither each other nor a point, and stay within the frame, wherever the points are', () => {
  const frame = { left: 0, top: 0, width: 400, height: 300 };
  const point = fc.record({
    x: fc.double({ min: 0, max: 400, noNaN: true }),
    y: fc.double({ min: 0, max: 300, noNaN: true }),
    label: fc.string({ maxLength: 30 }),
  });
  fc.assert(
    fc.property(fc.array(point, { maxLength: 25 }), (points) => {
      const boxes = placeLabels(points, frame).filter((box) => box !== undefined);
      const apart = (a: Box, b: Box): boolean =>
        a.left + a.width <= b.left || b.left + b.width <= a.left || a.top + a.height <= b.top || b.top + b.height <= a.top;
      for (const [index, box] of boxes.entries()) {
        expect(box.left >= 0 && box.top >= 0 && box.left + box.width <= 400 && box.top + box.height <= 300).toBe(true);
        for (const other of boxes.slice(index + 1)) expect(apart(box, other)).toBe(true);
        for (const { x, y } of points)
          expect(x > box.left && x < box.left + box.width && y > box.top && y < box.top + box.height).toBe(false);
      }
    }),
  );
  expect(placeLabels([{ x: 200, y: 150, label: 'alone' }], frame)[0]).toMatchObject({ left: 207 });
});

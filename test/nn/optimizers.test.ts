import { expect, test } from 'vitest';
import { openSession } from '../../src/nn/engine/session.ts';
import { Graph } from '../../src/nn/graph/graph.ts';
import adam from '../../src/nn/optimizers/adam.ts';
import type { MakeOptimizer } from '../../src/nn/optimization/optimizer.ts';
import radam from '../../src/nn/optimizers/radam.ts';
import { cosine } from '../../src/nn/schedules/cosine.ts';
import { fixture, formula } from './rig.ts';

interface Point {
  readonly step: number;
  readonly weight: readonly number[];
}

const references = fixture<Record<string, Point[]>>('optimizers');

const cases: readonly (readonly [string, MakeOptimizer, number])[] = [
  ['adam', adam, 0],
  ['adam-decay', adam, 0.1],
  ['radam', radam, 0],
  ['radam-decay', radam, 0.1],
];

test.each(cases)('%s follows the trajectory of torch.optim over 100 steps', (name, make, weightDecay) => {
  const optimizer = make({ weightDecay });
  const graph = new Graph();
  const weight = graph.variable('weight', [3, 2]);
  const gradient = graph.placeholder('gradient', [3, 2]);
  const slots = Object.fromEntries(optimizer.slots.map((slot) => [slot, graph.variable(slot, [3, 2])]));
  const scalars = Object.fromEntries(Object.keys(optimizer.scalars(1, 0.01)).map((key) => [key, graph.placeholder(key, [])]));
  const done = graph.after(graph.constant(1), [optimizer.update(graph, { weight, gradient, slots, scalars })]);
  const session = openSession(graph);
  session.assign(new Map([['weight', formula('weight', [3, 2])], ...optimizer.slots.map((slot) => [slot, new Float32Array(6)] as const)]));
  const call = session.function([gradient, ...Object.values(scalars)], [done]);
  const expected = new Map((references[name] ?? []).map((point) => [point.step, point.weight]));
  for (let step = 1; step <= 100; step++) {
    const slope = Float32Array.from({ length: 6 }, (_, index) => Math.sin(0.3 * step + index) * (1 + 0.3 * index) * 0.1 + 0.02);
    call([slope, ...Object.values(optimizer.scalars(step, 0.01)).map((number) => Float32Array.of(number))]);
    const actual = session.read(['weight']).get('weight') ?? [];
    for (const [index, value] of (expected.get(step) ?? []).entries())
      expect(Math.abs(value - (actual[index] as number))).toBeLessThan(1e-5);
  }
  expect(expected.size).toBe(7);
  session.close();
});

test('weight decay spares vectors', () => {
  const optimizer = adam({ weightDecay: 0.5 });
  const graph = new Graph();
  const make = (name: string) => graph.variable(name, [2]);
  const scalars = Object.fromEntries(
    Object.keys(optimizer.scalars(1, 1)).map((key) => [key, graph.constant(optimizer.scalars(1, 1)[key] ?? 0)]),
  );
  const update = {
    weight: make('bias'),
    gradient: graph.constant([0, 0], [2]),
    slots: { mean: make('mean'), variance: make('variance') },
    scalars,
  };
  const done = graph.after(graph.constant(1), [optimizer.update(graph, update)]);
  const session = openSession(graph);
  session.assign(new Map(['bias', 'mean', 'variance'].map((name) => [name, Float32Array.of(name === 'bias' ? 3 : 0, 0)])));
  session.function([], [done])([]);
  expect(session.read(['bias']).get('bias')).toEqual(Float32Array.of(3, 0));
  session.close();
});

test('the cosine rises over its warm-up, starts at 1 and ends near 0', () => {
  const at = (step: number, warmUp: number): number => cosine({ step, steps: 100, warmUp });
  expect(at(0, 0)).toBe(1);
  expect(at(50, 0)).toBeCloseTo(0.5);
  expect(at(99, 0)).toBeCloseTo(0, 3);
  expect([0, 1, 2, 3].map((step) => at(step, 3))).toEqual([0.25, 0.5, 0.75, 1]);
});

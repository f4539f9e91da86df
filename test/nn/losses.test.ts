import { describe, expect, test } from 'vitest';
import { openSession } from '../../src/nn/engine/session.ts';
import { gradients } from '../../src/nn/graph/gradients.ts';
import { Graph } from '../../src/nn/graph/graph.ts';
import arcface from '../../src/nn/losses/arcface.ts';
import crossEntropy from '../../src/nn/losses/cross-entropy.ts';
import distillation from '../../src/nn/losses/distillation.ts';
import focal from '../../src/nn/losses/focal.ts';
import { smoothed } from '../../src/nn/losses/parts/cross-entropy.ts';
import type { Loss } from '../../src/nn/losses/parts/loss.ts';
import { fixture, relativeError } from './rig.ts';

interface Case {
  readonly loss: number;
  readonly gradient: readonly number[];
}

interface Reference {
  readonly logits: readonly number[];
  readonly cosines: readonly number[];
  readonly teacher: readonly number[];
  readonly hard: { readonly labels: readonly number[] } & Readonly<Record<string, Case>>;
  readonly soft: { readonly labels: readonly number[] } & Readonly<Record<string, Case>>;
}

const reference = fixture<Reference>('losses');
const shape = [4, 5];

interface Numbers {
  readonly logits: readonly number[];
  readonly labels: readonly number[];
}

/** A loss and its slope by the logits. */
function evaluate(loss: Loss, { logits, labels }: Numbers, smoothing = 0): Case {
  const graph = new Graph();
  const given = graph.placeholder('logits', shape);
  const teacher = loss.teaching !== undefined ? { teacher: graph.constant(reference.teacher, shape) } : {};
  const own = graph.constant(labels, shape);
  const value = loss.value(graph, { logits: given, labels: own, smoothed: smoothed(graph, own, smoothing), ...teacher });
  const wanted = [value, ...gradients(graph, value, [given])];
  const session = openSession(graph);
  const [found, slope] = session.function([given], wanted)([Float32Array.from(logits)]);
  session.close();
  return { loss: found?.[0] ?? Number.NaN, gradient: Array.from(slope ?? []) };
}

const cases: readonly (readonly [string, Loss, number])[] = [
  ['cross-entropy', crossEntropy, 0],
  ['smoothed', crossEntropy, 0.1],
  ['focal', focal({ gamma: 2 }), 0],
  ['focal, weak', focal({ gamma: 0.5 }), 0.1],
  ['distillation', distillation({ temperature: 2.5, teacher: 'stored', teacher_weight: 0.7 }), 0],
  ['arcface', arcface({ margin: 0.3, scale: 16 }), 0],
];

describe.each(['hard', 'soft'] as const)('with %s labels, torch agrees', (kind) => {
  test.each(cases)('in %s', (name, loss, smoothing) => {
    const expected = reference[kind][name] as Case;
    const logits = loss.cosines !== undefined ? reference.cosines : reference.logits;
    const actual = evaluate(loss, { logits, labels: reference[kind].labels }, smoothing);
    expect(actual.loss).toBeCloseTo(expected.loss, 5);
    expect(relativeError(actual.gradient, expected.gradient)).toBeLessThan(1e-4);
  });
});

test.each(cases)('%s has the slope that its values have', (_name, loss, smoothing) => {
  const logits = loss.cosines !== undefined ? reference.cosines : reference.logits;
  const { labels } = reference.soft;
  const { gradient } = evaluate(loss, { logits, labels }, smoothing);
  const step = loss.cosines !== undefined ? 0.02 : 0.01;
  logits.forEach((middle, place) => {
    const at = (change: number): number => evaluate(loss, { logits: logits.with(place, middle + change), labels }, smoothing).loss;
    if (place % 3 === 0) expect((at(step) - at(-step)) / (2 * step)).toBeCloseTo(gradient[place] as number, 2);
  });
});

test('focal loss without a power is cross-entropy, also of certain answers', () => {
  const numbers = { logits: [90, 0, 0, 0, 0, 0, 90, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5], labels: reference.hard.labels };
  const plain = evaluate(crossEntropy, numbers);
  const own = evaluate(focal({ gamma: 0 }), numbers);
  expect(own.loss).toBeCloseTo(plain.loss, 5);
  expect(relativeError(own.gradient, plain.gradient)).toBeLessThan(1e-5);
  expect(evaluate(focal({ gamma: 0.5 }), numbers).gradient.every(Number.isFinite)).toBe(true);
});

test('a teacher that is certain of one class leaves finite numbers', () => {
  const labels = reference.hard.labels;
  const graph = new Graph();
  const logits = graph.placeholder('logits', shape);
  const own = graph.constant(labels, shape);
  const value = distillation({ temperature: 1, teacher: 'stored', teacher_weight: 1 }).value(graph, {
    logits,
    labels: own,
    smoothed: own,
    teacher: own,
  });
  const session = openSession(graph);
  const [loss] = session.function([logits], [value])([Float32Array.from(reference.logits)]);
  session.close();
  expect(loss?.[0]).toBeCloseTo((reference.hard['cross-entropy'] as Case).loss, 5);
});

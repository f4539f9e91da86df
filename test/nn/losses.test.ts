import { describe, expect, test } from 'vitest';
import { openSession } from '../../src/nn/engine/session.ts';
import { gradients } from '../../src/nn/graph/gradients.ts';
import { Graph } from '../../src/nn/graph/graph.ts';
import arcface from '../../src/nn/losses/arcface.ts';
import crossEntropy from '../../src/nn/losses/cross-entropy.ts';
import distillation from '../../src/nn/losses/distillation.ts';
import focal from '../../src/nn/losses/focal.ts';
import type { Loss, LossOptions } from '../../src/nn/losses/parts/loss.ts';
import { fixture, lossOptions, relativeError } from './rig.ts';

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
function evaluate(loss: Loss, options: LossOptions, { logits, labels }: Numbers): Case {
  const graph = new Graph();
  const given = graph.placeholder('logits', shape);
  const teacher = loss.teacher === true ? { teacher: graph.constant(reference.teacher, shape) } : {};
  const value = loss.value(graph, { logits: given, labels: graph.constant(labels, shape), ...teacher }, options);
  const wanted = [value, ...gradients(graph, value, [given])];
  const session = openSession(graph);
  const [own, slope] = session.function([given], wanted)([Float32Array.from(logits)]);
  session.close();
  return { loss: own?.[0] ?? Number.NaN, gradient: Array.from(slope ?? []) };
}

const cases: readonly (readonly [string, Loss, Partial<LossOptions>])[] = [
  ['cross-entropy', crossEntropy, {}],
  ['smoothed', crossEntropy, { smoothing: 0.1 }],
  ['focal', focal, { focalGamma: 2 }],
  ['focal, weak', focal, { focalGamma: 0.5, smoothing: 0.1 }],
  ['distillation', distillation, { temperature: 2.5, teacherWeight: 0.7 }],
  ['arcface', arcface, { margin: 0.3, scale: 16 }],
];

describe.each(['hard', 'soft'] as const)('with %s labels, torch agrees', (kind) => {
  test.each(cases)('in %s', (name, loss, options) => {
    const expected = reference[kind][name] as Case;
    const logits = loss.cosines === true ? reference.cosines : reference.logits;
    const actual = evaluate(loss, { ...lossOptions, ...options }, { logits, labels: reference[kind].labels });
    expect(actual.loss).toBeCloseTo(expected.loss, 5);
    expect(relativeError(actual.gradient, expected.gradient)).toBeLessThan(1e-4);
  });
});

test.each(cases)('%s has the slope that its values have', (_name, loss, options) => {
  const own = { ...lossOptions, ...options };
  const logits = loss.cosines === true ? reference.cosines : reference.logits;
  const { labels } = reference.soft;
  const { gradient } = evaluate(loss, own, { logits, labels });
  const step = loss.cosines === true ? 0.02 : 0.01;
  logits.forEach((middle, place) => {
    const at = (change: number): number => evaluate(loss, own, { logits: logits.with(place, middle + change), labels }).loss;
    if (place % 3 === 0) expect((at(step) - at(-step)) / (2 * step)).toBeCloseTo(gradient[place] as number, 2);
  });
});

test('focal loss without a power is cross-entropy, also of certain answers', () => {
  const numbers = { logits: [90, 0, 0, 0, 0, 0, 90, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5], labels: reference.hard.labels };
  const plain = evaluate(crossEntropy, lossOptions, numbers);
  const own = evaluate(focal, { ...lossOptions, focalGamma: 0 }, numbers);
  expect(own.loss).toBeCloseTo(plain.loss, 5);
  expect(relativeError(own.gradient, plain.gradient)).toBeLessThan(1e-5);
  expect(evaluate(focal, { ...lossOptions, focalGamma: 0.5 }, numbers).gradient.every(Number.isFinite)).toBe(true);
});

test('a teacher that is certain of one class leaves finite numbers', () => {
  const labels = reference.hard.labels;
  const graph = new Graph();
  const logits = graph.placeholder('logits', shape);
  const own = graph.constant(labels, shape);
  const value = distillation.value(graph, { logits, labels: own, teacher: own }, { ...lossOptions, teacherWeight: 1, temperature: 1 });
  const session = openSession(graph);
  const [loss] = session.function([logits], [value])([Float32Array.from(reference.logits)]);
  session.close();
  expect(loss?.[0]).toBeCloseTo((reference.hard['cross-entropy'] as Case).loss, 5);
});

import { expect, test } from 'vitest';
import type { EpochRecord } from '../../src/nn/training/checkpoint.ts';
import type { ChooseBy } from '../../src/nn/training/choice.ts';
import { hasStalled, isChosen } from '../../src/nn/training/choice.ts';

/** Epochs of which each measure is best at another, and the last at none. */
const history: readonly EpochRecord[] = [
  [0.9, 0.1, 0.3, 0.9],
  [0.5, 0.8, 0.3, 0.7],
  [0.6, 0.2, 0.7, 0.8],
  [0.7, 0.3, 0.4, 0.2],
  [0.1, 0.1, 0.2, 0.9],
].map(([top1 = 0, macro_f1 = 0, balanced_accuracy = 0, held_out_loss = 0], place) => {
  return { epoch: place + 1, loss: 1, learning_rate: 0.1, top5: 1, top1, macro_f1, balanced_accuracy, held_out_loss };
});

/** The epoch that a training over this history has kept in the end. */
const kept = (records: readonly EpochRecord[], by: ChooseBy): number | undefined =>
  records.filter((record, place) => isChosen(record, records.slice(0, place), by)).at(-1)?.epoch;

test.each([
  ['last', 5],
  ['top1', 1],
  ['macro_f1', 2],
  ['balanced_accuracy', 3],
  ['loss', 4],
] as const)('by %s epoch %i is kept', (by, epoch) => {
  expect(kept(history, by)).toBe(epoch);
});

test('of equal epochs the later is kept, and patience counts both as no better', () => {
  const equal = history.map((record) => ({ ...record, top1: 0.5, held_out_loss: 0.5 }));
  for (const by of ['top1', 'loss'] as const) {
    expect(kept(equal, by)).toBe(5);
    expect(hasStalled(equal.slice(0, 3), 2, by)).toBe(true);
  }
});

test.each([
  ['last', 1],
  ['top1', 1],
  ['macro_f1', 2],
  ['balanced_accuracy', 3],
  ['loss', 4],
] as const)('patience by %s counts from epoch %i', (by, best) => {
  for (let patience = 1; patience <= 5; patience++) expect(hasStalled(history, patience, by)).toBe(5 - best >= patience);
  expect(hasStalled(history, 0, by)).toBe(false);
});

test('without held-out images every epoch is the best, and none is waited for', () => {
  const blind = history.map((record) => ({ ...record, top1: null, macro_f1: null, balanced_accuracy: null, held_out_loss: null }));
  for (const by of ['last', 'top1', 'loss'] as const) {
    expect(kept(blind, by)).toBe(5);
    expect(hasStalled(blind, 1, by)).toBe(false);
  }
});

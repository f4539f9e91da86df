import { expect, test } from 'vitest';
import { RECORD_FORMAT } from '../../src/model/run.ts';
import { findRun } from '../../src/records/find.ts';
import { recordOf, storeOf } from './memory.ts';

const scored = (id: string, accuracy: number, loss: number) =>
  recordOf(id, {
    nodes: { train: { params: { accuracy }, metrics: { accuracy, loss }, goals: { accuracy: 'maximize', loss: 'minimize' } } },
  });

const records = [
  scored('20260103T000000-aa', 0.7, 0.1),
  recordOf('20260102T000000-bb', { state: 'failed', nodes: { train: { metrics: { accuracy: 0.99 } } } }),
  scored('20260101T000000-cc', 0.9, 0.3),
  scored('20260101T000000-dd', 0.8, 0.2),
];
const store = storeOf(records, { paper: '20260101T000000-dd', lost: '20250101T000000-ee' });

const found = (word: string): string => {
  const run = findRun(store, word);
  return run.ok ? run.value.id : (run.problems[0]?.code ?? '');
};

test.each([
  ['the whole id', '20260102T000000-bb', '20260102T000000-bb'],
  ['the beginning of an id', '20260103', '20260103T000000-aa'],
  ['a beginning of several', '20260101', 'ambiguous-run'],
  ['the newest', '@latest', '20260103T000000-aa'],
  ['the best by a metric that should be large; a failed run is none', '@best:accuracy', '20260101T000000-cc'],
  ['the best by a metric that should be small', '@best:train.loss', '20260103T000000-aa'],
  ['a metric that no run has', '@best:acuracy', 'unknown-metric'],
  ['a tag', 'paper', '20260101T000000-dd'],
  ['a tag whose run is gone', 'lost', 'unknown-run'],
  ['the beginning of a hash', records[2]?.hash?.slice(0, 10) ?? '', '20260101T000000-cc'],
  ['a hash too short to be one', records[2]?.hash?.slice(0, 3) ?? '', 'unknown-run'],
  ['nothing', '', 'unknown-run'],
])('%s: %s', (_, word, expected) => {
  expect(found(word)).toBe(expected);
});

test('a run of one hash with others is the newest of them', () => {
  const twins = storeOf([scored('2', 0.5, 0.5), scored('1', 0.5, 0.5)]);
  const run = findRun(twins, scored('3', 0.5, 0.5).hash ?? '');
  expect(run.ok && run.value.id).toBe('2');
});

test('a record of a newer Stillroom is refused by name', () => {
  const newer = storeOf([recordOf('20260104T000000-ff', { format: RECORD_FORMAT + 1 })]);
  const run = findRun(newer, '@latest');
  expect(run.ok ? '' : run.problems[0]?.code).toBe('newer-record');
});

test.each([
  ['@latst', 'did you mean "@latest"?; see all: stillroom runs'],
  ['latest', 'did you mean "@latest"?; see all: stillroom runs'],
  ['@bset:accuracy', 'did you mean "@best:accuracy"?; see all: stillroom runs'],
  ['@newest', 'known: @latest, @best:METRIC; see all: stillroom runs'],
  ['papre', 'did you mean "paper"?; see all: stillroom runs'],
])('%s, which is no run, is answered with what may be meant', (word, hint) => {
  const run = findRun(store, word);
  expect(run.ok ? '' : run.problems[0]?.hint).toBe(hint);
});

test.each(['@latest', '@best:accuracy', 'paper'])('where nothing has run, %s is answered with how to begin', (word) => {
  const run = findRun(storeOf([]), word);
  expect(run.ok ? '' : run.problems[0]).toMatchObject({ code: 'no-runs', hint: 'run a pipeline: stillroom run' });
});

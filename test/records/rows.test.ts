import { describe, expect, test } from 'vitest';
import type { Runs } from '../../src/model/store.ts';
import { findRun } from '../../src/records/find.ts';
import { chosenRows, type RowQuery } from '../../src/records/rows.ts';
import { recordOf, storeOf } from './memory.ts';

const records = [0.5, 0.9, 0.1].map((rate, index) =>
  recordOf(`2026010${3 - index}`, {
    params: { title: index === 1 ? 'Other words' : 'Result' },
    state: index === 2 ? 'failed' : 'done',
    nodes: { train: { params: { rate }, ...(index === 2 ? {} : { metrics: { accuracy: rate } }) } },
  }),
);
const { runs } = storeOf(records);

function chosen(query: RowQuery): readonly string[] {
  const rows = chosenRows(runs, query);
  return rows.ok ? rows.value.map(({ run }) => run.slice(-1)) : rows.problems.map(({ code }) => code);
}

describe('filters', () => {
  test.each([
    ['train.rate<0.6', ['3', '1']],
    ['train.rate>=0.5 and accuracy>0.6', ['2']],
    ['not (train.rate<0.6) or state=failed', ['2', '1']],
    ["title='Other words'", ['2']],
    ['title!="Other words"', ['3', '1']],
    ['accuracy!=0.5', ['2', '1']],
    ['accuracy<1', ['3', '2']],
    ['train.rate==0.5', ['3']],
    ['state=done and pipeline=p', ['3', '2']],
    ['train.rate<0', []],
    ['train.rat<3', ['unknown-column']],
    ['train.rate<', ['bad-filter']],
    ['(train.rate<3', ['bad-filter']],
    ['train.rate<3 accuracy>1', ['bad-filter']],
    ['', ['bad-filter']],
  ])('%s', (where, expected) => {
    expect(chosen({ where })).toEqual(expected);
  });

  test('a filter that cannot be read says where', () => {
    const rows = chosenRows(runs, { where: 'train.rate<3 accuracy>1' });
    expect(rows.ok ? undefined : rows.problems[0]?.place).toMatchObject({ file: '--where', column: 14 });
  });
});

describe('order', () => {
  test.each([
    [{}, ['3', '2', '1']],
    [{ sort: 'train.rate' }, ['1', '3', '2']],
    [{ sort: '-train.rate', limit: 2 }, ['2', '3']],
    [{ sort: 'accuracy' }, ['3', '2', '1']],
    [{ sort: '-accuracy' }, ['2', '3', '1']],
    [{ sort: 'title' }, ['2', '3', '1']],
    [{ sort: 'nothing' }, ['unknown-column']],
    [{ columns: ['run', 'accuracy', 'nothing'] }, ['unknown-column']],
  ])('%j', (query, expected) => {
    expect(chosen(query)).toEqual(expected);
  });
});

test('without filter and order, only as many rows are read as are wanted', () => {
  let read = 0;
  const counted = {
    *rows() {
      for (const row of runs.rows()) {
        read += 1;
        yield row;
      }
    },
  } as unknown as Runs;
  chosenRows(counted, { limit: 1 });
  expect(read).toBe(1);
  chosenRows(counted, { limit: 1, sort: 'run' });
  expect(read).toBe(4);
});

describe('a nested metric', () => {
  const metrics = { 'avg_prec.test': 0.5, 'avg_prec.train': 0.9, 'roc_auc.test': 0.7, 'roc.accuracy': 0.1, accuracy: 0.8 };
  const nested = storeOf([
    recordOf('20260102', { nodes: { first: { metrics: { accuracy: 0.2, 'avg_prec.test': 0.1 } }, evaluate: { metrics } } }),
    recordOf('20260101', { nodes: { evaluate: { metrics: { ...metrics, 'avg_prec.test': 0.3 } } } }),
  ]);
  const asked = (query: RowQuery) => {
    const rows = chosenRows(nested.runs, query);
    return rows.ok ? rows.value.map(({ run }) => run.slice(-1)) : rows.problems.map(({ code, message, hint }) => [code, message, hint]);
  };

  test.each<[RowQuery, readonly string[]]>([
    [{ where: 'avg_prec.test>0.4' }, ['2']],
    [{ where: 'evaluate.avg_prec.test<0.4' }, ['1']],
    [{ where: 'train=0.9' }, ['2', '1']],
    [{ sort: 'avg_prec.test', columns: ['avg_prec.train', 'roc_auc.test'] }, ['1', '2']],
    [{ where: 'accuracy=0.8' }, ['2', '1']],
  ])('is found by as much of its name as tells it from others: %j', (query, expected) => {
    expect(asked(query)).toEqual(expected);
  });

  test.each<RowQuery>([{ columns: ['test'] }, { sort: '-test' }, { where: 'test>0' }])(
    'whose name could be several is not guessed: %j',
    (query) => {
      expect(asked(query)).toEqual([
        [
          'ambiguous-metric',
          'the metrics first.avg_prec.test, evaluate.avg_prec.test, evaluate.roc_auc.test all end with "test"',
          'write more of the one that you mean: first.avg_prec.test',
        ],
      ]);
    },
  );

  test('is suggested without its node', () => {
    expect(asked({ columns: ['avg_prec.tets'] })).toMatchObject([['unknown-column', expect.anything(), 'did you mean "avg_prec.test"?']]);
  });

  test('is what the best run is found by', () => {
    const best = (word: string) => {
      const run = findRun(nested, word);
      return run.ok ? run.value.id : run.problems[0]?.code;
    };
    expect([best('@best:avg_prec.test'), best('@best:roc_auc.test'), best('@best:test')]).toEqual([
      '20260102',
      '20260102',
      'ambiguous-metric',
    ]);
  });
});

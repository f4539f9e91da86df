import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { VariantParams, SweepResult, SweepSpec, Trial } from '../../src/model/sweep.ts';
import { bestFile } from '../../src/sweep/variant-file.ts';
import { specOf } from './functions.ts';

const text = `# yaml-language-server: $schema=../artifacts/pipeline.schema.json
# What it is.
name: demo
params: { seed: 0, opt: { name: adam, lr: 0.1 } } # decides everything
sources:
  poem: ../data/poem.txt # where it lies
  pages: { path: ../data/pages, keep: true }
  far: /somewhere/else
stages:
  student:
    uses: learn
    in: { poem: $sources.poem, local: ./words.txt, other: { from: ../more.txt } }
    with: { lr: 1e-3, rates: [1, 2], opt: $opt } # the rate
  card: { run: 'true', out: { card: card.txt } }
sweep:
  over: { student.lr: [0.1] }
`;

function best(params: VariantParams, more: Partial<Trial> = {}, spec: Partial<SweepSpec> = {}): string {
  const trial: Trial = {
    trial: 3,
    params,
    state: 'done',
    budget: undefined,
    metrics: {},
    deviations: {},
    runs: [{ run: 'run-9', hash: 'abc', repeat: {}, metrics: {}, asked: '' }],
    error: undefined,
    losses: [],
    feasible: true,
    ...more,
  };
  const result: SweepResult = {
    id: 'demo-1',
    spec: specOf([], spec),
    state: 'done',
    trials: [trial],
    ranking: [0],
    best: trial,
    front: [trial],
  };
  return bestFile(result, { text, folder: '/project/pipelines', params: {} }, '/project/artifacts/sweeps/demo-1') ?? '';
}

test('the best variant is the pipeline with its values, comments and all, without its sweep', () => {
  const written = best({ 'student.lr': 0.5, seed: 7, 'card.words': 3 });
  expect(written).toMatch(/^# The best of the sweep demo-1: trial 3, run run-9, hash abc\n# What it is\.\nname: demo\n/);
  expect(written).toContain('# decides everything');
  expect(written).toContain('{ lr: 0.5, rates: [ 1, 2 ], opt: $opt } # the rate');
  expect(parse(written)).toMatchObject({ params: { seed: 7 }, stages: { card: { with: { words: 3 } } } });
  expect(written).not.toContain('sweep:');
});

test('its relative paths lead to the same files from where it lies', () => {
  expect(parse(best({}))).toMatchObject({
    sources: { poem: '../../../data/poem.txt', pages: { path: '../../../data/pages', keep: true }, far: '/somewhere/else' },
    stages: { student: { in: { poem: '$sources.poem', local: '../../../pipelines/words.txt', other: { from: '../../../more.txt' } } } },
  });
  expect(parse(best({ 'sources.poem': '../data/long.txt' }))).toMatchObject({ sources: { poem: '../../../data/long.txt' } });
});

test('it has the first repeat and the budget of its run, and says how far its sweep went', () => {
  const judge = { metric: 'student.score', goal: 'maximize' } as const;
  const runs = [{ run: 'run-9', hash: 'abc', repeat: { seed: 5 }, metrics: {}, asked: '' }];
  const budget = { param: 'student.stop_after', node: 'student', judge, rungs: [1, 9] };
  const written = best({}, { runs, budget: 9 }, { budget, only: ['student'] });
  expect(parse(written)).toMatchObject({ params: { seed: 5 }, stages: { student: { with: { stop_after: 9 } } } });
  expect(written).toContain("hash abc with --only 'student'\n");
});

test('parts of params are set where they are written out; what a file cannot say is said with --set', () => {
  expect(parse(best({ 'opt.lr': 0.3 }))).toMatchObject({ params: { opt: { name: 'adam', lr: 0.3 } } });
  expect(parse(best({ 'student.rates.1': 5 }))).toMatchObject({ stages: { student: { with: { rates: [1, 5] } } } });
  const written = best({ 'student.opt.lr': 0.3, 'student[fold=1].lr': 0.2, 'student.folds.1': 3 });
  expect(written).toMatch(
    /^# A file cannot say this; run it with --set 'student\[fold=1\]\.lr=0\.2' --set 'student\.opt\.lr=0\.3' --set 'student\.folds\.1=3'\n/,
  );
  expect(parse(written)).toMatchObject({ stages: { student: { with: { opt: '$opt', lr: 0.001 } } } });
});

test('params of a choice and of a group stand within them, also where those are written by a name or not at all', () => {
  const params = { 'student.loss.gamma': 1, 'student.loss': 'focal', 'student.augment.flip': false };
  expect(parse(best(params))).toMatchObject({
    stages: { student: { with: { loss: { name: 'focal', gamma: 1 }, augment: { flip: false } } } },
  });
  expect(parse(best({ 'student.loss.gamma': 1 }))).toMatchObject({ stages: { student: { with: { loss: { gamma: 1 } } } } });
  expect(best({ 'student.loss.gamma': 1 })).not.toContain('A file cannot say this');
});

test('without a best trial there is no file', () => {
  const result: SweepResult = { id: 'x', spec: specOf([]), state: 'done', trials: [], ranking: [], best: undefined, front: [] };
  expect(bestFile(result, { text, folder: '/p', params: {} }, '/q')).toBeUndefined();
});

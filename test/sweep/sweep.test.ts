import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { edit, stillroom, write } from '../rig.ts';
import { executions, journalLines, killAfter, loggedLines, type PrintedSweep, sweep, sweepProject } from './project.ts';

const pipeline = 'pipelines/learn.yaml';

describe('a grid', () => {
  let folder: string;
  let first: PrintedSweep & { code: number };

  beforeAll(async () => {
    folder = sweepProject();
    first = await sweep(folder, [pipeline, '--over', 'student.lr=0.05..0.2/6', '--over', 'student.optimizer=adam,radam']);
  });

  test('of twelve variants over the student executes each teacher once', () => {
    expect(first.code).toBe(0);
    expect(first.trials).toHaveLength(12);
    expect(executions(folder)).toEqual({ 'teacher[fold=0]': 1, 'teacher[fold=1]': 1, student: 12, card: 12 });
    expect(first.trials.every(({ state, run, hash }) => state === 'done' && run !== null && hash !== null)).toBe(true);
    expect(existsSync(join(folder, 'artifacts/latest'))).toBe(false);
  });

  test('keeps what is finished when it is started again, whatever a crash left at the end of its journal', async () => {
    appendFileSync(join(folder, 'artifacts/sweeps', `${first.sweep}.jsonl`), '\0\0\0\n{"type":"end","trial":3,"ru');
    const again = await sweep(folder, [pipeline, '--over', 'student.lr=0.05..0.2/6', '--over', 'student.optimizer=adam,radam']);
    expect(again.trials).toEqual(first.trials);
    expect(again.sweep).toBe(first.sweep);
    expect(executions(folder)['student']).toBe(12);
    expect(journalLines(folder, 'end')).toHaveLength(12);
  });

  test('gives the best variant as a file that carries its comments and gives its hash', async () => {
    expect(first.best?.params).toEqual({ 'student.lr': 0.11, 'student.optimizer': 'adam' });
    const file = relative(folder, first.files['best'] ?? '');
    const text = readFileSync(join(folder, file), 'utf8');
    expect(text).toContain('lr: 0.11, seed: $seed, optimizer: adam } # the rate');
    expect(text).toContain('# decides everything');
    const run = await stillroom(folder, ['run', file, '--json']);
    expect(run.json.executed).toEqual([]);
    expect(run.json.hash).toBe(first.best?.hash);
  });

  test('writes tables and plots that hold every trial', () => {
    const read = (what: string): string => readFileSync(first.files[what] ?? '', 'utf8');
    expect(read('csv').split('\r\n')).toHaveLength(14);
    expect(read('csv').split('\r\n')[0]).toBe('trial,state,student.lr,student.optimizer,student.score,card.bytes,run,hash,error');
    expect(
      read('markdown')
        .split('\n')
        .filter((line) => line.startsWith('|')),
    ).toHaveLength(14);
    expect((JSON.parse(read('json')) as PrintedSweep).trials).toHaveLength(12);
    expect(read('parallel coordinates').match(/<path /g)).toHaveLength(12);
    expect(read('importance')).toContain('student.lr');
  });

  test('is another sweep once code has changed', async () => {
    edit(folder, 'stages/learn/run.ts', '0.5 - Math', '0.4 - Math');
    const changed = await sweep(folder, [pipeline, '--over', 'student.lr=0.1,0.2']);
    expect(executions(folder)['student']).toBe(14);
    expect(changed.sweep).not.toBe(first.sweep);
  });
});

describe('trials', () => {
  test('are repeated, and their spread is told', async () => {
    const folder = sweepProject();
    const swept = await sweep(folder, [pipeline, '--over', 'student.lr=0.1,0.2', '--repeat', 'seed=1,2,3']);
    expect(swept.trials).toHaveLength(2);
    const [trial] = swept.trials;
    expect(trial?.repeats?.map(({ repeat }) => repeat)).toEqual([{ seed: 1 }, { seed: 2 }, { seed: 3 }]);
    expect(trial?.deviations?.['student.score']).toBeGreaterThan(0);
    expect(executions(folder)['student']).toBe(6);
  });

  test('that fail are recorded and the sweep goes on; --retry tries them again', async () => {
    const folder = sweepProject();
    const args = [pipeline, '--over', 'student.lr=0.1,0.7,0.2', '--over', 'student.optimizer=adam'];
    const swept = await sweep(folder, args);
    expect(swept.code).toBe(0);
    expect(swept.trials.map(({ state }) => state)).toEqual(['done', 'failed', 'done']);
    expect(swept.trials[1]?.error).toContain('It diverged.');
    const ended = journalLines(folder, 'end').length;
    await sweep(folder, args);
    expect(journalLines(folder, 'end')).toHaveLength(ended);
    await sweep(folder, [...args, '--retry']);
    expect(journalLines(folder, 'end')).toHaveLength(ended + 1);
    expect((await sweep(folder, [pipeline, '--over', 'student.lr=0.7,0.8'])).code).toBe(1);
  });

  test('that break a constraint are never the best; several objectives have a front', async () => {
    const folder = sweepProject();
    const over = ['--over', 'student.lr=0.1,0.2,0.3', '--over', 'student.optimizer=adam,radam'];
    const bounded = await sweep(folder, [pipeline, ...over, '--constraint', 'student.score<0.995']);
    expect(bounded.best?.params['student.lr']).toBe(0.2);
    expect(bounded.trials.filter(({ feasible }) => !feasible)).toHaveLength(2);
    const both = await sweep(folder, [pipeline, ...over, '--maximize', 'student.score', '--minimize', 'card.bytes']);
    expect(both.front?.length).toBeGreaterThan(0);
    expect(both.front?.[0]?.params['student.lr']).toBe(0.1);
    expect(readFileSync(both.files['pareto front'] ?? '', 'utf8').match(/<circle /g)).toHaveLength(6);
  });

  test('are written out in a list, or change the pipeline one at a time', async () => {
    const folder = sweepProject();
    edit(
      folder,
      pipeline,
      '  over: { student.lr: [0.05, 0.1, 0.2], student.optimizer: [adam, radam] }',
      '  variants: [{ student.lr: 0.1 }, { seed: 3 }]',
    );
    const listed = await sweep(folder, [pipeline]);
    expect(listed.trials.map(({ params }) => params)).toEqual([{ 'student.lr': 0.1 }, { seed: 3 }]);
    const single = await sweep(folder, [pipeline, '--strategy', 'one-at-a-time', '--over', 'student.lr=0.1,0.3', '--over', 'seed=0,3']);
    expect(single.trials.map(({ params }) => params)).toEqual([
      { 'student.lr': 0.3, seed: 0 },
      { 'student.lr': 0.1, seed: 0 },
      { 'student.lr': 0.3, seed: 3 },
    ]);
  });
});

test('sources can be varied; their paths are relative to the pipeline file, that of the best variant too', async () => {
  const folder = sweepProject();
  write(folder, {
    'data/short.txt': 'a\n',
    'data/long.txt': 'aaaa\n',
    'pipelines/sources.yaml':
      'name: sources\nsources: { poem: ../data/short.txt }\nstages:\n  count:\n    run: |\n      cp "$poem" "$copy"; wc -c < "$poem" > n; echo "{ \\"bytes\\": $(cat n) }" > scores.json\n    in: { poem: $sources.poem }\n    out: { copy: copy.txt }\n    metrics: scores.json\nsweep:\n  over: { sources.poem: [../data/short.txt, ../data/long.txt] }\n  objective: { maximize: count.bytes }\n',
  });
  const swept = await sweep(folder, ['pipelines/sources.yaml']);
  expect(swept.best?.params).toEqual({ 'sources.poem': '../data/long.txt' });
  const run = await stillroom(folder, ['run', relative(folder, swept.files['best'] ?? ''), '--json']);
  expect(run.json.hash).toBe(swept.best?.hash);
});

describe('a sweep that ends with a node', () => {
  test('carries out nothing behind it; the best file goes the whole way', async () => {
    const folder = sweepProject();
    const swept = await sweep(folder, [pipeline, '--only', 'student']);
    expect(swept.trials.map(({ state }) => state)).toEqual(Array.from({ length: 6 }, () => 'done'));
    expect(executions(folder)).toEqual({ 'teacher[fold=0]': 1, 'teacher[fold=1]': 1, student: 6 });
    const best = swept.files['best'] ?? '';
    const judged = await stillroom(folder, ['run', best, '--only', 'student', '--json']);
    expect(judged.json.hash).toBe(swept.best?.hash);
    expect((await stillroom(folder, ['run', best, '--json'])).json.executed).toEqual(['card']);
  });

  test('may say so in the file, and is another one than that over everything', async () => {
    const folder = sweepProject();
    const whole = await sweep(folder, [pipeline, '--trials', '1']);
    edit(folder, pipeline, '  objective:', '  only: student\n  objective:');
    const part = await sweep(folder, [pipeline, '--trials', '1']);
    expect(part.sweep).not.toBe(whole.sweep);
    expect(part.trials[0]?.metrics).not.toHaveProperty('card.bytes');
    expect(executions(folder)['card']).toBe(1);
  });
});

describe('a sweep that was killed', () => {
  test('goes on with the proposals that it would have made, and repeats nothing', async () => {
    const args = [
      pipeline,
      '--strategy',
      'tpe',
      '--trials',
      '14',
      '--over',
      'student.lr=log:1e-3..0.3',
      '--over',
      'student.optimizer=adam,radam',
      '--parallel',
      '2',
    ];
    const whole = sweepProject();
    await sweep(whole, args);
    const folder = sweepProject();
    await killAfter(folder, args, 3);
    await killAfter(folder, args, 5);
    const last = await sweep(folder, args);
    expect(journalLines(folder, 'start')).toEqual(journalLines(whole, 'start'));
    expect(journalLines(folder, 'end')).toHaveLength(14);
    expect(last.stderr).toMatch(/goes on: (8|9|10) finished ones are kept/);
    expect(last.trials.every(({ state }) => state === 'done')).toBe(true);
  });

  test('goes on further when it is given more trials, and not when its time is up', async () => {
    const folder = sweepProject();
    const args = [pipeline, '--strategy', 'random', '--over', 'student.lr=0.01..0.3'];
    expect((await sweep(folder, [...args, '--trials', '2'])).trials).toHaveLength(2);
    const more = await sweep(folder, [...args, '--trials', '4']);
    expect(more.trials).toHaveLength(4);
    expect(more.stderr).toContain('2 finished ones are kept');
    expect((await sweep(folder, [...args, '--trials', '9', '--time', '0s'])).trials).toHaveLength(4);
  });
});

describe('asha', () => {
  let folder: string;
  let swept: PrintedSweep;

  beforeAll(async () => {
    folder = sweepProject();
    swept = await sweep(folder, ['pipelines/halving.yaml', '--parallel', '1']);
  });

  test('spends each epoch once: rungs of 1, 3 and 9 cost 9 epochs, not 13', () => {
    const budgets = swept.trials.map(({ budget = 0 }) => budget);
    expect([...new Set(budgets)].sort()).toEqual([1, 3, 9]);
    expect(loggedLines(folder, 'student', 'learns epoch')).toBe(budgets.reduce((sum, budget) => sum + budget, 0));
    expect(executions(folder)['student']).toBe(budgets.reduce((sum, budget) => sum + { 1: 1, 3: 2, 9: 3 }[budget as 1 | 3 | 9], 0));
  });

  test('carries out what stands behind the node for survivors alone', () => {
    expect(executions(folder)['card']).toBe(swept.trials.filter(({ state }) => state === 'done').length);
    expect(swept.trials.filter(({ state }) => state === 'halted').every(({ hash }) => hash !== swept.best?.hash)).toBe(true);
  });

  test('goes on after a kill with the promotions that it would have made, and spends no epoch twice', async () => {
    const killed = sweepProject();
    const args = ['pipelines/halving.yaml', '--parallel', '1'];
    await killAfter(killed, args, 2);
    await killAfter(killed, args, 5);
    const last = await sweep(killed, args);
    expect(journalLines(killed, 'start')).toEqual(journalLines(folder, 'start'));
    expect(last.best?.hash).toBe(swept.best?.hash);
    // A kill between an epoch and its checkpoint costs that epoch again.
    expect(loggedLines(killed, 'student', 'learns epoch')).toBeLessThanOrEqual(loggedLines(folder, 'student', 'learns epoch') + 2);
  });

  test('promotes to what a straight run gives, bit for bit', async () => {
    const straight = sweepProject();
    const lr = swept.best?.params['student.lr'];
    const run = await stillroom(straight, [
      'run',
      'pipelines/halving.yaml',
      '--set',
      `student.lr=${lr}`,
      '--set',
      'student.stop_after=9',
      '--json',
    ]);
    expect(run.json.hash).toBe(swept.best?.hash);
  });
});

describe('bad input', () => {
  let folder: string;

  beforeAll(() => {
    folder = sweepProject();
  });

  test.each([
    [['--over', 'student.lrr=0.1,0.2'], 'unknown-param', 'from --over student.lrr'],
    [['--maximize', 'student.scroe'], 'unknown-metric', 'from --maximize student.scroe'],
    [['--only', 'teacher'], 'unused-param', 'student.lr'],
    [['--only', 'student', '--over', 'card.x=1'], 'unknown-param', 'card'],
    [['--trials', '0'], 'bad-option', '--trials 3'],
    [['--over', 'student.lr'], 'bad-option', 'student.lr=log'],
    [['--constraint', 'student.score'], 'bad-option', 'export.bytes<=3e6'],
  ])('%s is told as %s, and nothing is executed', async (args, code, words) => {
    const swept = await sweep(folder, [pipeline, ...args]);
    expect([2, 3]).toContain(swept.code);
    expect(swept.error?.code).toBe(code);
    expect(`${swept.error?.message} ${swept.error?.hint}`).toContain(words);
    expect(executions(folder)).toEqual({});
  });

  test('a metric that a command does not write after all fails the trial, by name', async () => {
    const swept = await sweep(folder, [pipeline, '--over', 'student.lr=0.1', '--minimize', 'card.letters']);
    expect(swept.code).toBe(1);
    expect(swept.trials[0]?.error).toContain('card.bytes');
  });
});

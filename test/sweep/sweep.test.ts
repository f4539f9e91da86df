import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { edit, stillroom, write } from '../rig.ts';
import { executions, journalLines, loggedLines, type PrintedSweep, signalAfter, sweep, sweepProject } from './project.ts';

const pipeline = 'pipelines/learn.yaml';

describe('a grid', () => {
  const over = ['--over', 'student.lr=0.04,0.1,0.15,0.2', '--over', 'student.optimizer=adam,radam'];
  let folder: string;
  let first: PrintedSweep & { code: number };

  beforeAll(async () => {
    folder = sweepProject();
    first = await sweep(folder, [pipeline, ...over]);
  });

  test('of eight variants over the student executes each teacher once', () => {
    expect(first.code).toBe(0);
    expect(first.trials).toHaveLength(8);
    expect(executions(folder)).toEqual({ 'teacher[fold=0]': 1, 'teacher[fold=1]': 1, student: 8, card: 8 });
    expect(first.trials.every(({ state, run, hash }) => state === 'done' && run !== null && hash !== null)).toBe(true);
    expect(existsSync(join(folder, 'artifacts/latest'))).toBe(false);
  });

  test('keeps what is finished when it is started again, whatever a crash left at the end of its journal', async () => {
    appendFileSync(join(folder, 'artifacts/sweeps', `${first.sweep}.jsonl`), '\0\0\0\n{"type":"end","trial":3,"ru');
    const again = await sweep(folder, [pipeline, ...over]);
    expect(again.trials).toEqual(first.trials);
    expect(again.sweep).toBe(first.sweep);
    expect(executions(folder)['student']).toBe(8);
    expect(journalLines(folder, 'end')).toHaveLength(8);
  });

  test('gives the best variant as a file that carries its comments and gives its hash', async () => {
    expect(first.best?.params).toEqual({ 'student.lr': 0.1, 'student.optimizer': 'adam' });
    const file = relative(folder, first.files['best'] ?? '');
    const text = readFileSync(join(folder, file), 'utf8');
    expect(text).toContain('lr: 0.1, seed: $seed, optimizer: adam } # the rate');
    expect(text).toContain('# decides everything');
    const run = await stillroom(folder, ['run', file, '--json']);
    expect(run.json.executed).toEqual([]);
    expect(run.json.hash).toBe(first.best?.hash);
  });

  test('writes tables and plots that hold every trial, and prints the table that is asked for', async () => {
    const read = (what: string): string => readFileSync(first.files[what] ?? '', 'utf8');
    expect(read('csv').split('\r\n')).toHaveLength(10);
    expect(read('csv').split('\r\n')[0]).toBe('trial,state,student.lr,student.optimizer,student.score,card.bytes,run,hash,error');
    expect((JSON.parse(read('json')) as PrintedSweep).trials).toHaveLength(8);
    expect(read('parallel coordinates').match(/<path /g)).toHaveLength(8);
    expect(read('importance')).toContain('student.lr');
    const printed = await stillroom(folder, ['sweep', pipeline, ...over, '--format', 'md']);
    expect(printed.stdout).toBe(read('markdown'));
    const { stdout, stderr } = await stillroom(folder, ['sweep', pipeline, ...over]);
    expect(stdout).toMatch(/^trial +student\.lr +student\.optimizer +student\.score +state\n/);
    expect(stdout).toContain(`  npx stillroom run artifacts/sweeps/${first.sweep}/best.yaml\n`);
    expect(stderr).toBe(`sweep ${first.sweep}: 8 trials by grid; goes on: 8 finished ones are kept\n`);
  });

  test('is another sweep once code has changed', async () => {
    edit(folder, 'stages/learn/run.ts', '0.5 - Math', '0.4 - Math');
    const changed = await sweep(folder, [pipeline, '--over', 'student.lr=0.1,0.2']);
    expect(executions(folder)['student']).toBe(10);
    expect(changed.sweep).not.toBe(first.sweep);
  });
});

test('a sweep of which nothing comes through says why, and fails', async () => {
  const folder = sweepProject();
  const swept = await sweep(folder, [pipeline, '--over', 'student.lr=0.7', '--minimize', 'card.letters']);
  expect(swept.code).toBe(1);
  expect(swept.trials[0]?.error).toContain('It diverged.');
  const silent = await sweep(folder, [pipeline, '--over', 'student.lr=0.1', '--minimize', 'card.letters']);
  expect(silent.trials[0]?.error).toContain('card.bytes');
});

test('a sweep that is interrupted says how to go on, and does', async () => {
  const folder = sweepProject();
  const flag = join(folder, 'was-here');
  write(folder, {
    'slow.yaml': `name: slow
stages:
  one:
    run: '[ "$x" = 1 ] || [ -e ${flag} ] || { touch ${flag}; sleep 600; }; echo "$x" > "$out"'
    with: { x: 0 }
    out: { out: out.txt }
sweep: { over: { one.x: [1, 2] } }
`,
  });
  const args = ['slow.yaml', '--parallel', '1'];
  const { code, stderr } = await signalAfter(folder, args, 1, 'SIGINT');
  expect(code).toBe(130);
  expect(stderr).toContain('! SIGINT: stopping; start the sweep again to go on (again to kill what runs)\n');
  write(folder, { 'was-here': '' });
  const again = await sweep(folder, args);
  expect(again.stderr).toContain('goes on: 1 finished ones are kept');
  expect(again.trials.map(({ state }) => state)).toEqual(['done', 'done']);
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

test('a sweep that ends with a node runs nothing downstream of it; the best file goes the whole way', async () => {
  const folder = sweepProject();
  const swept = await sweep(folder, [pipeline, '--only', 'student']);
  expect(swept.trials.map(({ state }) => state)).toEqual(Array.from({ length: 6 }, () => 'done'));
  expect(executions(folder)).toEqual({ 'teacher[fold=0]': 1, 'teacher[fold=1]': 1, student: 6 });
  const best = swept.files['best'] ?? '';
  const judged = await stillroom(folder, ['run', best, '--only', 'student', '--json']);
  expect(judged.json.hash).toBe(swept.best?.hash);
  expect((await stillroom(folder, ['run', best, '--json'])).json.executed).toEqual(['card']);
});

/** The complete checkpoints in a project's store. */
function checkpointsIn(folder: string): string[] {
  const root = join(folder, 'artifacts/checkpoints');
  const works = existsSync(root) ? readdirSync(root) : [];
  return works.flatMap((work) => readdirSync(join(root, work)).filter((name) => name.startsWith('complete-')));
}

test('a run that ends by a budget leaves its newest checkpoint for a larger one; one that goes the whole way leaves none', async () => {
  const folder = sweepProject();
  const run = (...set: string[]) => stillroom(folder, ['run', 'pipelines/halving.yaml', ...set.flatMap((one) => ['--set', one]), '--json']);
  await run('student.stop_after=3');
  expect(checkpointsIn(folder)).toEqual(['complete-3']);
  await run('student.stop_after=5');
  expect(loggedLines(folder, 'student', 'learns epoch')).toBe(5);
  expect(checkpointsIn(folder)).toEqual(['complete-5']);
  expect((await stillroom(folder, ['gc'])).stdout).not.toContain('checkpoints');
  await run('student.lr=0.2');
  expect((await stillroom(folder, ['gc'])).stdout).toMatch(/checkpoints/);
  expect(checkpointsIn(folder)).toEqual([]);
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

  test('needs no checkpoint when it has ended; asked to keep them, it keeps the newest of each trial', async () => {
    expect(checkpointsIn(folder)).toEqual([]);
    const kept = sweepProject();
    await sweep(kept, ['pipelines/halving.yaml', '--parallel', '1', '--keep-checkpoints']);
    expect(checkpointsIn(kept)).toHaveLength(9);
    await stillroom(kept, ['gc']);
    expect(checkpointsIn(kept)).toHaveLength(9);
  });

  test('runs what is downstream of the node for survivors alone', () => {
    expect(executions(folder)['card']).toBe(swept.trials.filter(({ state }) => state === 'done').length);
    expect(swept.trials.filter(({ state }) => state === 'halted').every(({ hash }) => hash !== swept.best?.hash)).toBe(true);
  });

  test('goes on after a kill with the promotions that it would have made, and spends no epoch twice', async () => {
    const killed = sweepProject();
    const args = ['pipelines/halving.yaml', '--parallel', '1'];
    await signalAfter(killed, args, 2);
    await signalAfter(killed, args, 5);
    const last = await sweep(killed, args);
    expect(last.stderr).toMatch(/goes on: \d finished ones are kept/);
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

test.each([
  [['--over', 'student.lrr=0.1,0.2'], 'unknown-param', 'from --over student.lrr'],
  [['--maximize', 'student.scroe'], 'unknown-metric', 'from --maximize student.scroe'],
  [['--only', 'teacher'], 'unknown-metric', 'leaves student out'],
  [['--trials', '0'], 'bad-option', '--trials 3'],
  [['--format', 'yaml'], 'bad-option', 'known: text, csv, md, json'],
])('%s is told as %s, and nothing is executed', async (args, code, words) => {
  const folder = sweepProject();
  const swept = await sweep(folder, [pipeline, ...args]);
  expect([2, 3]).toContain(swept.code);
  expect(swept.error?.code).toBe(code);
  expect(`${swept.error?.message} ${swept.error?.hint}`).toContain(words);
  expect(executions(folder)).toEqual({});
});

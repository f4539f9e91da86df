import { describe, expect, test } from 'vitest';
import type { Space, SweepResult, SweepSpec } from '../../src/model/sweep.ts';
import type { SweepEvent } from '../../src/model/sweep-event.ts';
import { JsonLinesReporter } from '../../src/reporters/jsonl.ts';
import { Leaderboard } from '../../src/reporters/sweep/leaderboard.ts';
import { SweepLines } from '../../src/reporters/sweep/lines.ts';
import { sweepLines, sweepNotes } from '../../src/reporters/sweep/ranked.ts';
import { sweepCsv, sweepJson, sweepMarkdown } from '../../src/reporters/sweep/table.ts';
import { type Line, plainText } from '../../src/text/styled.ts';
import { specOf } from '../sweep/functions.ts';
import { Terminal } from './terminal.ts';
import { FakeWorkbench, MemoryLines, type Script, sweepInMemory } from '../sweep/rig.ts';

const spec: SweepSpec = specOf([{ name: 'student.name', domain: { kind: 'choice', values: ['=a', 'b|c', 'é日'] }, when: {} }], {
  strategy: 'grid',
  objectives: [{ metric: 'student.score', goal: 'maximize' }],
  constraints: [{ metric: 'card.bytes', bounds: { max: 5 } }],
  repeats: { seed: [1, 2] },
});
const script: Script = ({ 'student.name': name, seed = 0 }) =>
  name === 'b|c'
    ? new Error('It\ndiverged.')
    : { 'student.score': name === '=a' ? 0.123456 + Number(seed) / 100 : 0.9, 'card.bytes': name === '=a' ? 3 : 7 };

async function result(more: Partial<SweepSpec> = {}): Promise<SweepResult> {
  return (await sweepInMemory({ ...spec, ...more }, new FakeWorkbench(script), new MemoryLines())).result;
}

const texts = (lines: readonly Line[]): string[] => lines.map((line) => plainText(line).trimEnd());

describe('a sweep as a table', () => {
  test('for people has what is asked, as it ranks: the best first and marked, then what is infeasible, and last what failed', async () => {
    expect(texts(sweepLines(await result()))).toEqual([
      'trial  student.name     student.score  card.bytes  state',
      '    0  =a            0.13846 ± 0.0071       3 ± 0  ★ best',
      '    2  é日                    0.9 ± 0       7 ± 0  infeasible',
      '    1  b|c                                         failed',
    ]);
    expect(texts(sweepNotes(await result()))).toEqual(['1 infeasible: card.bytes above 5 (trial 2)', '1 failed: It diverged. (trial 1)']);
  });

  test('has titles cut short and lacks what tells least where the terminal is narrow, and says so', async () => {
    const space: Space = ['student.lr', 'student.fixed', 'teacher.lr'].map((name) => ({
      name,
      domain: { kind: 'choice', values: name === 'student.fixed' ? [1] : [1, 2, 3] },
      when: {},
    }));
    const swept = await result({ space, repeats: {}, constraints: [{ metric: 'card.bytes', bounds: { max: 50 } }] });
    const [head, ...rows] = texts(sweepLines(swept, { width: 48, rows: 4 }));
    expect(head).toBe('trial  student.lr  teacher.lr  score  state');
    expect(rows).toHaveLength(6);
    expect(rows.at(-2)).toMatch(/^and 5 more trials that rank lower/);
    expect(rows.at(-1)).toBe('no room for: card.bytes (a wider terminal, or the csv)');
    expect(texts(sweepNotes(swept))).toContain('the same in all: student.fixed = 1');
  });

  test('ranks trials that a budget was spent on by how far they came, and shows what they are judged by', async () => {
    const judge = { metric: 'student.score', goal: 'maximize' } as const;
    const budget = { param: 'student.epochs', node: 'student', judge, rungs: [1, 3] };
    const more = {
      strategy: 'asha',
      trials: 3,
      budget,
      repeats: {},
      settings: { factor: 3 },
      constraints: [],
      objectives: [{ metric: 'card.bytes', goal: 'minimize' }],
    } as const;
    const space: Space = [{ name: 'x', domain: { kind: 'int', from: 1, to: 9, log: false }, when: {} }];
    const own: Script = ({ x }) => ({ 'student.score': Number(x), 'card.bytes': 10 - Number(x) });
    const swept = (await sweepInMemory({ ...spec, ...more, space }, new FakeWorkbench(own), new MemoryLines())).result;
    const [head, ...rows] = texts(sweepLines(swept));
    expect(head?.split(/ +/)).toEqual(['trial', 'x', 'budget', 'card.bytes', 'student.score', 'state']);
    expect(rows.map((row) => row.replace(/^.* {2}/, ''))).toEqual(['★ best', 'not promoted', 'not promoted']);
    const scores = swept.trials.map(({ metrics }) => metrics['student.score'] ?? 0);
    expect(rows.map((row) => Number(row.trim().split(/ +/)[1]))).toEqual(scores.toSorted((a, b) => b - a));
  });

  test('as CSV has all digits and the deviation beside each metric; nothing in it is a formula', async () => {
    const [head, first, second] = sweepCsv(await result()).split('\r\n');
    expect(head).toBe('trial,state,student.name,student.score,student.score sd,card.bytes,card.bytes sd,run,hash,error');
    expect(first).toMatch(/^0,done,'=a,0\.138456,0\.0070710678118\d+,3,0,run-1 run-2,/);
    expect(second).toContain('"It');
  });

  test('as Markdown shows each cell as it is', async () => {
    const [, , first, , third] = sweepMarkdown(await result()).split('\n');
    expect(first).toBe('| 0 | =a | 0.13846 ± 0.0071 | 3 ± 0 | ★ best |');
    expect(third).toBe('| 1 | b\\|c |  |  | failed |');
  });

  test('as JSON names the runs of each trial', async () => {
    expect(sweepJson(await result(), { csv: 'table.csv' })).toMatchObject({
      sweep: 'test',
      strategy: 'grid',
      trials: [
        { trial: 0, state: 'done', run: 'run-1', feasible: true, repeats: [{ repeat: { seed: 1 } }, { repeat: { seed: 2 } }] },
        { trial: 1, state: 'failed', error: 'It\ndiverged.' },
        { trial: 2, state: 'done', feasible: false },
      ],
      best: { trial: 0 },
      files: { csv: 'table.csv' },
    });
  });
});

describe('a sweep in lines', () => {
  test('has one for its beginning, for each trial that ends, and for what is to be noted', async () => {
    const out = new Terminal(60);
    await sweepInMemory(spec, new FakeWorkbench(script), new MemoryLines(), { watchers: [new SweepLines(out, false)] });
    expect(out.text.split('\n')).toEqual([
      'sweep test: 3 trials by grid',
      '✔ 1/3  trial 0  student.name==a  student.score 0.13846 ± 0.0071',
      '✖ 2/3  trial 1  student.name=b|c  failed: It diverged.  (best: trial 0)',
      '✔ 3/3  trial 2  student.name=é日  student.score 0.9 ± 0  infeasible: card.bytes above 5  (best: trial 0)',
      '',
    ]);
  });

  test('says how many are kept when it goes on, and with verbose what the runs tell', async () => {
    const lines = new MemoryLines();
    await sweepInMemory(spec, new FakeWorkbench(script), lines);
    const out = new Terminal(60);
    await sweepInMemory(spec, new FakeWorkbench(script), lines, { retry: true, watchers: [new SweepLines(out, true)] });
    expect(out.text).toContain('3 trials by grid; goes on: 2 finished ones are kept\n');
    expect(out.text).toContain('trial 1 | ▸ student: it has not run before\n');
    expect(out.text).toContain('✖ 3/3  trial 1');
  });
});

describe('a leaderboard', () => {
  test('draws who leads and what runs in one place, and leaves above it what failed', async () => {
    const out = new Terminal(72);
    const seen: string[] = [];
    const workbench = new FakeWorkbench((params, nodes) => {
      seen.push(out.screen);
      return script(params, nodes);
    });
    await sweepInMemory({ ...spec, repeats: {} }, workbench, new MemoryLines(), { watchers: [new Leaderboard(out, { pause: 0 })] });
    expect(seen[2]?.split('\n')).toEqual([
      'sweep test: 3 trials by grid',
      '✖ 2/3  trial 1  student.name=b|c  failed: It diverged.  (best: trial 0)',
      expect.stringMatching(/^2 of 3 trials · 1 running · 1 failed · .*(?:left|unknown)$/),
      'trial  student.name  student.score  card.bytes  state',
      '    0  =a                  0.12346           3  ★ best',
      '    1  b|c                                      failed',
      '▸ trial 2  student',
    ]);
    expect(out.screen).not.toContain('running');
    expect(out.screen).toContain('✖ 2/3  trial 1');
  });
});

test('what happened in a sweep before someone watched it is told in short; the leaderboard goes on from there, and is taken away', async () => {
  const past: SweepEvent[] = [];
  const watchers = [{ report: (event: SweepEvent) => void past.push(event) }];
  await sweepInMemory({ ...spec, repeats: {} }, new FakeWorkbench(script), new MemoryLines(), { watchers });
  const untilTwo = past.slice(0, past.findIndex((event) => event.type === 'trial-ended' && event.trial.trial === 1) + 1);
  const out = new Terminal();
  const board = new Leaderboard(out, { pause: 0 });
  board.catchUp(untilTwo);
  const lines = out.screen.split('\n');
  expect(lines.slice(0, 2)).toEqual(['sweep test: 3 trials by grid', expect.stringContaining('✖ 2/3  trial 1')]);
  expect(lines[2]).toMatch(/^2 of 3 trials · /);
  expect(out.text.split('2 of 3 trials')).toHaveLength(2);
  board.close();
  expect(out.screen.split('\n').filter((line) => line !== '')).toEqual(lines.slice(0, 2));
  const plain = new Terminal();
  new SweepLines(plain, false).catchUp(untilTwo);
  expect(plain.screen.split('\n')).toEqual(['sweep test: 3 trials by grid', '  so far 2/3, 1 failed, best: trial 0']);
});

test('what a node notes and warns of is drawn in its line, and moves no cursor', () => {
  const written: string[] = [];
  const board = new Leaderboard({ write: (text: string) => written.push(text) > 0 }, { pause: 0 });
  const time = '2024-01-01T00:00:00.000Z';
  board.report({ type: 'sweep-started', sweep: 's', spec, count: 1, trials: [], ranking: [], best: undefined, time });
  const note = '\u001b]0;owned\u0007\nmore\u202e';
  board.report({
    type: 'trial-progress',
    trial: 0,
    repeat: {},
    event: { type: 'node-progress', node: 'n', done: 1, total: 4, note, time },
    time,
  });
  const notice = { type: 'notice', level: 'warning', node: 'n', message: note, time } as const;
  board.report({ type: 'trial-progress', trial: 0, repeat: {}, event: notice, time });
  expect(written.filter((text) => text.includes('owned'))).toEqual([
    expect.stringContaining('▸ trial 0  n  25 %  \\x1b]0;owned\\x07 more\\u202e\n'),
    expect.stringMatching(/! trial 0: n: \\x1b\]0;owned\\x07\nmore\\u202e\n0 of 1[\s\S]*▸ trial 0 {2}n {2}25 %/),
  ]);
});

test('the file of events holds all but what the runs of trials keep themselves', async () => {
  const written: string[] = [];
  const file = new JsonLinesReporter({ write: (line) => void written.push(line), close: async () => undefined });
  await sweepInMemory({ ...spec, repeats: {} }, new FakeWorkbench(script), new MemoryLines(), { watchers: [file] });
  const events = written.map((line) => JSON.parse(line) as { type: string; time: string });
  expect(events.map(({ type }) => type)).toEqual([
    'sweep-started',
    ...[0, 1, 2].flatMap(() => ['trial-started', 'trial-ended']),
    'sweep-ended',
  ]);
  expect(events.every(({ time }) => !Number.isNaN(Date.parse(time)))).toBe(true);
});

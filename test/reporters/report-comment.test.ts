import { describe, expect, test } from 'vitest';
import type { ReportRun } from '../../src/model/report.ts';
import { reportComment } from '../../src/reporters/report/comment.ts';
import { metricOf, nodeOf, reportedRun } from './reported.ts';

const shown = ['fit.accuracy', 'fit.loss', 'fit.speed', 'fit.count'];

function run(id: string, accuracy: number, loss: number): ReportRun {
  return reportedRun({
    run: id,
    shown,
    metrics: [
      metricOf('fit.accuracy', accuracy),
      metricOf('fit.loss', loss, { goal: 'minimize' }),
      metricOf('fit.speed', 800, { measured: true, under: 'onnxruntime, 2 threads' }),
      metricOf('fit.count', accuracy * 100, { goal: null }),
      ...Array.from({ length: 50 }, (_, index) => metricOf(`fit.other${index}`, index)),
    ],
  });
}

describe('a comment on a run beside another one', () => {
  const base = {
    run: run('old', 0.9, 0.5),
    changes: ['student.lr: 0.1 → 0.2'],
    noise: new Map([['fit.loss', { deviation: 0.1, runs: 5 }]]),
  };
  const text = reportComment([run('new', 0.91, 0.4)], { base, page: 'out/report.html' });

  test('has what is shown, in the order that was asked for, with how it moved and whether that is good', () => {
    expect(text.split('\n').filter((line) => line.startsWith('|'))).toEqual([
      '| metric | this run | old | change |',
      '| --- | --- | --- | --- |',
      '| fit.accuracy ↑ | 0.91 | 0.9 | +0.01 ✓ better |',
      '| fit.loss ↓ | 0.4 | 0.5 | −0.1 ≈ within the noise (seeds differ by ±0.1) |',
      '| fit.speed ↑ | 800 (onnxruntime, 2 threads) | 800 | = the same |',
      '| fit.count | 91 | 90 | +1 |',
    ]);
    const worse = reportComment([run('new', 0.8, 0.9)], { base: { ...base, noise: new Map() } });
    expect(worse).toContain('−0.1 ✗ worse');
    expect(worse).toContain('+0.4 ✗ worse');
  });

  test('says what changed and where to read more', () => {
    expect(text).toContain('What changed since `old`:\n\n- student.lr: 0.1 → 0.2\n');
    expect(text).toContain('[The whole report](<out/report.html>) · run `new` · compared with `old`');
    expect(reportComment([run('new', 0.91, 0.4)], { base: { ...base, changes: [] } })).toContain(
      'Nothing was asked otherwise than in `old`.',
    );
  });

  test('is shorter than 60 lines however much there is', () => {
    const many = Array.from({ length: 500 }, (_, index) => `p${index}: 1 → 2`);
    const failed = Array.from({ length: 40 }, (_, index) =>
      nodeOf(`n${index}`, {
        state: 'failed',
        error: { code: 'exit-code', message: 'it ended' },
        log: Array.from({ length: 20 }, (__, line) => `line ${line}`),
      }),
    );
    const all = { ...run('new', 1, 0), shown: run('new', 1, 0).metrics.map(({ name }) => name), nodes: failed };
    const long = reportComment([all], { base: { ...base, run: all, changes: many } });
    expect(long.split('\n').length).toBeLessThan(60);
    expect(long).toContain('and 490 more: `stillroom diff new new`');
    const runs = Array.from({ length: 200 }, (_, index) => run(`r${index}`, index, index));
    const table = reportComment(runs);
    expect(table.split('\n').length).toBeLessThan(60);
    expect(table).toContain('and 184 more runs.');
  });

  test('nothing that runs print or are called ends a block, a link or a row', () => {
    const evil = '``` </details> | [a](b) <script>\n# x';
    const bad = reportComment(
      [
        reportedRun({
          run: 'r`1',
          pipeline: evil,
          shown: [`fit.${evil}`],
          metrics: [metricOf(`fit.${evil}`, 1)],
          nodes: [nodeOf(evil, { state: 'failed', error: { code: 'c', message: evil }, log: ['````', evil, 'end'] })],
        }),
      ],
      { base: { run: run('old', 1, 1), changes: [evil], noise: new Map() }, page: 'a>b<c)' },
    );
    const [before = '', inside = '', after = ''] = bad.split(/^`````(?:text)?$/m);
    expect(inside).toContain('````\n``` </details> | [a](b) <script> # x\nend');
    for (const part of [before, after]) expect(part.replaceAll(/\\[\s\S]|`[^`]*`/g, '')).not.toMatch(/<script|<\/details|\[a\]/);
    expect(after).toContain('(<a%3Eb%3Cc)>)');
    expect(bad.split('\n').filter((line) => line.startsWith('# '))).toEqual([]);
  });
});

describe('a comment on several runs', () => {
  test('has a row each, and marks a metric’s best only where no other shares it', () => {
    const text = reportComment([run('a', 0.9, 0.5), run('b', 0.9, 0.4), run('c', 0.8, 0.5)]);
    const rows = text.split('\n').filter((line) => /^\| [abc] /.test(line));
    expect(rows).toEqual([
      '| a | done | 0.9 | 0.5 | 800 | 90 | 1.0 s |',
      '| b | done | 0.9 | 0.4 ★ | 800 | 90 | 1.0 s |',
      '| c | done | 0.8 | 0.5 | 800 | 80 | 1.0 s |',
    ]);
  });
});

import { describe, expect, test } from 'vitest';
import type { Curve, Drawn, ReportRun } from '../../src/model/report.ts';
import { boxLines } from '../../src/reporters/report/box-lines.ts';
import { reportPage } from '../../src/reporters/report/page.ts';
import { widthOf } from '../../src/text/width.ts';
import { metricOf, nodeOf, reportedRun } from './reported.ts';

const EVIL = `</script></style><script>globalThis.pwned=1</script><img src=x onerror="globalThis.pwned=2">'`;

/** The page without its script, its style and the numbers that the script reads. */
async function pageOf(...runs: readonly ReportRun[]): Promise<string> {
  return (await reportPage(runs)).replaceAll(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, '');
}

const titles = (page: string): (string | undefined)[] => [...page.matchAll(/<h2>([^<]*)<\/h2>/g)].map(([, title]) => title);

const curve = (node: string, metric: string, values: readonly number[], more: Partial<Curve> = {}): Curve => ({
  node,
  metric,
  points: values.map((value, index) => [index + 1, value] as const),
  ...more,
});

const legendOf = (page: string): string[] => [...page.matchAll(/<span class="label">([^<]*)<\/span>/g)].map(([, label = '']) => label);

describe('the page of a run', () => {
  const metrics = [
    ...[0, 1, 2].map((fold) => metricOf(`teacher[fold=${fold}].top1`, 0.5 + fold / 10)),
    metricOf('benchmark.accuracy', 0.9),
    metricOf('benchmark.fps', 800, { measured: true, under: 'onnxruntime 1.30.0, float32, 2 threads' }),
    ...Array.from({ length: 50 }, (_, index) => metricOf(`data.count${index}`, index, { goal: null })),
  ];
  const run = reportedRun({
    metrics,
    shown: ['benchmark.fps', 'teacher.top1', 'card.card'],
    nodes: [...[0, 1, 2].map((fold) => nodeOf(`teacher[fold=${fold}]`)), nodeOf('benchmark')],
    curves: [curve('teacher[fold=0]', 'loss', [3, 2]), curve('benchmark', 'loss', [2, 1])],
    params: { size: 32, 'student.lr': 0.1 },
    set: ['student.lr=0.1'],
  });

  test('leads with what is shown, large and with what it was measured under, and has all metrics last, folded', async () => {
    const page = await pageOf(run);
    expect(titles(page)).toEqual(['Results', 'Curves', 'Params', 'Graph', 'Timeline', 'Code and machine', 'Metrics']);
    const figures = [...page.matchAll(/<dt>([^<]*)<\/dt><dd class="value">([^<]*)<\/dd>/g)].map(([, name, value]) => [name, value]);
    expect(figures).toEqual([
      ['benchmark.fps', '800'],
      ['teacher.top1', '0.6 ± 0.1'],
    ]);
    expect(page).toContain('measured under onnxruntime 1.30.0, float32, 2 threads');
    expect(page).toContain('mean and standard deviation of 3 of teacher');
    expect(page.indexOf('data.count49')).toBeGreaterThan(page.indexOf('<summary>All 55 metrics</summary>'));
  });

  test('draws what was made last first, and the params that were set before the others', async () => {
    const page = await pageOf(run);
    expect([...page.matchAll(/<figcaption>([^<]*)</g)].map(([, title]) => title)).toEqual([
      'benchmark: loss',
      'teacher: loss',
      'teacher.top1',
    ]);
    expect(page.indexOf('>student.lr<')).toBeLessThan(page.indexOf('>size<'));
    expect(page).toContain('The other 1 params');
  });

  test('has a main part, headings without gaps, areas that are reached by keyboard, and names for rows and columns', async () => {
    const page = await pageOf(run);
    expect(page.match(/<main>/g)).toHaveLength(1);
    const levels = [...page.matchAll(/<h(\d)/g)].map(([, level]) => Number(level));
    levels.forEach((level, index) => expect(level - (levels[index - 1] ?? 0), `heading ${index}`).toBeLessThanOrEqual(1));
    for (const [tag] of page.matchAll(/<div class="scroll"[^>]*>/g)) expect(tag).toMatch(/role="region" tabindex="0" aria-label="[^"]+"/);
    const labels = [...page.matchAll(/role="region"[^>]*aria-label="([^"]+)"/g)].map(([, label]) => label);
    expect(new Set(labels).size).toBe(labels.length);
    expect(page).not.toMatch(/<th(?:>| (?!scope))/);
    for (const [tag] of page.matchAll(/<svg(?![^>]*aria-hidden)[^>]*>/g)) expect(tag).toMatch(/role="img" aria-label="[^"]+"/);
  });

  test('begins with why it failed, where it did', async () => {
    const error = {
      code: 'exit-code',
      message: 'it ended with 3',
      hint: 'fix it\n  its last lines:\n    | one\n  the whole log: /a/b.log',
    };
    const nodes = [nodeOf('data', { state: 'failed', error, log: ['<b>one</b>', 'two'] }), nodeOf('fit', { state: 'skipped' })];
    const page = await pageOf({ ...run, state: 'failed', nodes });
    expect(titles(page).slice(0, 2)).toEqual(['Why it failed', 'Results']);
    expect(page).toMatch(/<p class="bad">it ended with 3<\/p><p>What to do: fix it<\/p>/);
    expect(page).toContain('&lt;b&gt;one&lt;/b&gt;\ntwo</pre>');
    expect(page).toContain('1 of 2 nodes did not run');
    expect(await pageOf({ ...run, state: 'failed', nodes: [] })).toContain('No node says why');
  });
});

describe('the page of several runs', () => {
  const runs = [0.9, 0.9, 0.8].map((accuracy, index) =>
    reportedRun({
      run: `run${index}`,
      shown: ['fit.accuracy', 'fit.loss'],
      metrics: [metricOf('fit.accuracy', accuracy), metricOf('fit.loss', index, { goal: 'minimize' })],
      params: { rate: index, 'fit.rate': index, title: 'same' },
      curves: [
        curve('fit', 'loss', index === 2 ? [3, 1] : [3, 2]),
        curve('fit', 'fold_accuracy', [0.5, 0.6 + index / 100], { over: 'fold' }),
        curve('fit', 'once', [index]),
      ],
    }),
  );

  test('marks what is best alone; runs that share it are no winners', async () => {
    const page = await pageOf(...runs);
    const table = page.slice(page.indexOf('<table>'), page.indexOf('</table>'));
    expect(table.match(/class="number best">[^<]*/g)).toEqual(['class="number best">★ 0']);
    expect(table).not.toMatch(/fit\.rate|>title</);
  });

  test('equal curves share a line and an entry of the legend', async () => {
    const page = await pageOf(...runs);
    const chart = page.slice(page.indexOf('<figcaption>fit: loss'), page.indexOf('<figcaption>fit: fold_accuracy'));
    expect(legendOf(chart)).toEqual(['run0 = run1', 'run2']);
    expect(chart.match(/<polyline/g)).toHaveLength(2);
    const same = await pageOf(...Array.from({ length: 9 }, (_, index) => ({ ...(runs[0] as ReportRun), run: `r${index}` })));
    expect(legendOf(same)[0]).toBe('r0 = r1 and 7 more');
  });

  test('equal answers are told once; of two runs that answered otherwise, what changed is told too', async () => {
    const [first, second] = [
      [
        [5, 1],
        [2, 4],
      ],
      [
        [6, 0],
        [2, 4],
      ],
    ].map((counts, index) =>
      reportedRun({ run: `run${index}`, confusions: [{ from: 'judge.result', classes: ['cat', 'dog'], counts }] }),
    ) as [ReportRun, ReportRun];
    const page = await pageOf(first, second);
    expect([...page.matchAll(/<figcaption>([^:]*)/g)].map(([, title]) => title)).toEqual([
      ...['judge.result of run0', 'judge.result of run1', 'judge.result'],
    ]);
    const change = page.slice(page.indexOf('run1 less run0'));
    expect([...change.matchAll(/<td class="(\w+) s[1-9]" title="[^"]*">([^<]*)/g)].map(([, look, text]) => `${look} ${text}`)).toEqual([
      'right +1',
      'right −1',
    ]);
    const same = await pageOf(first, { ...first, run: 'again' }, second);
    expect(same.match(/<figcaption>[^:]*/g)).toEqual(['<figcaption>judge.result of run0 = again', '<figcaption>judge.result of run1']);
  });

  test('pictures of answers take so much of a page and no more', async () => {
    const items = Array.from({ length: 24 }, (_, index) => ({
      image: Buffer.alloc(80_000, index),
      name: `i${index}`,
      truth: 'a',
      predicted: 'b',
      probability: 1,
    }));
    const many = Array.from({ length: 12 }, (_, index) =>
      reportedRun({
        run: `run${index}`,
        samples: [{ from: 'judge.out', items: items.map((one) => ({ ...one, name: `${index} ${one.name}` })) }],
      }),
    );
    const page = await reportPage(many);
    expect(page.length).toBeLessThan(2_000_000);
    expect(page.match(/<li class="miss">/g)).toHaveLength(12);
    expect(page).toContain('12 more pictures for which a page has no room.');
  });

  test('a value for each fold, and a single value, is a spot and no curve', async () => {
    const page = await pageOf(...runs);
    const chart = page.slice(page.indexOf('<figcaption>fit: fold_accuracy'));
    expect(chart.slice(0, chart.indexOf('</svg>'))).not.toContain('<polyline');
    expect(chart).toContain('fold 2 of run1: 0.61');
    expect([...chart.matchAll(/<text class="tick name"[^>]*>([^<]*)/g)].map(([, name]) => name).slice(0, 2)).toEqual(['fold 1', 'fold 2']);
    expect(chart.match(/class="dot"/g)).toHaveLength(9);
  });

  test('very long curves of many runs leave it small, and keep their extremes', async () => {
    const many = Array.from({ length: 60 }, (_, index) =>
      reportedRun({
        run: `run${index}`,
        curves: [
          curve(
            'fit',
            'loss',
            Array.from({ length: 10_000 }, (__, step) => (step === 5001 ? 999 : Math.sin(step + index))),
          ),
        ],
      }),
    );
    const page = await reportPage(many);
    expect(page.length).toBeLessThan(5_000_000);
    const [, data = '[]'] = /<script type="application\/json">([^<]*)<\/script>/.exec(page) ?? [];
    const lines = JSON.parse(data) as { y: number[] }[];
    expect(lines).toHaveLength(60);
    for (const { y } of lines) expect(Math.max(...y)).toBe(999);
  });
});

describe('what commands drew as tables', () => {
  const axes = { instance: '', xLabel: 'fpr', yLabel: '' };
  const line = (run: string, value: number): ReportRun =>
    reportedRun({
      run,
      plots: [
        {
          of: 'ROC',
          title: 'ROC',
          ...axes,
          as: 'lines',
          series: ['train', 'test'].map((name, index) => ({
            name,
            points: [
              [0, 0],
              [1, value + index],
            ],
          })),
        },
        {
          of: 'fit.out',
          title: 'Importance',
          ...axes,
          as: 'bars',
          series: [
            {
              name: '',
              points: [
                ['a', value],
                ['b', -1],
              ],
            },
          ],
        },
        { of: 'fit.grid', title: 'Heat', ...axes, as: 'grid', columns: ['x', 'y'], rows: ['z'], values: [[value, null]] },
      ],
    });

  test('stands beside the curves, with what lies across named', async () => {
    const page = await pageOf(line('one', 1));
    expect(titles(page)).toContain('Plots');
    expect(legendOf(page)).toEqual(['train', 'test']);
    expect(page).toContain('data-x="fpr"');
    expect(page).toContain('aria-label="ROC over fpr, as lines; the table below says the same"');
    expect(page.match(/<rect class="dot/g)).toHaveLength(2);
    expect(page).toContain('<td class="right s1" title="z, x: 1">1</td><td></td>');
  });

  test('may rise upright: no value of a step is lost to the script that draws it', async () => {
    const points = [
      [0, 0],
      [0, 0.2],
      [0, 0.4],
      [1, 1],
      [1, 0.9],
    ] as const;
    const run = reportedRun({ plots: [{ of: 'ROC', title: 'ROC', ...axes, as: 'lines', series: [{ name: '', points }] }] });
    const [, data = '[]'] = /<script type="application\/json">([^<]*)<\/script>/.exec(await reportPage([run])) ?? [];
    const [line] = JSON.parse(data) as { x: number[]; y: number[] }[];
    expect(line?.y).toEqual([0, 0.2, 0.4, 1, 0.9]);
    expect(new Set(line?.x).size).toBe(5);
    expect(line?.x).toEqual(line?.x.toSorted((a, b) => a - b));
    for (const [index, [x]] of points.entries()) expect(line?.x[index]).toBeCloseTo(x, 5);
  });

  test('of several runs shares a chart, and what is the same a line', async () => {
    const page = await pageOf(line('one', 1), line('two', 0.5), line('three', 1));
    expect(page.match(/<figcaption>ROC</g)).toHaveLength(1);
    expect(legendOf(page).slice(0, 4)).toEqual([
      'train of one = train of three',
      'test of one = test of three',
      'train of two',
      'test of two',
    ]);
    expect(page.match(/<rect class="dot/g)).toHaveLength(6);
    expect([...page.matchAll(/<figcaption>(Heat[^<]*)</g)].map(([, title]) => title)).toEqual(['Heat, one = three', 'Heat, two']);
  });
});

test('what several runs have of an output stands next to each other', async () => {
  const drawn = (text: string): ReportRun['drawn'] => [{ from: 'card.out', isShown: false, kind: 'markdown', text }];
  const page = await pageOf(reportedRun({ run: 'one', drawn: drawn('first') }), reportedRun({ run: 'two', drawn: drawn('second') }));
  const beside = page.slice(page.indexOf('<div class="beside">'));
  expect(page).toContain('<summary>card.out of one and two</summary>');
  expect(beside.slice(0, beside.indexOf('</details>'))).toMatch(/card\.out of one[\s\S]*first[\s\S]*card\.out of two[\s\S]*second/);
});

describe('what users write', () => {
  test('is text wherever it stands', async () => {
    const drawn: Drawn[] = [
      {
        from: `${EVIL}.md`,
        isShown: true,
        kind: 'markdown',
        text: `# ${EVIL}\n\n${EVIL}\n\n[x](javascript:pwned) ![y](https://a.b/c.png) <b>z</b>\n\n\`\`\`\n${EVIL}\n\`\`\``,
      },
      {
        from: EVIL,
        isShown: false,
        kind: 'table',
        rows: [
          [EVIL, 'b'],
          [EVIL, '1'],
        ],
        count: 1,
        columns: 2,
      },
      { from: EVIL, isShown: true, kind: 'picture', type: 'image/svg+xml', bytes: Buffer.from('<svg onload="pwned"/>') },
      { from: EVIL, isShown: false, kind: 'html', text: EVIL },
    ];
    const node = nodeOf(EVIL, {
      state: 'failed',
      error: { code: 'c', message: EVIL, hint: EVIL },
      log: [EVIL],
      cause: EVIL,
      stage: EVIL,
      warning: EVIL,
    });
    const axes = { instance: EVIL, title: EVIL, xLabel: EVIL, yLabel: EVIL };
    const run = reportedRun({
      run: EVIL,
      pipeline: EVIL,
      tags: [EVIL],
      state: 'failed',
      set: [`title=${EVIL}`],
      params: { [EVIL]: EVIL },
      metrics: [metricOf(`${EVIL}.${EVIL}`, 1, { under: EVIL })],
      shown: [`${EVIL}.${EVIL}`],
      nodes: [node],
      curves: [curve(EVIL, EVIL, [1, 2])],
      confusions: [
        {
          from: EVIL,
          classes: [EVIL, 'b'],
          counts: [
            [1, 0],
            [0, 1],
          ],
        },
      ],
      samples: [{ from: EVIL, items: [{ image: Uint8Array.of(1), name: EVIL, truth: EVIL, predicted: EVIL, probability: 1 }] }],
      plots: [
        { of: 'a', ...axes, as: 'lines', series: [{ name: EVIL, points: [[1, 2]] }] },
        { of: 'b', ...axes, as: 'points', series: [{ name: EVIL, points: [[1, 2]] }] },
        { of: 'c', ...axes, as: 'bars', series: [{ name: EVIL, points: [[EVIL, 2]] }] },
        { of: 'd', ...axes, as: 'grid', columns: [EVIL], rows: [EVIL], values: [[1]] },
      ],
      drawn,
      undrawn: [EVIL],
      facts: { [EVIL]: EVIL },
      software: { stillroom: EVIL, node: EVIL, commit: EVIL, branch: EVIL },
    });
    for (const runs of [[run], [run, { ...run, run: 'other', params: {} }]]) {
      const page = await pageOf(...runs);
      expect(page.replaceAll(/<\/?\w+(?:\s[\w-]+="[^"<>]*")*\/?>|<!doctype html>/g, '')).not.toMatch(/</);
      const attributes = [...page.matchAll(/<\w[^>]*>/g)].flatMap(([tag]) =>
        [...tag.matchAll(/\s([\w-]+)="[^"]*"/g)].map(([, name = '']) => name),
      );
      expect(attributes.filter((name) => /^on|^style$/.test(name))).toEqual([]);
      expect(page).not.toMatch(/(?:href|src)="(?!#|data:image\/)/);
      expect(page).toMatch(/<iframe sandbox="" srcdoc="&lt;\/script&gt;/);
      expect((await reportPage(runs)).match(/<script/g)).toHaveLength(3);
    }
  });

  test('fits the boxes of the graph, however long or wide it is', () => {
    for (const name of [
      'a'.repeat(60),
      'a_node_with_a_very_long_name_that_says_all_there_is_to_say',
      '北海道'.repeat(20),
      'teacher[fold=0,size=128,model=efficientnet-lite0]',
      '👩‍👩‍👧‍👦'.repeat(30),
      '',
    ]) {
      const lines = boxLines(name, 22, 4);
      expect(lines.length).toBeLessThanOrEqual(4);
      for (const line of lines) expect(widthOf(line), line).toBeLessThanOrEqual(22);
    }
    expect(boxLines('teacher[fold=0,size=128]', 22, 4)).toEqual(['teacher[fold=0,', 'size=128]']);
    expect(boxLines('a'.repeat(60), 22, 4).join('')).toBe('a'.repeat(60));
    expect(boxLines('a'.repeat(600), 22, 4).at(-1)).toMatch(/^a{21}…$/);
    expect(boxLines('short', 22, 4)).toEqual(['short']);
  });
});

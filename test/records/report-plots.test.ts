import { describe, expect, test } from 'vitest';
import type { OutputPlot } from '../../src/model/plot.ts';
import type { RunRecord } from '../../src/model/run.ts';
import type { Artifacts } from '../../src/model/store.ts';
import { plotsOf } from '../../src/records/report/plots.ts';
import { recordOf } from './memory.ts';

interface Output {
  readonly text?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly suffix?: string;
  readonly plot?: OutputPlot;
  readonly size?: number;
}

/** A run whose nodes, or their instances, have an output `out` each; and its store. */
function runOf(outputs: Readonly<Record<string, Output>>, plots?: RunRecord['plots']): { artifacts: Artifacts; record: RunRecord } {
  const record = recordOf('1', { nodes: Object.fromEntries(Object.keys(outputs).map((name) => [name, { command: 'make' }])) });
  const nodes = Object.entries(record.nodes).map(([name, node]) => {
    const { text, files, suffix = '.csv', plot, size } = outputs[name] ?? {};
    const kind = files === undefined ? ('file' as const) : ('dir' as const);
    const artifact = { kind, digest: name, size: size ?? text?.length ?? 0, suffix: kind === 'dir' ? '' : suffix, measured: false };
    const { recipe } = node;
    if (recipe === undefined) throw new Error('no recipe');
    const declared = { kind, suffix, measured: false, ...(plot === undefined ? {} : { plot }) };
    return [name, { ...node, outputs: { out: artifact }, recipe: { ...recipe, outputs: { out: declared } } }] as const;
  });
  const artifacts = {
    read: (digest: string) => {
      const [name = '', ...path] = digest.split('/');
      const text = path.length === 0 ? outputs[name]?.text : outputs[name]?.files?.[path.join('/')];
      return text === undefined ? undefined : Buffer.from(text);
    },
    manifest: (digest: string) => ({
      files: Object.entries(outputs[digest]?.files ?? {}).map(([path, text]) => ({ path, digest: `${digest}/${path}`, size: text.length })),
    }),
  } as unknown as Artifacts;
  return { artifacts, record: { ...record, nodes: Object.fromEntries(nodes), ...(plots === undefined ? {} : { plots }) } };
}

const drawnOf = (outputs: Readonly<Record<string, Output>>, plots?: RunRecord['plots']) => {
  const { artifacts, record } = runOf(outputs, plots);
  return plotsOf(artifacts, record);
};

describe('a table of a command is drawn as a plot', () => {
  test('as its output declares it: columns, mark, title and labels', () => {
    const text = 'fpr,tpr,random\n0,0,0\n1,1,1\n0.5,0.9,0.5\n';
    const plot = { x: 'fpr', y: ['tpr', 'random'], title: 'ROC', xLabel: 'false positives' };
    expect(drawnOf({ roc: { text, plot } }).plots).toEqual([
      {
        ...{ of: 'roc.out', instance: '', title: 'ROC', xLabel: 'false positives', yLabel: '', as: 'lines' },
        series: [
          {
            name: 'tpr',
            points: [
              [0, 0],
              [0.5, 0.9],
              [1, 1],
            ],
          },
          {
            name: 'random',
            points: [
              [0, 0],
              [0.5, 0.5],
              [1, 1],
            ],
          },
        ],
      },
    ]);
  });

  test('points stay as they come; without x the rows count, and without y the last column is drawn', () => {
    const [plot] = drawnOf({ a: { text: 'u;v\n3;1,5\n', plot: {} }, b: { text: 'u,v\n3,7\n1,8\nx,\n', plot: { as: 'points' } } }).plots;
    expect(plot).toMatchObject({ of: 'b.out', as: 'points', xLabel: 'row', yLabel: 'v' });
    expect(plot?.as === 'points' && plot.series[0]?.points).toEqual([
      [0, 7],
      [1, 8],
    ]);
  });

  test('names across are bars, one for each name: the mean where it comes several times', () => {
    const [plot, json] = drawnOf({
      a: { text: 'kind,value\ncat,1\ndog,2\ncat,3\n', plot: { as: 'bars' } },
      b: { text: '[{"kind":"cat","value":NaN},{"kind":"dog","value":4}]', suffix: '.json', plot: { x: 'kind', y: ['value'] } },
    }).plots;
    expect(plot).toMatchObject({
      as: 'bars',
      xLabel: 'kind',
      yLabel: 'value',
      series: [
        {
          name: '',
          points: [
            ['cat', 2],
            ['dog', 2],
          ],
        },
      ],
    });
    expect(json).toMatchObject({ as: 'bars', series: [{ points: [['dog', 4]] }] });
  });

  test('bars may be declared lying: names upward, values across', () => {
    const plot = { as: 'bars' as const, x: 'value', y: ['kind'], xLabel: 'how much' };
    expect(drawnOf({ a: { text: 'kind,value\ncat,1\ndog,2\n', plot } }).plots).toMatchObject([
      {
        as: 'bars',
        xLabel: 'kind',
        yLabel: 'how much',
        series: [
          {
            points: [
              ['cat', 1],
              ['dog', 2],
            ],
          },
        ],
      },
    ]);
    const joined = [{ name: 'Both', ...plot, y: [['a.out', ['kind']]] as const }];
    expect(drawnOf({ a: { text: 'kind,value\ncat,1\n' } }, joined).plots).toMatchObject([{ of: 'Both', yLabel: 'how much' }]);
  });

  test('what is so and what was said become a confusion matrix, in the order of numbers', () => {
    const text = 'actual,predicted\n10,10\n9,10\n9,9\n9,9\n';
    const expected = [
      {
        node: 'cm',
        confusion: {
          from: 'cm.out',
          classes: ['9', '10'],
          counts: [
            [2, 1],
            [0, 1],
          ],
        },
      },
    ];
    expect(drawnOf({ cm: { text } }).confusions).toEqual(expected);
    expect(drawnOf({ cm: { text, plot: { as: 'confusion', x: 'actual', y: ['predicted'] } } }).confusions).toEqual(expected);
  });

  test('columns that count, and curves of classifiers, are known by their names; other tables are left as they are', () => {
    const { plots, drawn, undrawn } = drawnOf({
      loss: { text: 'step\tloss\tname\n1\t0.5\ta\n2\tnan\tb\n3\t0.2\tc\n', suffix: '.tsv' },
      prc: { files: { 'a/prc.json': '{"prc":[{"recall":1,"precision":0.1},{"recall":0,"precision":1}]}' } },
      other: { text: 'a,b\n1,2\n3,4\n' },
      joined: { text: 'fpr,tpr\n0,0\nfpr,tpr\n1,1\n' },
      wide: {
        text: `step,${Array.from({ length: 10_000 }, (_, at) => `c${at}`).join()}\n1${',2'.repeat(10_000)}\n2${',2'.repeat(10_000)}\n`,
      },
    });
    expect(plots).toMatchObject([
      {
        of: 'loss.out: loss',
        title: 'loss.out: loss',
        xLabel: 'step',
        series: [
          {
            points: [
              [1, 0.5],
              [3, 0.2],
            ],
          },
        ],
      },
      {
        of: 'prc.out/a/prc.json',
        xLabel: 'recall',
        series: [
          {
            points: [
              [0, 1],
              [1, 0.1],
            ],
          },
        ],
      },
    ]);
    expect([...drawn]).toEqual(['loss.out', 'prc.out/a/prc.json']);
    expect(undrawn).toEqual([]);
  });

  test('written by its columns too, as pandas and Keras write JSON; a history of losses counts its rows', () => {
    const { plots, drawn } = drawnOf({
      pandas: { suffix: '.json', text: '{"step":{"0":1,"1":2},"loss":{"0":5,"1":6}}' },
      split: { suffix: '.json', text: '{"columns":["step","loss"],"index":[0,1],"data":[[1,7],[2,8]]}' },
      keras: { suffix: '.json', text: '{"loss":[3,2],"val_loss":[4,NaN]}' },
      scores: { suffix: '.json', text: '{"train":{"a":1,"loss":2},"test":{"a":3,"loss":4}}' },
      others: { suffix: '.json', text: '{"mean":[1,2],"names":["a","b"]}' },
    });
    expect([...drawn]).toEqual(['pandas.out', 'split.out', 'keras.out']);
    expect(plots).toMatchObject([
      {
        of: 'pandas.out: loss',
        xLabel: 'step',
        series: [
          {
            points: [
              [1, 5],
              [2, 6],
            ],
          },
        ],
      },
      {
        of: 'split.out: loss',
        xLabel: 'step',
        series: [
          {
            points: [
              [1, 7],
              [2, 8],
            ],
          },
        ],
      },
      {
        of: 'keras.out: loss',
        xLabel: 'row',
        series: [
          {
            points: [
              [0, 3],
              [1, 2],
            ],
          },
        ],
      },
      { of: 'keras.out: val_loss', xLabel: 'row', series: [{ points: [[0, 4]] }] },
    ]);
  });

  test('with so many points as a chart can show, and its extremes among them', () => {
    const rows = Array.from({ length: 50_000 }, (_, step) => `${step},${step === 25_001 ? 99 : Math.sin(step)}`).join('\n');
    const text = `step,v\n${rows}\n`;
    for (const plot of drawnOf({ a: { text }, b: { text, plot: { as: 'points', x: 'step' } } }).plots) {
      const points = plot.as === 'lines' || plot.as === 'points' ? (plot.series[0]?.points ?? []) : [];
      expect(points.length).toBeGreaterThan(2000);
      expect(points.length).toBeLessThanOrEqual(4000);
      expect(plot.as !== 'grid' && plot.series[0]?.count).toBe(50_000);
      if (plot.as === 'lines') expect(points).toContainEqual([25_001, 99]);
    }
  });

  test('of every instance, which share a chart later', () => {
    const plot = { x: 'a', y: ['b'] };
    const found = drawnOf({ 'fit[fold=0]': { text: 'a,b\n1,2\n', plot }, 'fit[fold=1]': { text: 'a,b\n1,3\n', plot } }).plots;
    expect(found.map(({ of, instance }) => [of, instance])).toEqual([
      ['fit.out', 'fold=0'],
      ['fit.out', 'fold=1'],
    ]);
  });
});

test('a plot of several tables has a series for each column of each file, called by what tells them apart', () => {
  const files = { 'roc/train.csv': 'fpr,tpr\n0,0\n1,1\n', 'roc/test.csv': 'fpr,tpr,fnr\n0,0,1\n1,0.9,0\n' };
  const { plots, undrawn } = drawnOf({ eval: { files } }, [
    {
      name: 'ROC',
      x: 'fpr',
      y: [
        ['eval.out/roc/train.csv', ['tpr']],
        ['eval.out/roc/test.csv', ['tpr', 'fnr']],
        ['eval.out/roc/gone.csv', ['tpr']],
      ],
    },
  ]);
  expect(plots).toHaveLength(1);
  expect(plots[0]).toMatchObject({ of: 'ROC', title: 'ROC', xLabel: 'fpr', yLabel: '', as: 'lines' });
  expect(plots[0]?.as === 'lines' && plots[0].series.map(({ name }) => name)).toEqual(['train', 'test: tpr', 'test: fnr']);
  expect(undrawn).toEqual(['ROC: no node gave eval.out/roc/gone.csv']);
});

test('what is declared to be drawn and cannot be is told with why; nothing large is read', () => {
  const columns = Array.from({ length: 20 }, (_, at) => `c${at}`);
  const { plots, undrawn } = drawnOf({
    a: { text: `${columns.join()}\n${columns.map(() => 1).join()}\n`, plot: { x: 'fpr' } },
    b: { text: '"never closed\n', plot: {} },
    c: { size: 500_000_000, plot: {} },
    d: { size: 500_000_000 },
    e: { text: 'a,b\n1,x\n', plot: { x: 'a', y: ['b'] } },
    g: { text: 'a,b\n1,\n2,\n,3\n', plot: { x: 'a', y: ['b'] } },
    f: { text: '{"broken', suffix: '.json', plot: {} },
  });
  expect(plots).toEqual([]);
  expect(undrawn).toEqual([
    'a.out: it has no column "fpr" (there are: c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11 …)',
    'b.out: it is no table that can be read',
    'c.out: it is too large to be drawn (500.0 MB)',
    'e.out: its column "b" has no numbers',
    'f.out: it is no table that can be read',
    'g.out: no row has numbers for it',
  ]);
});

describe('a specification of Vega-Lite', () => {
  const spec = (rest: object): Output => ({
    suffix: '.json',
    text: JSON.stringify({ $schema: 'https://vega.github.io/schema/vega-lite/v5.json', ...rest }),
  });
  const field = (name: string, type = 'quantitative') => ({ field: name, type });
  const values = [
    { x: 2, y: 4, kind: 'a' },
    { x: 1, y: 3, kind: 'b' },
    { x: 1, y: 5, kind: 'a' },
  ];
  const drawn = (rest: object) => {
    const { plots, undrawn } = drawnOf({ made: spec(rest) });
    return { plots, undrawn };
  };

  test('is drawn with its own data: lines and points by what tells them apart', () => {
    const encoding = { x: field('x'), y: { ...field('y'), title: 'why' }, color: field('kind', 'nominal') };
    expect(drawn({ title: 'T', data: { values }, mark: { type: 'line' }, encoding }).plots).toEqual([
      {
        ...{ of: 'made.out', instance: '', title: 'T', xLabel: 'x', yLabel: 'why', as: 'lines' },
        series: [
          {
            name: 'a',
            points: [
              [1, 5],
              [2, 4],
            ],
          },
          { name: 'b', points: [[1, 3]] },
        ],
      },
    ]);
    const { plots } = drawn({ data: { name: 'd' }, datasets: { d: values }, layer: [{ mark: 'point', encoding }, { mark: 'rule' }] });
    expect(plots).toMatchObject([
      {
        as: 'points',
        series: [
          {
            name: 'a',
            points: [
              [2, 4],
              [1, 5],
            ],
          },
          { name: 'b' },
        ],
      },
    ]);
  });

  test('bars, arcs and histograms become bars of what they sum up, rectangles a grid', () => {
    const count = { aggregate: 'count' };
    expect(drawn({ data: { values }, mark: 'bar', encoding: { x: count, y: field('kind', 'nominal') } }).plots).toMatchObject([
      {
        as: 'bars',
        xLabel: 'kind',
        yLabel: 'count',
        series: [
          {
            name: '',
            points: [
              ['a', 2],
              ['b', 1],
            ],
          },
        ],
      },
    ]);
    const arc = { theta: { ...field('y'), aggregate: 'mean' }, color: field('kind', 'nominal') };
    expect(drawn({ data: { values }, mark: 'arc', encoding: arc }).plots).toMatchObject([
      {
        as: 'bars',
        yLabel: 'mean of y',
        series: [
          {
            points: [
              ['a', 4.5],
              ['b', 3],
            ],
          },
        ],
      },
    ]);
    const bins = { x: { ...field('y'), bin: true }, y: count };
    expect(drawn({ data: { values: [1, 2, 9].map((y) => ({ y })) }, mark: 'bar', encoding: bins }).plots).toMatchObject([
      {
        series: [
          {
            points: [
              ['1 to 2', 1],
              ['2 to 3', 1],
              ['8 to 9', 1],
            ],
          },
        ],
      },
    ]);
    const rect = { x: field('x', 'ordinal'), y: field('kind', 'nominal'), color: field('y') };
    expect(drawn({ data: { values }, mark: 'rect', encoding: rect }).plots).toMatchObject([
      {
        as: 'grid',
        columns: ['2', '1'],
        rows: ['a', 'b'],
        values: [
          [4, 5],
          [null, 3],
        ],
      },
    ]);
  });

  test('times lie as days from the first one', () => {
    const data = {
      values: [
        { day: '2026-01-03', y: 1 },
        { day: '2026-01-01', y: 2 },
      ],
    };
    expect(drawn({ data, mark: 'line', encoding: { x: field('day', 'temporal'), y: field('y') } }).plots).toMatchObject([
      {
        xLabel: 'day, in days from 2026-01-01',
        series: [
          {
            points: [
              [0, 2],
              [2, 1],
            ],
          },
        ],
      },
    ]);
  });

  test('is repeated for each value of a facet, and points on the lines of another layer are these lines', () => {
    const encoding = { x: field('x'), y: field('y'), column: field('kind', 'nominal') };
    const { plots } = drawn({ title: 'T', data: { values }, mark: 'line', encoding });
    expect(plots.map(({ title, of }) => [title, of])).toEqual([
      ['T: kind a', 'made.out'],
      ['T: kind b', 'made.out: 2'],
    ]);
    const inner = { mark: 'bar', encoding: { x: field('kind', 'nominal'), y: field('y') } };
    expect(drawn({ data: { values }, facet: { row: field('x') }, spec: inner }).plots).toHaveLength(2);
    const plain = { x: field('x'), y: field('y') };
    expect(drawn({ data: { values }, encoding: plain, layer: [{ mark: 'point' }, { mark: 'line' }] }).plots).toMatchObject([
      { as: 'lines' },
    ]);
  });

  test('bins of a grid are its rows, in their order', () => {
    const rect = { x: field('kind', 'nominal'), y: { ...field('y'), bin: { maxbins: 5 } }, color: { aggregate: 'count' } };
    const data = { values: [9, 1, 2].map((y) => ({ y, kind: 'a' })) };
    expect(drawn({ data, mark: 'rect', encoding: rect }).plots).toMatchObject([
      { rows: ['1 to 2', '2 to 3', '8 to 9'], values: [[1], [1], [1]] },
    ]);
  });

  test('of which something is not drawn here says what, and nothing is loaded', () => {
    const encoding = { x: field('x'), y: field('y') };
    const told = (rest: object): readonly string[] => drawn(rest).undrawn;
    expect(told({ data: { url: 'https://a.b/c.json' }, mark: 'point', encoding })[0]).toContain('https://a.b/c.json');
    expect(told({ data: { values }, mark: 'geoshape', encoding })).toEqual(['made.out: its mark "geoshape" is not drawn here']);
    expect(told({ data: { values }, mark: '__proto__', encoding })).toEqual(['made.out: its mark "__proto__" is not drawn here']);
    expect(told({ data: { values }, mark: 'point', encoding, transform: [{ filter: '1' }] })[0]).toContain('transforms its data');
    const month = { x: { ...field('x'), timeUnit: 'month' }, y: { aggregate: 'count' } };
    expect(told({ data: { values }, mark: 'bar', encoding: month })[0]).toContain('groups times');
    const deviation = { x: field('kind'), y: { ...field('y'), aggregate: 'stdev' } };
    expect(told({ data: { values }, mark: 'bar', encoding: deviation })[0]).toContain('sums up by "stdev"');
    expect(told({ data: { values }, transform: [{}], layer: [{ mark: 'line', encoding }] })[0]).toContain('transforms its data');
    expect(told({ data: { values }, repeat: ['x', 'y'], spec: { mark: 'line', encoding } })[0]).toContain('repeats a view over fields');
    expect(told({ mark: 'point', encoding })).toEqual(['made.out: it has no data of its own']);
    expect(told({ data: { values }, mark: 'point' })).toEqual(['made.out: it says nothing of x or of y']);
    const vega = { suffix: '.json', text: '{"$schema":"https://vega.github.io/schema/vega/v5.json"}' };
    expect(drawnOf({ made: vega }).undrawn[0]).toContain('only Vega-Lite');
  });
});

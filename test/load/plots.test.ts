import { expect, test } from 'vitest';
import { load, pipelineText, project } from './project.ts';

const rows = `draw: { run: "true", out: { rows: { path: rows.csv, plot: { x: fpr, y: [tpr, random], title: ROC, x_label: false positives } }, all: { path: all/, plot: {} } } }`;

test('how an output is drawn, and what is drawn of several, is read from the file', async () => {
  const top = `plots:
  ROC: { x: fpr, y: { draw.rows: tpr, draw.all/test/roc.json: [tpr, fnr] } }
  Taken: { as: confusion, x: actual, y: { draw.all/cm.csv: predicted }, y_label: said }`;
  const loaded = await load(project(), pipelineText({ top, more: rows }));
  expect(loaded.ok ? loaded.value.instances.find(({ node }) => node === 'draw')?.outputs : loaded.problems).toEqual({
    rows: {
      kind: 'file',
      suffix: '.csv',
      measured: false,
      plot: { x: 'fpr', y: ['tpr', 'random'], title: 'ROC', xLabel: 'false positives' },
    },
    all: { kind: 'dir', suffix: '', measured: false, plot: {} },
  });
  expect(loaded.ok && loaded.value.plots).toEqual([
    {
      name: 'ROC',
      x: 'fpr',
      y: [
        ['draw.rows', ['tpr']],
        ['draw.all/test/roc.json', ['tpr', 'fnr']],
      ],
    },
    { name: 'Taken', as: 'confusion', x: 'actual', yLabel: 'said', y: [['draw.all/cm.csv', ['predicted']]] },
  ]);
});

test.each([
  ['drew.rows: tpr', '"drew.rows" is not a node\'s output, nor a file in one', 'did you mean "draw.rows"?'],
  ['draw.row/a.csv: tpr', '"draw.row/a.csv" is not', 'draw.rows'],
  ['draw.rows/roc.csv: tpr', '"draw.rows" is a file, and has no "roc.csv" in it', 'write draw.rows'],
  ['draw.all: tpr', '"draw.all" is a folder', 'name a file in it, such as draw.all/loss.csv'],
])('a plot of what no node gives is refused at its place (%#)', async (y, message, hint) => {
  const loaded = await load(project(), pipelineText({ top: `plots: { ROC: { y: { ${y} } } }`, more: rows }));
  const [problem, ...others] = loaded.ok ? [] : loaded.problems;
  expect(others).toEqual([]);
  expect(problem?.message).toContain(message);
  expect(problem?.hint).toContain(hint);
  expect(problem?.place?.line).toBe(4);
});

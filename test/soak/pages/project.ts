import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encodePng } from '../../../src/text/png.ts';

/** What would run, or leave its place, where a text is taken for markup. */
export const EVIL = `</style></title></script><script>globalThis.pwned=1</script><img src=x onerror="globalThis.pwned=2">`;

const STAGE = `import { defineStage, param } from 'stillroom';

export default defineStage({
  about: 'Reports as trainings do.',
  params: { rate: param.number({ default: 0.5 }), fold: param.int({ default: 0 }), steps: param.int({ default: 60 }), title: param.string({ default: '' }) },
  inputs: { text: 'file' },
  outputs: { model: 'dir', report: { kind: 'file.json', measured: true } },
  metrics: { accuracy: { goal: 'maximize' }, loss: { goal: 'minimize' }, fold_accuracy: { goal: 'maximize' }, speed: { goal: 'maximize', measured: true } },
  run: () => import('./run.ts'),
});
`;

const RUN = `import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { work } from 'stillroom';
import type stage from './stage.ts';

export default work<typeof stage>(({ params, outputs, metric }) => {
  const { rate, fold, steps } = params;
  for (let step = 1; step <= steps; step += 1) metric('loss', 1 / (1 + rate * step) + 0.05 * Math.sin(step * 7 + fold), { step });
  for (let one = 0; one < 5; one += 1) metric('fold_accuracy', 0.8 + ((one * 37) % 11) / 100 + rate / 100, { step: one });
  writeFileSync(join(outputs.model, 'model.json'), JSON.stringify({ rate, fold }));
  writeFileSync(outputs.report, JSON.stringify({ engine: { name: 'onnxruntime', version: '1.30.0', precision: 'float32', threads: 2 } }));
  metric('accuracy', Math.min(0.95, 0.8 + rate / 4 + fold / 100));
  metric('loss', 1 / (1 + rate * steps));
  metric('speed', 800 + fold);
});
`;

/** Makes data with predictions for it, and what can be seen of all kinds: some of it means harm. */
const MAKE = `
const fs = require('node:fs');
const [, , kind, out, evil] = process.argv;
const classes = ['cat', 'dog', 'a class with a long name'];
if (kind === 'data') {
  fs.writeFileSync(out + '/dataset.json', JSON.stringify({ format: 1, count: 9, height: 8, width: 8, channels: 3, classes, mean: [0], std: [1] }));
  fs.writeFileSync(out + '/images.bin', Buffer.from(Array.from({ length: 9 * 192 }, (_, index) => (index * 7) % 256)));
  fs.writeFileSync(out + '/labels.bin', Buffer.from(Array.from({ length: 9 }, (_, index) => [index % 3, 0]).flat()));
  fs.writeFileSync(out + '/names.txt', Array.from({ length: 9 }, (_, index) => 'image ' + index + '.png\\n').join(''));
} else if (kind === 'predictions') {
  fs.writeFileSync(out + '/predictions.json', JSON.stringify({ format: 1, count: 9, classes }));
  const rows = Array.from({ length: 9 }, (_, index) => [0.1, 0.1, 0.1].map((share, at) => (at === (index * index) % 3 ? 0.8 : share)));
  fs.writeFileSync(out + '/predictions.bin', Buffer.from(new Float32Array(rows.flat()).buffer));
} else {
  fs.writeFileSync(out + '/plot.png', Buffer.from(process.env.PNG, 'base64'));
  fs.writeFileSync(out + '/figure.svg', '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 60"><script>globalThis.pwned=3</script><rect width="200" height="60" fill="#ddd" onload="globalThis.pwned=4"/><text x="10" y="35">a figure</text></svg>');
  fs.writeFileSync(out + '/table.csv', 'name,count\\n"' + evil.replaceAll('"', '""') + '",3\\n' + Array.from({ length: 80 }, (_, index) => 'row ' + index + ',' + index).join('\\n') + '\\n');
  fs.writeFileSync(out + '/rows.json', JSON.stringify([{ name: 'a', value: 1.5 }, { name: evil, value: 2 }]));
  fs.writeFileSync(out + '/notes.md', '# Notes\\n\\n' + evil + '\\n\\n[a link](javascript:globalThis.pwned=5) and [another](https://example.org)\\n\\n![a picture](https://example.org/a.png)\\n\\n| a | b |\\n|---|---|\\n| 1 | 2 |\\n\\n- [x] done\\n');
  const roc = Array.from({ length: 30 }, (_, index) => ({ fpr: index / 29, tpr: Math.sqrt(index / 29), [evil]: 1 }));
  fs.writeFileSync(out + '/roc.json', JSON.stringify({ roc }));
  fs.writeFileSync(out + '/bars.csv', 'name,value\\n"' + evil.replaceAll('"', '""') + '",3\\na name that is longer than its room,-2\\nb,7\\n');
  fs.writeFileSync(out + '/scatter.tsv', 'u\\tv\\n' + Array.from({ length: 200 }, (_, index) => (index * 37) % 101 + '\\t' + (index * 53) % 97).join('\\n') + '\\n');
  const values = Array.from({ length: 40 }, (_, index) => ({ x: index % 8, y: Math.floor(index / 8), v: index, name: index % 2 ? evil : 'plain' }));
  const encoding = { x: { field: 'x', type: 'ordinal' }, y: { field: 'y', type: 'ordinal' }, color: { field: 'v', type: 'quantitative' } };
  fs.writeFileSync(out + '/heat.json', JSON.stringify({ $schema: 'https://vega.github.io/schema/vega-lite/v5.json', title: evil, data: { values }, mark: 'rect', encoding }));
  fs.writeFileSync(out + '/page.html', '<!doctype html><style>h1{color:teal}</style><h1>A page</h1><script>parent.pwned=6;globalThis.pwned=7</script><img src="https://example.org/b.png">');
}
`;

const LONG = 'a_node_with_a_very_long_name_that_says_all_there_is_to_say_of_it';

const PIPELINE = `name: seen
params: { rate: 0.4, title: plain }
plots:
  ROC: { x: fpr, y: { draw.all/roc.json: tpr }, x_label: false positives, y_label: true positives }
  Bars: { as: bars, y: { draw.all/bars.csv: value } }
  Points: { as: points, x: u, y: { draw.all/scatter.tsv: v } }
show: [fit.accuracy, last.accuracy, last.speed, judge.accuracy, draw.all, draw.card]
sources: { text: ../text.txt }
stages:
  data: { run: [node, $make, data, $out], in: { make: ./make.cjs }, out: { out: data/ } }
  fit:
    uses: fit
    matrix: { fold: [0, 1, 2] }
    in: { text: $sources.text }
    with: { rate: $rate, fold: $fold, title: $title }
  last:
    uses: fit
    in: { text: $sources.text }
    with: { rate: $rate, steps: 200 }
  predict: { run: [node, $make, predictions, $out], in: { make: ./make.cjs, data: data.out }, out: { out: predictions/ } }
  judge:
    run: |
      echo '{ "confusion": [[5, 1, 0], [2, 9, 1], [0, 0, 7]], "classes": ["cat", "dog", "a class with a long name"] }' > result.json
      echo '{ "accuracy": 0.84, "by": { "class": { "cat": 0.83 } } }' > metrics.json
    in: { from: predict.out, model: last.model }
    out: { result: result.json }
    metrics: metrics.json
  draw:
    run: |
      node "$make" all all "$title"
      echo "# $title" > card.md
    env: { PNG: '$PNG' }
    in: { make: ./make.cjs, from: judge.result }
    with: { title: $title }
    out: { all: all/, card: card.md }
  ${LONG}:
    run: echo "$where" > out.txt
    matrix: { where: [北海道北海道北海道北海道北海道, Donaudampfschifffahrtsgesellschaftskapitän, '👩‍👩‍👧‍👦 family'] }
    in: { from: judge.result }
    with: { where: $where }
    out: { out: out.txt }
`;

const FAILING = `name: failing
params: { title: plain }
stages:
  first: { run: 'echo 1 > out.txt', out: { out: out.txt } }
  breaks:
    run: |
      for line in $(seq 40); do echo "line $line of <b>what</b> it printed"; done
      echo "Traceback: $title" >&2
      exit 3
    in: { from: first.out }
    with: { title: $title }
    out: { out: out.txt }
  after: { run: 'cat "$from" > out.txt', in: { from: breaks.out }, out: { out: out.txt } }
`;

/** Makes a folder a project whose runs have all that a page can show: two pipelines, `seen` and `failing`. */
export function writeProject(folder: string): void {
  const pixels = Uint8Array.from({ length: 96 * 64 * 3 }, (_, index) => (index * 5) % 256);
  const png = Buffer.from(encodePng(pixels, 96, 64, 3)).toString('base64');
  const files = {
    'artifacts/.gitignore': '*\n',
    'text.txt': 'a text\n',
    'stages/fit/stage.ts': STAGE,
    'stages/fit/run.ts': RUN,
    'pipelines/make.cjs': MAKE,
    'pipelines/seen.yaml': PIPELINE.replace('$PNG', png),
    'pipelines/failing.yaml': FAILING,
    '.git/HEAD': `${'0123456789'.repeat(4)}\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

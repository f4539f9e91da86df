import { expect, test } from 'vitest';
import type { Pipeline } from '../../src/model/pipeline.ts';
import type { Outcome } from '../../src/model/problem.ts';
import { write } from '../rig.ts';
import { load, project } from './project.ts';

const command = (params: string): string => `run: 'true', with: { ${params} }, out: { o: o.txt }`;

function text(from: string, nodes: Readonly<Record<string, string>>, own = ''): string {
  const stages = Object.entries(nodes).map(([name, params]) => `  ${name}: { ${command(params)} }\n`);
  return `name: demo\nparams: { from: ${from}${own} }\nstages:\n${stages.join('')}`;
}

function paramsOf(outcome: Outcome<Pipeline>): Readonly<Record<string, unknown>> {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
  return Object.fromEntries(outcome.value.instances.map(({ name, params }) => [name, params]));
}

function problemsOf(outcome: Outcome<Pipeline>): readonly unknown[] {
  return outcome.ok
    ? []
    : outcome.problems.map(({ code, message, hint, place }) => ({ code, message, hint, at: `${place?.file}:${place?.line}` }));
}

test('params of several files are joined by their keys, the later one counting, and before them what the pipeline says', async () => {
  const folder = project();
  write(folder, {
    'a.yaml': 'train: { n: 50, lr: 0.1, layers: [16, 32] }\nseed: 1\n',
    'b.toml': 'title = "toml"\n[train]\nn = 70\nday = 2020-01-02\n',
    'c.json': '{ "deep": { "er": [true, null] }, "seed": 2 }',
  });
  const nodes = { one: 'all: $train, first: $train.layers.1, inside: "n=${train.n}"', two: 'seed: $seed, deep: $deep.er, title: $title' };
  const read = await load(folder, text('[a.yaml, b.toml, c.json]', nodes, ', seed: 3'));
  expect(paramsOf(read)).toEqual({
    one: { all: { n: 70, lr: 0.1, layers: [16, 32], day: '2020-01-02' }, first: 32, inside: 'n=70' },
    two: { seed: 3, deep: [true, null], title: 'toml' },
  });
  expect(read.ok && read.value.params).not.toHaveProperty('from');
});

test('a node is given only what it refers to, numbers as they are written, and dollars of the file as they are', async () => {
  const folder = project();
  write(folder, { 'params.yaml': "lr: 1e-3\nopt: { momentum: 0.90 }\ntext: 'cost $5 ${HOME}'\nUpper: 1\n" });
  const read = await load(folder, text('params.yaml', { one: 'lr: $lr, momentum: $opt.momentum', two: 'text: $text, upper: $Upper' }));
  expect(paramsOf(read)).toEqual({ one: { lr: '1e-3', momentum: '0.90' }, two: { text: 'cost $5 ${HOME}', upper: 1 } });
});

test('--set reaches into a file of params; a name that is a node too is the param where it has that part', async () => {
  const folder = project();
  write(folder, { 'params.yaml': 'train: { n: 50, name: forest }\n' });
  const pipeline = text('params.yaml', { train: 'trees: $train.n, name: $train.name' });
  const set = async (...options: readonly string[]): Promise<Outcome<Pipeline>> => load(folder, pipeline, options);
  expect(paramsOf(await set('train.n=60'))).toEqual({ train: { trees: 60, name: 'forest' } });
  expect(paramsOf(await set('train.trees=7'))).toEqual({ train: { trees: 7, name: 'forest' } });
  expect(paramsOf(await set('train.name=007'))).toEqual({ train: { trees: 50, name: '007' } });
  expect(problemsOf(await set('train.m=1'))).toMatchObject([{ code: 'bad-set', hint: 'did you mean "n"?' }]);
});

test('conditions and matrices read parts of params', async () => {
  const folder = project();
  write(folder, { 'params.yaml': 'grid: { rates: [0.1, 0.2] }\nmode: { kind: fast }\n' });
  const nodes = `
  one: { matrix: { rate: $grid.rates }, ${command('rate: $rate')} }
  two: { when: { mode.kind: slow }, ${command('a: 1')} }
  three: { when: { mode.kind: fast }, ${command('a: 1')} }
`;
  const read = await load(folder, `name: demo\nparams: { from: params.yaml }\nstages:${nodes}`);
  expect(Object.keys(paramsOf(read))).toEqual(['one[rate=0.1]', 'one[rate=0.2]', 'three']);
});

test.each<[string, Readonly<Record<string, string>>, string, object]>([
  ['a file that is not there', {}, 'from: parms.yaml', { code: 'no-such-file', at: 'pipeline.yaml:2' }],
  ['a list', { 'p.yaml': '- 1\n' }, 'from: p.yaml', { code: 'wrong-type', at: 'pipeline.yaml:2' }],
  ['no name', {}, 'from: 3', { code: 'wrong-type', at: 'pipeline.yaml:2' }],
  ['broken YAML', { 'p.yaml': 'a: 1\nb: [1\n' }, 'from: p.yaml', { code: 'yaml-syntax', at: 'p.yaml:2' }],
  ['a key given twice', { 'p.yaml': 'a: 1\na: 2\n' }, 'from: p.yaml', { code: 'yaml-duplicate-key', at: 'p.yaml:2' }],
  [
    'a number that would lose digits',
    { 'p.yaml': 'a: 1\nid: 12345678901234567890\n' },
    'from: p.yaml',
    { code: 'yaml-integer', at: 'p.yaml:2' },
  ],
  ['broken TOML', { 'p.toml': 'a = 1\nb =\n' }, 'from: p.toml', { code: 'toml-syntax', at: 'p.toml:2' }],
  ['a comment in JSON', { 'p.json': '{\n  "a": 1 // one\n}\n' }, 'from: p.json', { code: 'json-syntax', at: 'p.json:2' }],
  ['no number in JSON', { 'p.json': '{ "a": NaN }' }, 'from: p.json', { code: 'json-syntax', message: 'NaN is not a finite number' }],
  ['a last comma in JSON', { 'p.json': '{ "a": 1,\n}' }, 'from: p.json', { code: 'json-syntax', at: 'p.json:2' }],
  ['half a file of JSON', { 'p.json': '{ "a": [1,\n 2' }, 'from: p.json', { code: 'json-syntax', at: 'p.json:2' }],
  ['a param named from', { 'p.yaml': 'a: 1\nfrom: 2\n' }, 'from: p.yaml', { code: 'bad-name', at: 'p.yaml:2' }],
  [
    'an integer of TOML that would lose digits',
    { 'p.toml': 'a = 9007199254740993\n' },
    'from: p.toml',
    { code: 'toml-syntax', at: 'p.toml:1' },
  ],
  ['no number in TOML', { 'p.toml': 'a = 1\n[t]\nb = nan\n' }, 'from: p.toml', { code: 'toml-syntax', at: 'p.toml:3' }],
])('%s is refused where it stands', async (_, files, from, problem) => {
  const folder = project();
  write(folder, files);
  const read = await load(folder, `name: demo\nparams: { ${from} }\nstages:\n  one: { ${command('a: 1')} }\n`);
  expect(problemsOf(read)).toMatchObject([problem]);
});

test('what is wrong about a value is told in the file that it stands in', async () => {
  const folder = project();
  write(folder, { 'params.yaml': '# of the count\ncount:\n  least: 12\n' });
  const node = 'words: { uses: count, in: { text: $sources.poem, many: $sources.poem }, with: { least: $count.least } }';
  const read = await load(folder, `name: demo\nparams: { from: params.yaml }\nsources: { poem: poem.txt }\nstages:\n  ${node}\n`);
  expect(problemsOf(read)).toMatchObject([{ code: 'wrong-type', at: 'params.yaml:3' }]);
  const unknown = await load(folder, text('params.yaml', { one: 'a: $count.laest' }));
  expect(problemsOf(unknown)).toMatchObject([{ code: 'unknown-reference', hint: 'did you mean "count.least"?', at: 'pipeline.yaml:4' }]);
});

test('numbers and dates of TOML and JSON reach commands as they are written there', async () => {
  const folder = project();
  write(folder, { 'a.toml': 'rate = 1.0\nmany = 10\nday = 2020-01-02T03:04:05\n', 'b.json': '{ "half": 0.50 }' });
  const read = await load(folder, text('[a.toml, b.json]', { one: 'rate: $rate, many: $many, day: $day, half: $half' }));
  expect(paramsOf(read)).toEqual({ one: { rate: '1.0', many: 10, day: '2020-01-02T03:04:05', half: '0.50' } });
});

test('a name that leads to a key with a dot in it, or past the end of a list, is told what there is', async () => {
  const folder = project();
  write(folder, { 'p.yaml': 'model: { v1.5: big, sizes: [1, 2] }\n' });
  const hints = async (param: string, ...set: readonly string[]): Promise<unknown> =>
    problemsOf(await load(folder, text('p.yaml', { one: `a: ${param}` }), set));
  const dotted = expect.stringContaining('"v1.5" is one key with a dot in it');
  expect(await hints('$model.v1.5')).toMatchObject([{ code: 'unknown-reference', hint: dotted }]);
  expect(await hints('1', 'model.v1.5=small')).toMatchObject([{ code: 'bad-set', hint: dotted }]);
  expect(await hints('1', 'model.sizes.7=3')).toMatchObject([{ code: 'bad-set', hint: 'its entries are 0 to 1' }]);
  expect(await hints('1', 'modle.sizes=3')).toMatchObject([{ code: 'bad-set', hint: 'did you mean "model"?' }]);
});

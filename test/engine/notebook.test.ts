import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { called, checkout, edit, emptyFolder, write } from '../rig.ts';

const executes = spawnSync('python3', ['-c', 'import nbclient, ipykernel, nbconvert']).status === 0;

/** Takes a virtual environment of the test's own, in which nothing is installed. */
const EMPTY = 'environment: { venv: empty }\n';

const pipeline = (head = ''): string => `name: p
${head}params: { rate: 0.5 }
stages:
  look:
    notebook: lab/look.ipynb
    in: { points: ./points.csv }
    with: { rate: $rate, names: [a, null] }
    metrics: { goals: { loss: minimize } }
`;

function notebook(cells: readonly (readonly [source: string, ...tags: string[]])[]): string {
  const written = cells.map(([source, ...tags]) => ({ cell_type: 'code', source, metadata: { tags }, outputs: [], execution_count: null }));
  return JSON.stringify({ cells: written, metadata: {}, nbformat: 4, nbformat_minor: 5 }, null, 1);
}

let folder: string;

beforeEach(() => {
  folder = emptyFolder();
  write(folder, {
    'package.json': '{}',
    'pipeline.yaml': pipeline(),
    'points.csv': '1,2\n',
    'lab/helper.py': 'def twice(x):\n    return 2 * x\n',
    'lab/look.ipynb': notebook([
      ['rate = 1\nnames = []', 'parameters'],
      ['import helper\nfrom stillroom import metric\nmetric("loss", helper.twice(rate), step=0)'],
      ['print(rate, names, open(points).read())\n!echo from a shell'],
    ]),
  });
});

/** The cells of a notebook once the values are set. */
function injected(cells: readonly object[], values: object): readonly { readonly id?: string; readonly source: string }[] {
  const program =
    'import json, sys, stillroom.notebook as n\ncells, values = json.load(sys.stdin)\nn.inject(cells, values)\nprint(json.dumps(cells))';
  const env = { ...process.env, PYTHONPATH: join(checkout, 'src/python') };
  const printed = execFileSync('python3', ['-B', '-c', program], { input: JSON.stringify([cells, values]), env });
  return JSON.parse(printed.toString('utf8')) as readonly { readonly id?: string; readonly source: string }[];
}

test('params are set by a cell behind the one of the parameters, or by the first', () => {
  const plain = { metadata: {}, source: 'a' };
  const tagged = { metadata: { tags: ['parameters'] }, source: 'b' };
  expect(injected([plain, tagged, plain], { rate: 0.5 }).map(({ id }) => id === 'injected-parameters')).toEqual([
    false,
    false,
    true,
    false,
  ]);
  const [first] = injected([plain], { rate: 0.5, deep: { on: true, off: null }, list: [1, 'two'] });
  expect(first?.source).toBe("# Parameters\nrate = 0.5\ndeep = {'on': True, 'off': None}\nlist = [1, 'two']\n");
});

test('an environment that cannot execute notebooks says what it lacks', async () => {
  execFileSync('python3', ['-m', 'venv', '--without-pip', join(folder, 'empty')]);
  write(folder, { 'pipeline.yaml': pipeline(EMPTY) });
  const { stderr } = await called(folder, ['run', 'pipeline.yaml']);
  expect(stderr).toMatch(/python3 has no nbclient, nbformat, ipykernel, nbconvert \[/);
  expect(stderr).toMatch(/hint: .*python3 -m pip install nbclient nbformat ipykernel nbconvert\n/);
});

test.each([
  ['is not there', 'lab/look.ipynb', 'lab/lok.ipynb', 'missing-code'],
  ['is a program', 'lab/look.ipynb', 'lab/helper.py', 'bad-path'],
  ['has a param of the name of its page', 'with: { ', 'with: { page: 1, ', 'same-name'],
])('a notebook that %s is a mistake of the file', async (_, from, to, code) => {
  edit(folder, 'pipeline.yaml', from, to);
  const { json } = await called(folder, ['plan', 'pipeline.yaml', '--json']);
  expect(json.error?.code).toBe(code);
});

describe.skipIf(!executes)('a notebook (skipped where python3 has no nbclient, ipykernel and nbconvert)', () => {
  test('is executed with its params, and gives itself and its page', async () => {
    const { json } = await called(folder, ['run', 'pipeline.yaml', '--json']);
    expect(json.executed).toEqual(['look']);
    const latest = join(folder, 'artifacts/latest/p/look');
    expect(readFileSync(join(latest, 'notebook.ipynb'), 'utf8')).toContain("0.5 ['a', None] 1,2");
    expect(readFileSync(join(latest, 'page.html'), 'utf8')).toContain('from a shell');
    edit(folder, 'lab/look.ipynb', '"execution_count": null', '"execution_count": 3');
    const again = await called(folder, ['run', 'pipeline.yaml', '--json']);
    expect(again.json.executed).toEqual([]);
    const forced = await called(folder, ['run', 'pipeline.yaml', '--force', 'look']);
    expect(forced.stderr).not.toContain('not deterministic');
  });

  test('that fails says which cell, and is kept as far as it was executed', async () => {
    write(folder, { 'lab/look.ipynb': notebook([['1 + 1'], ['def f():\n    return 1 / 0\nf()'], ['print("never")']]) });
    const { stderr } = await called(folder, ['run', 'pipeline.yaml']);
    expect(stderr).toContain('cell 2 of 3: ZeroDivisionError: division by zero');
    const [run = ''] = readdirSync(join(folder, 'artifacts/logs'));
    const kept = join(folder, 'artifacts/logs', run, 'look.ipynb');
    expect(stderr).toContain(kept);
    expect(existsSync(kept) && readFileSync(kept, 'utf8')).toContain('ZeroDivisionError');
  });
});

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkout, emptyFolder, write } from '../../rig.ts';

interface Cell {
  readonly source: string | readonly string[];
  readonly kind?: string;
  readonly tags?: readonly string[];
  readonly metadata?: object;
  readonly outputs?: readonly object[];
  readonly executed?: number;
}

interface Scan {
  readonly files: readonly { readonly path: string; readonly counts: string; readonly content?: string }[];
  readonly error: { readonly message: string } | null;
}

/** A notebook as Jupyter writes it. */
function notebook(cells: readonly (Cell | string)[], metadata: object = {}): string {
  const written = cells.map((one) => {
    const {
      source,
      kind = 'code',
      tags,
      metadata: own = {},
      outputs = [],
      executed = null,
    } = typeof one === 'string' ? { source: one } : one;
    const cell = { cell_type: kind, source, metadata: { ...own, ...(tags === undefined ? {} : { tags }) } };
    return kind === 'code' ? { ...cell, outputs, execution_count: executed } : cell;
  });
  return JSON.stringify({ cells: written, metadata, nbformat: 4, nbformat_minor: 5 });
}

function scan(text: string, more: Readonly<Record<string, string>> = {}): Scan {
  const root = emptyFolder();
  write(root, { 'lab/look.ipynb': text, ...more });
  const path = 'lab/look.ipynb';
  const asked = JSON.stringify({ root, script: path, notebook: path, files: [path], modules: [], search: [] });
  const program = join(checkout, 'src/code/python/scan.py');
  return JSON.parse(execFileSync('python3', ['-I', '-S', '-B', program], { input: asked }).toString('utf8')) as Scan;
}

const counts = (text: string): string | undefined => scan(text).files.find(({ path }) => path === 'lab/look.ipynb')?.counts;
const paths = (text: string, more: Readonly<Record<string, string>>): readonly string[] => scan(text, more).files.map(({ path }) => path);

const BASE: readonly Cell[] = [
  { source: '# Look', kind: 'markdown' },
  { source: 'rate = 1', tags: ['parameters'] },
  { source: 'print(rate)\nrate' },
];
const changed = (index: number, cell: Partial<Cell>): string => notebook(BASE.map((one, at) => (at === index ? { ...one, ...cell } : one)));

test('what the last execution left and what editors keep in a notebook does not count', () => {
  const same = [
    changed(2, { outputs: [{ output_type: 'stream', name: 'stdout', text: '1' }], executed: 7 }),
    changed(2, { metadata: { collapsed: true } }),
    changed(2, { tags: ['my-own'] }),
    changed(2, { source: ['print(rate)\n', 'rate'] }),
    notebook(BASE, { kernelspec: { name: 'other', language: 'python' } }),
  ];
  expect(same.map(counts)).toEqual(same.map(() => counts(notebook(BASE))));
});

test('sources, kinds and order of cells count, and tags that change what is executed', () => {
  const other = [
    changed(2, { source: 'print(rate)' }),
    changed(0, { source: '# Look closely' }),
    changed(0, { kind: 'raw' }),
    changed(1, { tags: [] }),
    changed(2, { tags: ['raises-exception'] }),
    notebook(BASE.toReversed()),
  ].map(counts);
  expect(new Set([...other, counts(notebook(BASE))]).size).toBe(other.length + 1);
});

test('what is executed holds nothing that does not count', () => {
  const text = changed(2, { outputs: [{ output_type: 'stream', name: 'stdout', text: 'secret' }], metadata: { mine: 'secret' } });
  expect(scan(text).files[0]?.content).not.toContain('secret');
});

test('modules that cells import are found, whatever only IPython understands stands between', () => {
  const cells = [
    '%matplotlib inline\nimport one\n!ls',
    '%%time\nimport two',
    '%%bash\nimport five',
    'files = !ls\nversion = %pwd\nimport three\none?\n??two',
    'if True:\n    !ls\n    import four',
    '%run steps/six.py',
    'import (broken',
  ];
  const names = ['one', 'two', 'three', 'four', 'five'].map((name): [string, string] => [`lab/${name}.py`, '']);
  expect(paths(notebook(cells), { ...Object.fromEntries(names), 'steps/six.py': 'import seven', 'steps/seven.py': '' })).toEqual([
    'lab/four.py',
    'lab/look.ipynb',
    'lab/one.py',
    'lab/three.py',
    'lab/two.py',
    'steps/seven.py',
    'steps/six.py',
  ]);
});

test.each([
  ['no JSON', '{', 'it is no JSON'],
  ['an old format', '{"nbformat": 3, "worksheets": []}', 'its format is 3, and not 4'],
  ['another language', notebook([], { kernelspec: { name: 'ir', language: 'R' } }), 'its language is R, and not Python'],
])('a notebook of %s is refused with what is wrong', (_, text, said) => {
  expect(scan(text).error?.message).toContain(said);
});

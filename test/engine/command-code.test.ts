import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { called, checkout, edit, emptyFolder, write } from '../rig.ts';

let folder: string;

const PIPELINE = `name: p
params: { n: 3 }
stages:
  train:
    python: [src/train.py, --n, $n]
    code: ['configs/*.yaml', plugins]
    env: { PYTHONPATH: . }
    with: { n: $n }
    out: { model: model.txt }
  other:
    python: other.py
    out: { model: model.txt }
`;

beforeEach(() => {
  folder = emptyFolder();
  write(folder, {
    'package.json': '{}',
    'pipeline.yaml': PIPELINE,
    'src/train.py': `import json, os, sys
import helper
from pkg import model, sub
if True:
    from pkg.sub.deep import thing
import importlib
plug = importlib.import_module("plugins.one") if os.path.isdir("plugins") else None
def main():
    """What it does."""
    with open(os.environ["model"], "w") as file:
        file.write(json.dumps([helper.A, model.B, thing, sys.argv[1:], open("configs/a.yaml").read(), sorted(os.listdir("src"))]))
main()
`,
    'src/helper.py': 'A = 1\n',
    'src/unused.py': 'U = 1\n',
    'src/pkg/__init__.py': '',
    'src/pkg/model.py': 'from .values import B\n',
    'src/pkg/values.py': 'B = f"{1 + 1} {\'x\'!r:>{4}}"\n',
    'src/pkg/sub/__init__.py': '',
    'src/pkg/sub/deep.py': 'thing = "deep"\n',
    'configs/a.yaml': 'a: 1\n',
    'plugins/one.py': 'import extra\n',
    'extra.py': 'E = 1\n',
    'other.py': 'import os\nopen(os.environ["model"], "w").write("other")\n',
  });
});

async function run(): Promise<{ readonly executed: readonly string[]; readonly id: string }> {
  const { json } = await called(folder, ['run', 'pipeline.yaml', '--json']);
  const { executed = [], run: id = '' } = json as { readonly executed?: readonly string[]; readonly run?: string };
  return { executed, id };
}

async function causes(): Promise<Readonly<Record<string, string>>> {
  const { json } = await called(folder, ['plan', 'pipeline.yaml', '--json']);
  return Object.fromEntries(json.nodes?.map(({ node, action, cause }) => [node, action === 'reuse' ? 'reuse' : cause]) ?? []);
}

test('a program runs with the local modules that it imports and what "code" names, and nothing else of the project', async () => {
  expect((await run()).executed).toEqual(['train', 'other']);
  const written = readFileSync(join(folder, 'artifacts/latest/p/train/model.txt'), 'utf8');
  const [a, b, thing, args, config, files] = JSON.parse(written) as unknown[];
  expect([a, b, thing, args, config]).toEqual([1, "2  'x'", 'deep', ['--n', '3'], 'a: 1\n']);
  expect(files).toEqual(['helper.py', 'pkg', 'train.py']);
});

test.each<[string, string, string, Readonly<Record<string, string>>]>([
  ['a comment', 'src/train.py', 'def main', { train: 'reuse', other: 'reuse' }],
  ['a module', 'src/helper.py', 'A = 1', { train: 'code in src/helper.py changed', other: 'reuse' }],
  ['a module of a module', 'src/pkg/values.py', 'B =', { train: 'code in src/pkg/values.py changed', other: 'reuse' }],
  ['a file that is named', 'configs/a.yaml', 'a: 1', { train: 'code in configs/a.yaml changed', other: 'reuse' }],
  ['a module of a file in a folder that is named', 'extra.py', 'E = 1', { train: 'code in extra.py changed', other: 'reuse' }],
  ['what no one imports', 'src/unused.py', 'U = 1', { train: 'reuse', other: 'reuse' }],
])('a change of %s makes run again who runs it', async (what, file, text, expected) => {
  await run();
  edit(
    folder,
    file,
    text,
    what === 'a comment' ? `# said otherwise\n\n${text}` : `${text.replace(/1$/, '2')}${text.endsWith('=') ? ' "other" or' : ''}`,
  );
  expect(await causes()).toEqual(expected);
  const { executed } = await run();
  expect(executed).toEqual(Object.entries(expected).flatMap(([node, cause]) => (cause === 'reuse' ? [] : [node])));
  expect((await run()).executed).toEqual([]);
});

test('layout counts for nothing, a docstring counts, and so does every byte of what reads its own source', async () => {
  await run();
  edit(
    folder,
    'src/train.py',
    '    with open(os.environ["model"], "w") as file:\n        file',
    '  with open(os.environ["model"],\n            "w") as file:\n      file',
  );
  edit(folder, 'src/train.py', '    """What', '  """What');
  expect((await causes())['train']).toBe('reuse');
  edit(folder, 'src/train.py', 'What it does.', 'What it did.');
  expect((await causes())['train']).toBe('code in src/train.py changed');
  edit(folder, 'src/helper.py', 'A = 1', 'import inspect\nA = 1');
  await run();
  edit(folder, 'src/helper.py', 'A = 1', 'A = 1  # said');
  expect((await causes())['train']).toBe('code in src/helper.py changed');
});

test('a module that comes to be, and one that goes, are seen', async () => {
  edit(folder, 'src/helper.py', 'A = 1', 'try:\n    import fast\nexcept ImportError:\n    pass\nA = 1');
  await run();
  write(folder, { 'src/fast.py': 'F = 1\n' });
  expect((await causes())['train']).toBe('code in src/fast.py changed');
  await run();
  rmSync(join(folder, 'src/fast.py'));
  expect((await causes())['train']).toBe('reuse');
});

test('the executable bit of code is kept, and a module is run as a program', async () => {
  write(folder, {
    'pipeline.yaml': `name: p
stages:
  module:
    python: [-m, tool.work, --flag]
    out: { o: o.txt }
  shell:
    run: ./bin/work > "$o"
    code: [bin/work]
    out: { o: o.txt }
`,
    'tool/__init__.py': '',
    'tool/work.py': 'import os, sys\nfrom . import part\nopen(os.environ["o"], "w").write(str(part.P) + sys.argv[1])\n',
    'tool/part.py': 'P = 7\n',
    'bin/work': '#!/bin/sh\necho worked\n',
  });
  chmodSync(join(folder, 'bin/work'), 0o755);
  expect((await run()).executed).toEqual(['module', 'shell']);
  edit(folder, 'tool/part.py', '7', '8');
  expect(await causes()).toEqual({ module: 'code in tool/part.py changed', shell: 'reuse' });
  edit(folder, 'bin/work', 'worked', 'worked well');
  expect((await causes())['shell']).toBe('code in bin/work changed');
});

test('what links lead to, what executes a file, and a package that takes the place of a module are seen', async () => {
  write(folder, {
    'pipeline.yaml': `name: p
stages:
  link: { python: link.py, out: { o: o.txt } }
  shell: { run: ./work > "$o", code: [work], out: { o: o.txt } }
`,
    'real.py': 'from tool import T\nimport os\nopen(os.environ["o"], "w").write(T)\n',
    'tool.py': 'T = "module"\n',
    'tool/note.txt': '',
    work: '#!/bin/sh\necho worked\n',
  });
  symlinkSync('real.py', join(folder, 'between.py'));
  symlinkSync('between.py', join(folder, 'link.py'));
  chmodSync(join(folder, 'work'), 0o755);
  expect((await run()).executed).toEqual(['link', 'shell']);
  expect((await run()).executed).toEqual([]);
  edit(folder, 'real.py', 'write(T)', 'write(T + "!")');
  edit(folder, 'work', '/bin/sh', '/bin/sh -e');
  expect(await causes()).toEqual({ link: 'code in link.py changed', shell: 'code in work changed' });
  await run();
  chmodSync(join(folder, 'work'), 0o644);
  write(folder, { 'tool/__init__.py': 'T = "package"\n' });
  expect(await causes()).toEqual({ link: 'code in tool.py, tool/__init__.py changed', shell: 'code in work changed' });
});

test('patterns name nothing that is installed, hidden or kept in the store', async () => {
  write(folder, {
    'pipeline.yaml':
      "name: p\nstages:\n  all: { run: find . -type f -not -name o.list | sort > $o, code: ['**/*.txt', kit/], out: { o: o.list } }\n",
    'a.txt': '',
    'environment/pyvenv.cfg': '',
    'environment/lib/b.txt': '',
    'node_modules/c/c.txt': '',
    '.hidden/d.txt': '',
    'kit/e.sh': '',
  });
  await run();
  write(folder, { 'artifacts/latest/p/f.txt': '' });
  expect((await run()).executed).toEqual([]);
  expect(readFileSync(join(folder, 'artifacts/latest/p/all/o.list'), 'utf8')).toBe('./a.txt\n./kit/e.sh\n');
});

test.each<[string, string, RegExp]>([
  ['within an input', 'in: { src: ./configs }\n    with:', /the input "src" of train stands at "src", where its code src\/helper.py does/],
  ['within an output', 'out: { model: src/ }', /the output "model" of train stands at "src", where its code src\/helper.py does/],
])('code that would stand %s is told', async (_, text, message) => {
  edit(
    folder,
    'pipeline.yaml',
    text.startsWith('in') ? 'with:' : 'out: { model: model.txt }\n  other',
    text.startsWith('in') ? text : `${text}\n  other`,
  );
  expect((await called(folder, ['plan', 'pipeline.yaml'])).stderr).toMatch(message);
});

test.each<[string, string, string]>([
  ['a slip of the hand', 'trian.py', 'did you mean train.py?'],
  ['arguments in one text', 'train.py --fast', 'arguments stand in a list: python: [train.py, --fast]'],
  ['a program that lies in a folder', 'deep.py', 'did you mean folder/deep.py?'],
])('for a program that is not there, %s, the remedy is told', async (_, python, hint) => {
  write(folder, {
    'pipeline.yaml': `name: p\nstages:\n  a: { python: ${python}, out: { o: o.txt } }\n`,
    'train.py': '',
    'folder/deep.py': '',
  });
  const { stderr } = await called(folder, ['plan', 'pipeline.yaml']);
  expect(stderr).toContain(hint);
  expect(stderr).toContain('pipeline.yaml:3');
});

test('a run is reproduced with the code of then, from its store and from a pack', async () => {
  await run();
  const pack = join(emptyFolder(), 'run.still');
  await called(folder, ['pack', '@latest', '--output', pack]);
  rmSync(join(folder, 'src'), { recursive: true });
  edit(folder, 'other.py', 'other', 'another');
  const here = await called(folder, ['reproduce', '@latest', '--json']);
  expect(here.json).toMatchObject({ verdict: 'identical' });
  const elsewhere = emptyFolder();
  const there = await called(elsewhere, ['reproduce', '--from', pack, '--json']);
  expect(there.json).toMatchObject({ verdict: 'identical' });
});

test('what is kept of code is reached by its run alone: gc removes it with the run, verify finds it whole', async () => {
  await run();
  edit(folder, 'src/helper.py', 'A = 1', 'A = 2');
  await run();
  await called(folder, ['gc', '--keep-runs', '1']);
  expect((await called(folder, ['verify'])).code).toBe(0);
  expect((await run()).executed).toEqual([]);
  expect((await called(folder, ['reproduce', '@latest', '--json'])).json).toMatchObject({ verdict: 'identical' });
});

test('why and diff show the programs that changed, those alone', async () => {
  const { id } = await run();
  edit(folder, 'src/train.py', 'def main', '# a comment\ndef main');
  edit(folder, 'src/helper.py', 'A = 1', 'A = 2');
  const why = await called(folder, ['why', 'pipeline.yaml', 'train']);
  expect(why.stdout).toContain('+A = 2');
  expect(why.stdout).not.toContain('a comment');
  await run();
  expect((await called(folder, ['diff', id, '@latest'])).stdout).toContain('+A = 2');
});

test.each<[string, string, string, string, RegExp]>([
  ['a program that is not there', 'src/train.py, --n', 'src/trian.py, --n', 'pipeline.yaml:5', /"src\/trian.py" does not exist/],
  ['a folder in its place', 'src/train.py, --n', 'src, --n', 'pipeline.yaml:5', /"src" is no file/],
  ['a file that no one has', 'configs/*.yaml', 'config/*.yaml', 'pipeline.yaml:6', /"code" names "config\/\*.yaml", where nothing lies/],
  ['a file outside of the project', 'plugins]', '../x]', 'pipeline.yaml:6', /"..\/x" is not in the project/],
  ['no program', '[src/train.py, --n, $n]', '[-u]', 'pipeline.yaml:5', /"python" names no program/],
  ['two kinds of work', 'python: other.py', 'python: other.py\n    run: ls', 'pipeline.yaml:10', /has both "run" and "python"/],
  [
    'an output in its place',
    'out: { model: model.txt }\n  other',
    'out: { model: src/train.py }\n  other',
    'pipeline.yaml:9:19',
    /where its code does/,
  ],
])('%s is refused where it stands', async (_, from, to, place, message) => {
  edit(folder, 'pipeline.yaml', from, to);
  const { code, stderr } = await called(folder, ['plan', 'pipeline.yaml']);
  expect(stderr).toMatch(message);
  expect(stderr).toContain(place);
  expect(code).not.toBe(0);
});

test('what is no Python is told with its line before anything runs; an import that was not found, with what to declare', async () => {
  edit(folder, 'src/helper.py', 'A = 1', 'A = (');
  const wrong = await called(folder, ['plan', 'pipeline.yaml']);
  expect(wrong.stderr).toContain('src/helper.py:1');
  edit(folder, 'src/helper.py', 'A = (', 'name = "late"\nA = __import__(name).L');
  write(folder, { 'src/late.py': 'L = 1\n' });
  const { stderr } = await called(folder, ['run', 'pipeline.yaml', '--plain']);
  expect(stderr).toContain("No module named 'late'");
  expect(stderr).toContain('add code: [src/late.py]');
});

test('a program counts alike whatever Python takes it apart', () => {
  const scan = join(checkout, 'src/code/python/scan.py');
  const asked = JSON.stringify({ root: folder, files: ['src/train.py'], modules: [], search: [] });
  const pythons = ['python3', 'python3.8', 'python3.10', 'python3.11', 'python3.12', 'python3.13'];
  const said = pythons.flatMap((python) => {
    try {
      return [execFileSync(python, ['-I', '-S', scan], { input: asked, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] })];
    } catch {
      return [];
    }
  });
  expect(said.length).toBeGreaterThan(0);
  expect(new Set(said).size).toBe(1);
});

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkout, emptyFolder, write } from '../../rig.ts';

interface Scan {
  readonly files: readonly { readonly path: string; readonly counts: string }[];
  readonly usesStillroom: boolean;
  readonly error: { readonly file: string; readonly line: number } | null;
}

/** What is found in programs: the first of them is run, those in `more` are named as code. */
function scan(files: Readonly<Record<string, string>>, more: readonly string[] = [], python = 'python3'): Scan {
  const root = emptyFolder();
  write(root, files);
  const [script = ''] = Object.keys(files);
  const asked = JSON.stringify({ root, script, files: [script, ...more], modules: [], search: [] });
  const printed = execFileSync(python, ['-I', '-S', join(checkout, 'src/code/python/scan.py')], {
    input: asked,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  return JSON.parse(printed.toString('utf8')) as Scan;
}

const pathsOf = ({ files }: Scan): readonly string[] => files.map(({ path }) => path);
const countsOf = ({ files }: Scan): Readonly<Record<string, string>> => Object.fromEntries(files.map(({ path, counts }) => [path, counts]));

test('what a package takes by a star, and what is imported by its name in a text, is found', () => {
  const found = scan({
    'run.py': 'from kit import *\nimport importlib\nimportlib.import_module("late")\n',
    'kit/__init__.py': '__all__ = ["one", "value"]\nvalue = 1\n',
    'kit/one.py': '',
    'kit/two.py': '',
    'late.py': '',
  });
  expect(pathsOf(found)).toEqual(['kit/__init__.py', 'kit/one.py', 'late.py', 'run.py']);
});

test('what is imported for checkers of types alone is no code', () => {
  const found = scan({
    'run.py': 'from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a\nelse:\n    import b\n',
    'a.py': '',
    'b.py': '',
  });
  expect(pathsOf(found)).toEqual(['b.py', 'run.py']);
});

test('a program that is named as code finds the modules of the one that runs it, and its packages', () => {
  const found = scan(
    {
      'app/run.py': '',
      'app/base.py': '',
      'app/plugins/__init__.py': 'import first\n',
      'app/plugins/p.py': 'import base\n',
      'app/first.py': '',
    },
    ['app/plugins/p.py'],
  );
  expect(pathsOf(found)).toEqual(['app/base.py', 'app/first.py', 'app/plugins/__init__.py', 'app/plugins/p.py', 'app/run.py']);
});

test('a module for another Python is no mistake where it is imported only in some case', () => {
  const old = { 'old.py': 'print "x"\n' };
  const some = scan({ 'run.py': 'try:\n    import old\nexcept SyntaxError:\n    pass\n', ...old });
  expect(some.error).toBeNull();
  expect(countsOf(some)['old.py']).toMatch(/^bytes:/);
  expect(scan({ 'run.py': 'import between\n', 'between.py': 'import old\n', ...old }).error).toMatchObject({ file: 'old.py', line: 1 });
  // What is first found in some case, and then in any.
  expect(scan({ 'run.py': 'if 1:\n    import old\nimport old\n', ...old }).error).toMatchObject({ file: 'old.py' });
});

test.each<[string, string, 'bytes' | 'tokens', 'bytes' | 'tokens']>([
  [
    'asks for the folder that it lies in',
    'from pathlib import Path\nhere = Path(__file__).resolve().parent / "data"\n',
    'tokens',
    'tokens',
  ],
  ['asks for its folder in the old way', 'import os\nhere = os.path.dirname(os.path.abspath(__file__))\n', 'tokens', 'tokens'],
  ['opens itself', 'text = open(__file__).read()\n', 'bytes', 'tokens'],
  ['opens itself by a path', 'from pathlib import Path\ntext = Path(__file__).resolve().read_text()\n', 'bytes', 'tokens'],
  ['hands its path on', 'where = __file__\n', 'bytes', 'tokens'],
  ['may look into itself', 'import inspect\n', 'bytes', 'tokens'],
  ['reads another module', 'import inspect, part\ntext = inspect.getsource(part)\n', 'bytes', 'bytes'],
  ['reads lines of any module', 'from inspect import getsourcelines as lines\n', 'bytes', 'bytes'],
])('of a program that %s counts what it may read', (_, text, own, other) => {
  const counts = countsOf(scan({ 'run.py': `${text}import part\n`, 'part.py': 'A = 1  # one\n' }));
  expect([counts['run.py']?.split(':')[0], counts['part.py']?.split(':')[0]]).toEqual([own, other]);
});

test('our own module is told of, unless the project has one of that name', () => {
  expect(scan({ 'run.py': 'from stillroom import params\n' }).usesStillroom).toBe(true);
  expect(scan({ 'run.py': 'import stillroom.keras\n' }).usesStillroom).toBe(true);
  expect(scan({ 'run.py': 'import stillroom\n', 'stillroom.py': '' }).usesStillroom).toBe(false);
  expect(scan({ 'run.py': '' }).usesStillroom).toBe(false);
});

test('a form feed or a line separator in a program moves nothing', () => {
  const text = (value: string): string => `import os\n\f\ns = "a\u2028b\fc"\nv = f"${value} {1}"\n`;
  const pythons = ['python3', 'python3.10', 'python3.11', 'python3.12', 'python3.13'].filter((python) => {
    try {
      return execFileSync(python, ['-c', 'print(1)'], { stdio: ['ignore', 'pipe', 'ignore'] }).length > 0;
    } catch {
      return false;
    }
  });
  const said = pythons.map((python) => countsOf(scan({ 'run.py': text('one') }, [], python))['run.py']);
  expect(new Set(said).size).toBe(1);
  expect(countsOf(scan({ 'run.py': text('two') }))['run.py']).not.toBe(said[0]);
});

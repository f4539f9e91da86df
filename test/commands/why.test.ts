import { beforeAll, describe, expect, test } from 'vitest';
import { called, copyOf, edit, emptyFolder, write } from '../rig.ts';
import { onScreen } from './on-screen.ts';

const pipeline = `name: words
params: { size: 64, least: 2 }
sources: { script: ../clean.sh, texts: ../texts }
stages:
  prepare: { run: 'sh "$script" "$texts" > "$out"; echo "$size" >> "$out"', in: { script: $sources.script, texts: $sources.texts }, with: { size: $size }, out: { out: o.txt } }
  teacher:
    matrix: { fold: [0, 1, 2] }
    run: 'cat "$data" > "$out"; echo "$fold" >> "$out"'
    in: { data: prepare.out }
    with: { fold: $fold }
    out: { out: o.txt }
  mix: { run: 'cat "$all"/* > "$out"', in: { all: { from: teacher.out, all: true } }, out: { out: o.txt } }
  student: { uses: count, in: { text: mix.out }, with: { least: $least } }
  card: { run: 'cat "$in" > "$out"', in: { in: student.out }, out: { out: o.txt } }
`;

const files = {
  'package.json': '{}',
  'pipelines/words.yaml': pipeline,
  'clean.sh': '# cleans\nfor file in $1/*; do\n  cat $file\ndone\n',
  'texts/a.txt': 'one two\n',
  'texts/b.txt': 'three\n',
  'stages/count/stage.ts': `import { defineStage, param } from 'stillroom';
export default defineStage({
  about: 'Counts.', params: { least: param.int({ default: 1 }) }, inputs: { text: 'file' }, outputs: { out: 'file.txt' },
  run: () => import('./run.ts'),
});
`,
  'stages/count/run.ts': `import { readFileSync, writeFileSync } from 'node:fs';
import { work } from 'stillroom';
import { split } from './library.ts';
import type stage from './stage.ts';
export default work<typeof stage>(({ params, inputs, outputs }) => {
  writeFileSync(outputs.out, String(split(readFileSync(inputs.text, 'utf8')).filter((word) => word.length >= params.least).length));
});
`,
  'stages/count/library.ts': 'export function split(text: string): string[] {\n  return text.split(/\\s/);\n}\n',
};

interface Why {
  readonly run?: { readonly id: string };
  readonly comparedWith?: string;
  readonly nodes: readonly { readonly node: string; readonly action: string; readonly because: readonly { readonly way: string[] }[] }[];
  readonly roots: readonly { readonly node: string; readonly changes: readonly object[]; readonly leadsTo: readonly string[] }[];
  readonly code: readonly { readonly name: string; readonly nodes: readonly string[]; readonly diff: string }[];
  readonly error?: { readonly code: string; readonly hint: string };
}

let base: string;
let first: string;

beforeAll(async () => {
  base = emptyFolder();
  write(base, files);
  const ran = await called(base, ['run', 'words', '--json']);
  expect(ran.code, ran.stderr).toBe(0);
  first = ran.json.run ?? '';
});

async function why(folder: string, ...args: string[]): Promise<Why> {
  return JSON.parse((await called(folder, ['why', ...args, '--json'])).stdout) as Why;
}

const FOLDS = ['teacher[fold=0]', 'teacher[fold=1]', 'teacher[fold=2]'];

describe('why nodes would run', () => {
  test('is told by what began it, with all that follows', async () => {
    const { roots, comparedWith, nodes } = await why(base, 'words', '--set', 'size=96');
    expect(comparedWith).toBe(first);
    expect(roots).toEqual([
      {
        node: 'prepare',
        cause: 'param size changed: 64 → 96',
        changes: [{ what: 'param size', from: '64', to: '96' }],
        leadsTo: [...FOLDS, 'mix', 'student', 'card'],
      },
    ]);
    expect(nodes.find(({ node }) => node === 'card')?.because.map(({ way }) => way)).toEqual([
      ['prepare', 'teacher[fold=0]', 'mix', 'student', 'card'],
    ]);
    const { stdout } = await called(base, ['why', 'words', '--set', 'size=96']);
    expect(stdout).toBe(`words: 1 of 7 nodes runs, 6 may run; compared with the run ${first}

prepare: param size changed: 64 → 96
  and so may run: teacher × 3, mix, student, card
`);
  });

  test('is told of one node: the beginning, and the way from there', async () => {
    const student = await called(base, ['why', 'words', 'student', '--set', 'size=96']);
    expect(student.stdout).toBe(`student may run because of prepare: param size changed: 64 → 96
    prepare → teacher → mix → student
  compared with the run ${first}
`);
    const both = await called(base, ['why', 'words', 'student', '--set', 'size=96', '--set', 'least=3']);
    expect(both.stdout).toMatch(/^student runs because of prepare: .*\n.*\n {2}and: param least changed: 2 → 3\n/);
    expect((await called(base, ['why', 'words', 'teacher', '--set', 'size=96'])).stdout).toMatch(/^teacher × 3 may run because of prepare/);
    expect((await called(base, ['why', 'words', 'card', '--force', 'card'])).stdout).toMatch(/^card runs: forced with --force/);
  });

  test('of a project in which nothing has changed is nothing, and of a fresh one that it never ran', async () => {
    expect((await called(base, ['why', 'words'])).stdout).toMatch(/^words: all 7 nodes are reused\n\nnothing that counts has changed\n/);
    const fresh = emptyFolder();
    write(fresh, files);
    const { stdout } = await called(fresh, ['why', 'words']);
    expect(stdout).toBe('words: all 7 nodes run\n\nprepare, teacher × 3, mix, student, card: it has not run before\n');
  });

  test('compares with the last run that was asked the same, not with another since', async () => {
    const folder = copyOf(base);
    await called(folder, ['run', 'words', '--set', 'size=96']);
    edit(folder, 'stages/count/library.ts', '/\\s/', '/\\s+/');
    const now = await why(folder, 'words', 'student');
    expect(now.comparedWith).toBe(first);
    expect(now.roots.map(({ node }) => node)).toEqual(['student']);
  });

  test('nor with the trials of a sweep, unless it is one itself', async () => {
    const folder = copyOf(base);
    edit(folder, 'pipelines/words.yaml', 'stages:\n', 'sweep: { over: { size: [1, 2] } }\nstages:\n');
    const swept = await called(folder, ['sweep', 'words']);
    expect(swept.code, swept.stderr).toBe(0);
    const now = await why(folder, 'words', 'prepare', '--set', 'size=96');
    expect(now.comparedWith).toBe(first);
    expect(now.roots).toMatchObject([{ changes: [{ what: 'param size', from: '64', to: '96' }] }]);
    const [trial] = (await called(folder, ['runs', '--trials', '--json'])).json.runs ?? [];
    const ran = await why(folder, trial?.run ?? '', 'prepare');
    expect(ran.roots).toMatchObject([{ changes: [{ what: 'param size', to: '2' }] }]);
  });
});

describe('changed code is shown as a diff with its file and lines', () => {
  test.each([
    {
      of: 'a script that is a source',
      path: 'clean.sh',
      from: '  cat $file',
      to: '  sort $file',
      diff: [
        '--- a/clean.sh',
        '+++ b/clean.sh',
        '@@ -1,4 +1,4 @@',
        ' # cleans',
        ' for file in $1/*; do',
        '-  cat $file',
        '+  sort $file',
        ' done',
      ],
    },
    {
      of: 'a text of a folder that is a source',
      path: 'texts/b.txt',
      from: 'three',
      to: 'four',
      diff: ['--- a/texts/b.txt', '+++ b/texts/b.txt', '@@ -1,1 +1,1 @@', '-three', '+four'],
    },
    {
      of: 'a file that a stage imports',
      path: 'stages/count/library.ts',
      from: '/\\s/',
      to: '/\\s+/',
      diff: [
        ...[
          '--- a/stages/count/library.ts',
          '+++ b/stages/count/library.ts',
          '@@ -1,3 +1,3 @@',
          ' export function split(text: string): string[] {',
        ],
        ...['-  return text.split(/\\s/);', '+  return text.split(/\\s+/);', ' }'],
      ],
    },
    {
      of: 'a command',
      path: 'pipelines/words.yaml',
      from: `'cat "$in" > "$out"'`,
      to: `'sort "$in" > "$out"'`,
      diff: [
        ...['--- a/pipelines/words.yaml: card.run', '+++ b/pipelines/words.yaml: card.run', '@@ -14,1 +14,1 @@'],
        ...['-cat "$in" > "$out"', '+sort "$in" > "$out"'],
      ],
    },
  ])('$of: before it runs, and of the run that it made', async ({ path, from, to, diff }) => {
    const folder = copyOf(base);
    edit(folder, path, from, to);
    const planned = await why(folder, 'words');
    expect(planned.code.map((one) => one.diff.split('\n'))).toEqual([diff]);
    await called(folder, ['run', 'words']);
    const ran = await why(folder, '@latest');
    expect(ran.code.map((one) => one.diff.split('\n'))).toEqual([diff]);
    const { lines } = await onScreen(folder, ['why', '@latest'], { columns: 80, env: {} });
    const shown = lines.filter((line) => line.includes('\u001b[31m-') || line.includes('\u001b[32m+'));
    expect(shown).toHaveLength(2);
  });

  test('a long one in part, unless all is wanted', async () => {
    const folder = copyOf(base);
    edit(folder, 'clean.sh', '# cleans\n', Array.from({ length: 90 }, (_, index) => `# line ${index}\n`).join(''));
    const some = await called(folder, ['why', 'words']);
    expect(some.stdout).toMatch(/… and \d+ lines more: --all\n/);
    expect(some.stdout).not.toContain('# line 80');
    expect((await called(folder, ['why', 'words', '--all'])).stdout).toContain('+# line 80');
  });
});

describe('why nodes ran', () => {
  test('right after a run is what made it run, not that it would be reused', async () => {
    const folder = copyOf(base);
    const { json } = await called(folder, ['run', 'words', '--set', 'size=96', '--json']);
    const { run, roots, comparedWith, nodes } = await why(folder, '@latest');
    expect([run?.id, comparedWith]).toEqual([json.run, first]);
    expect(roots).toMatchObject([{ node: 'prepare', changes: [{ what: 'param size', from: '64', to: '96' }] }]);
    expect(roots[0]?.leadsTo).toEqual([...FOLDS, 'mix', 'student']);
    expect(nodes.map(({ action }) => action)).toContain('reused');
    const one = await called(folder, ['why', '@latest', 'mix']);
    expect(one.stdout).toMatch(/^mix ran because of prepare: param size changed: 64 → 96\n {4}prepare → teacher → mix\n/);
    const now = await called(folder, ['why', 'words', 'mix', '--set', 'size=96']);
    expect(now.stdout).toMatch(
      /^mix is reused: nothing that counts has changed\n\nwhen it last ran:\nmix ran because of prepare: param size/,
    );
    const earlier = await called(folder, ['why', first, 'mix']);
    expect(earlier.stdout).toMatch(/^mix ran: it has not run before\n/);
  });

  test('is told from the records alone where results are gone', async () => {
    const folder = copyOf(base);
    edit(folder, 'pipelines/words.yaml', 'cat "$in" > "$out"', 'exit 3');
    const failed = await called(folder, ['run', 'words', '--set', 'least=4']);
    expect(failed.code).toBe(1);
    const { stdout } = await called(folder, ['why', '@latest', 'card']);
    expect(stdout).toMatch(/^card ran and failed because of student: param least changed: 2 → 4\n/);
    expect(stdout).toContain('  and: command changed\n');
    expect(stdout).toContain('+exit 3');
  });

  test('unknown words are told with what is known', async () => {
    expect((await why(base, 'studnet')).error).toMatchObject({ code: 'unknown-node', hint: 'did you mean "student"?' });
    expect((await why(base, '@latest', 'techer')).error).toMatchObject({ code: 'unknown-node', hint: 'did you mean "teacher"?' });
    expect((await why(base, '@lates')).error).toMatchObject({ code: 'unknown-run' });
  });
});

import { beforeAll, describe, expect, test } from 'vitest';
import { called, copyOf, edit, emptyFolder, write } from '../rig.ts';
import { onScreen } from './on-screen.ts';

const text = `name: words
params: { title: "日本語の題名 日本語の題名 日本語の題名", size: 1 }
stages:
  split: { run: 'echo "$size" > "$out"', with: { size: $size }, out: { out: o.txt } }
  teacher:
    matrix: { fold: [0, 1, 2, 3, 4] }
    run: 'cat "$data" > "$out"; echo "$fold" >> "$out"'
    in: { data: split.out }
    with: { fold: $fold }
    out: { out: o.txt }
  mean: { run: 'ls "$all" > "$out"', in: { all: { from: teacher.out, all: true } }, out: { out: o.txt } }
  card: { run: 'echo "$title" > "$out"', with: { title: $title }, out: { out: o.txt } }
`;

interface Planned {
  readonly nodes: readonly { readonly node: string; readonly expected?: { readonly known: number; readonly seconds: number } }[];
  readonly forecast: Readonly<Record<'run' | 'most', { readonly nodes: number; readonly unknown: number; readonly seconds: number }>>;
}

let base: string;

beforeAll(async () => {
  base = emptyFolder();
  write(base, { 'package.json': '{}', 'words.yaml': text });
  expect((await called(base, ['run', 'words.yaml', '--jobs', '2'])).code).toBe(0);
});

async function planned(...args: string[]): Promise<Planned> {
  return JSON.parse((await called(base, ['plan', 'words.yaml', '--json', ...args])).stdout) as Planned;
}

describe('what a plan shows', () => {
  test('is a summary, and then each node once with its cause, instances folded', async () => {
    const { stdout } = await called(base, ['plan', 'words.yaml', '--set', 'size=2']);
    const [summary, time, , ...rows] = stdout.trimEnd().split('\n');
    expect(summary).toBe('words: 1 to run, 6 maybe, 1 reused');
    expect(time).toMatch(/of work/);
    expect(rows.map((row) => row.replaceAll(/ {2,}/g, '|'))).toEqual([
      'run|split|param size changed: 1 → 2',
      'maybe|teacher × 5|waits for what split will give',
      'maybe|mean|waits for what teacher × 5 will give',
      'reuse|card|nothing that counts has changed',
    ]);
  });

  test('is every instance with --all, and equal causes of several nodes once without', async () => {
    const fresh = emptyFolder();
    write(fresh, { 'package.json': '{}', 'words.yaml': text });
    const folded = (await called(fresh, ['plan', 'words.yaml'])).stdout;
    expect(folded.match(/it has not run before/g)).toHaveLength(1);
    expect(folded).toContain('split, teacher × 5, mean, card');
    expect(folded).toContain('none of it has run before');
    const all = (await called(fresh, ['plan', 'words.yaml', '--all'])).stdout;
    expect(all.match(/it has not run before/g)).toHaveLength(8);
    expect(all).toContain('teacher[fold=3]');
  });

  test('names instances where not all of a node share their fate', async () => {
    const some = await called(base, ['plan', 'words.yaml', '--force', 'teacher[fold=1]', '--force', 'teacher[fold=3]']);
    expect(some.stdout).toMatch(/run +teacher × 2 of 5 +forced with --force/);
    const one = await called(base, ['plan', 'words.yaml', '--force', 'teacher[fold=1]']);
    expect(one.stdout).toMatch(/run +teacher\[fold=1\] +forced/);
  });

  test.each([80, 60, 24])('fits %i columns: what is too long goes on below its column', async (columns) => {
    const { lines, widest } = await onScreen(base, ['plan', 'words.yaml', '--set', 'title=x'], { columns });
    expect(widest).toBeLessThanOrEqual(columns);
    const row = lines.findIndex((line) => line.startsWith('run'));
    const at = lines[row]?.indexOf('param') ?? 0;
    expect(lines[row + 1]).toMatch(new RegExp(`^ {${at}}\\S`));
    expect(lines.join('').replaceAll(/\s/g, '')).toContain('日本語の題名日本語の題名日本語の題名→x');
    const piped = await called(base, ['plan', 'words.yaml', '--set', 'title=x']);
    expect(piped.stdout).toContain('param title changed: 日本語の題名 日本語の題名 日本語の題名 → x\n');
  });

  test('has colours on a terminal only', async () => {
    const args = ['plan', 'words.yaml', '--set', 'size=2'];
    expect((await onScreen(base, args, { columns: 80, env: {} })).lines.join('\n')).toContain('\u001b[36mrun');
    for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }])
      expect((await onScreen(base, args, { columns: 80, env })).lines.join('\n')).not.toContain('\u001b');
    expect((await called(base, args)).stdout).not.toContain('\u001b');
  });
});

describe('what a plan would take', () => {
  test('is what earlier executions of its nodes took; those that never ran are counted', async () => {
    const changed = await planned('--set', 'size=2');
    expect(changed.forecast.run).toMatchObject({ nodes: 1, unknown: 0 });
    expect(changed.forecast.most).toMatchObject({ nodes: 7, unknown: 0 });
    const sum = changed.nodes.reduce((seconds, { expected }) => seconds + (expected?.seconds ?? 0), 0);
    expect(changed.forecast.most.seconds).toBeCloseTo(sum, 9);
    const folder = copyOf(base);
    edit(folder, 'words.yaml', '  card:', '  new: { run: \'echo > "$out"\', out: { out: o.txt } }\n  card:');
    const { stdout } = await called(folder, ['plan', 'words.yaml', '--set', 'size=2']);
    expect(stdout).toMatch(/of 7 nodes; 1 never ran before/);
    expect((await planned()).forecast.most).toMatchObject({ nodes: 0, seconds: 0 });
    expect((await called(base, ['plan', 'words.yaml'])).stdout).toContain('a run would execute nothing');
  });
});

test('a change is told beside the last run that was asked the same', async () => {
  const folder = copyOf(base);
  await called(folder, ['run', 'words.yaml', '--set', 'size=7', '--only', 'split']);
  edit(folder, 'words.yaml', `run: 'echo "$size" > "$out"'`, `run: 'echo "no $size" > "$out"'`);
  const { json } = await called(folder, ['plan', 'words.yaml', '--json']);
  expect(json.nodes?.[0]?.cause).toMatch(/^command changed/);
  const other = await called(folder, ['plan', 'words.yaml', '--set', 'size=7', '--json']);
  expect(other.json.nodes?.[0]?.cause).toMatch(/^command changed/);
  const unseen = await called(folder, ['plan', 'words.yaml', '--set', 'size=8', '--json']);
  expect(unseen.json.nodes?.[0]?.cause).toMatch(/^param size changed: 7 → 8; command changed/);
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { called, edit, emptyFolder, write } from '../rig.ts';

const PNG = '\\211PNG\\r\\n\\032\\n';

/** A project whose command draws of everything a bit, and what its two runs are called. */
let folder: string;
let runs: readonly string[];

beforeAll(async () => {
  folder = emptyFolder();
  write(folder, {
    'draw.sh': `printf 'step,loss\\n1,%s\\n2,1\\n3,0\\n' "$first" > curve.csv
printf 'name,weight\\nage,%s\\nsize,2\\n' "$first" > bars.csv
printf 'kind,count,note\\na,%s,same\\nb,7,same\\n' "$first" > table.csv
printf 'actual,predicted\\ncat,cat\\ncat,%s\\n' "$said" > taken.csv
printf '# Notes\\n\\nIt began at %s.\\n' "$first" > notes.md
printf '${PNG}%s' "$first" > picture.png
`,
    'pipeline.yaml': `name: p
stages:
  draw:
    run: |
      # Draws.
      sh "$code"
    in: { code: ./draw.sh }
    with: { first: 9, said: cat }
    tools: [sh]
    out:
      curve: curve.csv
      bars: { path: bars.csv, plot: { as: bars, title: Weights } }
      table: table.csv
      taken: taken.csv
      notes: notes.md
      picture: picture.png
`,
  });
  const ids: string[] = [];
  for (const set of [[], ['--set', 'draw.first=5', '--set', 'draw.said=dog']])
    ids.push(String((await called(folder, ['run', 'pipeline.yaml', '--json', ...set])).json['run']));
  runs = ids;
});

describe('show of a node', () => {
  test('has its command and what it used, and what it made: tables as tables, plots in characters, texts, pictures by name', async () => {
    const { stdout } = await called(folder, ['show', runs[0] ?? '', 'draw', '--all']);
    expect(stdout).toMatch(/\ncommand\n {2}# Draws\.\n {2}sh "\$code"\n\ntools\n {2}sh +[0-9a-f]{12}\n/);
    expect(stdout).toMatch(/\ndraw\.curve: loss over step\n( .*\n)* {2} +9 │•/);
    expect(stdout).toMatch(/\nWeights: weight\n {2}age +9 {2}█{30,}\n {2}size +2 {2}█+▉?/);
    expect(stdout).toMatch(/\ndraw\.table\n {2}kind {2}count {2}note\n {2}a +9 {2}same\n {2}b +7 {2}same\n/);
    expect(stdout).toMatch(/\ndraw\.taken: rows are what is so[^\n]*\n +cat\n {2}cat +2\n/);
    expect(stdout).toContain('\ndraw.notes\n  # Notes\n');
    expect(stdout).toMatch(/\ndraw\.picture\n {2}a picture \(png, 9 bytes\)\n/);
    expect(stdout).toContain(`seen in: stillroom report ${runs[0]} --output report.html`);
    const { stdout: short } = await called(folder, ['show', runs[0] ?? '', 'draw']);
    expect(short).toContain('… and 2 pieces more: --all');
  });
});

describe('diff', () => {
  test('has what came out otherwise next to each other: curves in one chart, cells, bars, counts, texts', async () => {
    const { stdout } = await called(folder, ['diff', ...runs]);
    expect(stdout).toMatch(/\ndraw\.curve: loss over step\n( .*\n)* +• after {2}\+ before\n/);
    expect(stdout).toMatch(/\nWeights: weight\n {2}age {2}9 → 5\n/);
    expect(stdout).toMatch(/\ndraw\.table\n {2}1 of 2 rows differ\n {2}kind {2}count\n {2}a +9 → 5\n/);
    expect(stdout).toMatch(/\ndraw\.taken, after less before[^\n]*\n +cat {2}dog\n {2}cat +−1 +\+1\n {2}dog +· +·\n/);
    expect(stdout).toContain('\n  -It began at 9.\n  +It began at 5.\n');
    expect(stdout).toContain(`pictures next to each other: stillroom report ${runs.join(' ')} --output report.html`);
    const { json } = await called(folder, ['diff', ...runs, '--json']);
    const [first] = json['runs'] as unknown as readonly { readonly outputs: readonly { readonly name: string; readonly diff: string }[] }[];
    expect(first?.outputs.map(({ name }) => name)).toEqual(['draw.bars', 'draw.curve', 'draw.notes', 'draw.table', 'draw.taken']);
    expect(first?.outputs[2]?.diff).toContain('+It began at 5.');
  });
});

test('a report of a run has the text of its commands, with what they used', async () => {
  const { stdout } = await called(folder, ['report', ...runs.slice(0, 1)]);
  expect(stdout).toContain('<summary>The text of its command</summary><h4>draw</h4>');
  expect(stdout).toMatch(/<pre[^>]*># Draws\.\nsh &quot;\$code&quot;<\/pre><p class="soft">sh <code>[0-9a-f]{12}<\/code><\/p>/);
});

test('--pictures writes the plots of tables, with the lines of all runs', async () => {
  const target = join(emptyFolder(), 'pictures');
  const { code } = await called(folder, ['report', ...runs, '--pictures', target]);
  expect(code).toBe(0);
  expect(readdirSync(target).sort()).toEqual(['Weights.svg', 'draw.curve%3a%20loss.svg']);
  const curve = readFileSync(join(target, 'draw.curve%3a%20loss.svg'), 'utf8');
  expect(curve.match(/<polyline /g)).toHaveLength(2);
  for (const run of runs) expect(curve).toContain(run);
  expect(readFileSync(join(target, 'Weights.svg'), 'utf8').match(/<title>(?:age|size): /g)).toHaveLength(4);
});

test('a table that is drawn as a plot stands in a report as a table only where the pipeline asks for it by name', async () => {
  const captions = async (): Promise<readonly (string | undefined)[]> => {
    await called(folder, ['run', 'pipeline.yaml']);
    const { stdout } = await called(folder, ['report', '@latest']);
    return [...stdout.matchAll(/<figcaption>([^<]*)</g)].map(([, caption]) => caption);
  };
  expect(await captions()).toEqual(expect.arrayContaining(['draw.curve: loss', 'Weights', 'draw.table']));
  expect(await captions()).not.toContain('draw.curve');
  edit(folder, 'pipeline.yaml', 'name: p\n', 'name: p\nshow: [draw.curve]\n');
  const asked = await captions();
  expect(asked).toContain('draw.curve');
  expect(asked).not.toContain('draw.bars');
});

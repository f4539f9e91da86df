import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { LinesFile } from '../../src/files/lines.ts';
import { called, emptyFolder, write } from '../rig.ts';

const PIPELINE = `name: ablation
params: { size: 1 }
stages:
  student:
    run: |
      [ "$size" != 4 ] || { echo "too large" >&2; exit 3; }
      echo "{ \\"accuracy\\": 0.$size, \\"bytes\\": $size }" > scores.json
      echo "$size" > "$model"
    with: { size: $size }
    out: { model: model.txt }
    metrics: scores.json
sweep:
  over: { size: [1, 2, 3, 4] }
  objective: { maximize: student.accuracy }
  constraints: { student.bytes: { max: 2 } }
`;

/** A project whose sweep has four trials: two that count, one that breaks the constraint, one that fails; then a run by itself. */
async function sweptProject(): Promise<{ readonly folder: string; readonly sweep: string; readonly run: string }> {
  const folder = join(emptyFolder(), 'project');
  mkdirSync(join(folder, 'artifacts'), { recursive: true });
  write(folder, { 'ablation.yaml': PIPELINE });
  const swept = await called(folder, ['sweep', 'ablation.yaml', '--parallel', '1', '--json']);
  const run = await called(folder, ['run', 'ablation.yaml', '--set', 'size=7', '--json']);
  return { folder, sweep: (JSON.parse(swept.stdout) as { sweep: string }).sweep, run: run.json.run ?? '' };
}

let project: Awaited<ReturnType<typeof sweptProject>>;

beforeAll(async () => {
  project = await sweptProject();
});

const said = async (...args: string[]): Promise<string> => {
  const { stdout, stderr } = await called(project.folder, args);
  return stdout + stderr;
};
const rows = (text: string): string[][] => text.split('\n').map((line) => line.trim().split(/ {2,}/));

describe('a sweep is a thing of its own', () => {
  test('that is listed with how its trials ended and the best of them', async () => {
    const [head, line] = rows(await said('sweeps'));
    expect(head).toEqual([
      'sweep',
      'state',
      'pipeline',
      'strategy',
      'trials',
      'infeasible',
      'failed',
      'objective',
      'best',
      'of trial',
      'age',
    ]);
    expect(line).toEqual([project.sweep, 'done', 'ablation', 'grid', '4/4', '1', '1', '↑ accuracy', '0.2', '1', '0 min']);
    const { sweeps } = JSON.parse((await called(project.folder, ['sweeps', '--json'])).stdout) as { sweeps: object[] };
    expect(sweeps).toMatchObject([{ sweep: project.sweep, trials: { planned: 4, done: 2, infeasible: 1, failed: 1 }, best: { trial: 1 } }]);
  });

  test.each([['@latest-sweep'], ['abl']])('that is shown by %s: its trials as they rank, and what is wrong with some', async (word) => {
    const text = await said('show', word);
    expect(text).toContain(`a sweep of ablation (ablation.yaml) by grid\n  sweep    ${project.sweep}\n`);
    const states = rows(text).flatMap((row) => (/^\d+$/.test(row[0] ?? '') ? [row.at(-1)] : []));
    expect(states).toEqual(['★ best', 'done', 'infeasible', 'failed']);
    expect(text).toContain('1 infeasible: student.bytes above 2 (trial 2)\n1 failed: student ended with exit code 3 (trial 3)\n');
    expect(text).toContain('best: trial 1, student.accuracy 0.2\n  with  size=2\n');
  });

  test('of which one trial can be shown by its number or as the best', async () => {
    expect(await said('show', project.sweep, 'best')).toContain('set      size=2\n');
    expect(await said('show', project.sweep, '0')).toContain('set      size=1\n');
    expect(await said('show', project.sweep, 'bets')).toContain('hint: did you mean "best"?');
  });

  test('that can be named, pinned and let go, and is found by its name', async () => {
    expect(await said('tag', 'ablation', 'paper')).toBe(`paper names the sweep ${project.sweep}\n`);
    expect(await said('show', 'paper')).toContain('by grid [paper]\n');
    expect(await said('tag', 'paper', '--pin')).toContain('is pinned: gc keeps its runs');
    expect(await said('tag')).toBe(`paper  the sweep ${project.sweep}\n(pinned)  the sweep ${project.sweep}\n`);
    expect(await said('show', 'papr')).toContain('did you mean "paper"?');
    await said('tag', 'paper', '--unpin');
    expect(await said('tag', '--delete', 'paper')).toContain('no longer names');
    expect(await said('tag')).toContain('nothing has a name or a pin');
  });

  test('that verify and other verbs know of', async () => {
    await said('tag', 'ablation', 'paper');
    expect((await called(project.folder, ['verify', '--json'])).code).toBe(0);
    expect(await said('pack', 'paper')).toContain('is a sweep, and one of its runs is needed here');
    await said('tag', '--delete', 'paper');
  });
});

describe('a report of a sweep', () => {
  test('is one page: its trials as they rank, its plots, all of its best trial and no other graph, and each trial folded', async () => {
    const { stdout, code } = await called(project.folder, ['report', '@latest-sweep']);
    expect(code).toBe(0);
    const headings = [...stdout.matchAll(/<h2>([^<]*)<\/h2>/g)].map(([, heading]) => heading);
    expect(headings.slice(0, 3)).toEqual(['Trials', 'Plots', 'The best trial']);
    expect(headings.at(-1)).toBe('Each trial');
    expect(headings.filter((heading) => heading === 'Graph')).toHaveLength(1);
    expect(stdout.match(/<details><summary><b>trial \d<\/b>/g)).toHaveLength(4);
    expect(stdout).toContain('1 infeasible: student.bytes above 2 (trial 2)');
    expect(stdout).toContain('★ best');
    expect(stdout).not.toContain('<script');
  });

  test('is also a table, or its plots', async () => {
    expect(rows(await said('report', 'abl', '--csv'))[0]?.[0]).toMatch(/^trial,state,size,/);
    expect(await said('report', 'abl', '--md')).toContain('| 1 | 2 | 0.2 | 2 | ★ best |');
    expect(await said('report', 'abl', '--pictures', 'drawn')).toContain('wrote drawn/parallel-coordinates.svg\n');
    expect(readFileSync(join(project.folder, 'drawn/parallel-coordinates.svg'), 'utf8')).toContain('dashed: 1 infeasible');
  });
});

describe('runs', () => {
  test('show the trials of a sweep as one line', async () => {
    const [head, run, sweep, ...more] = rows(await said('runs'));
    expect(head?.[0]).toBe('run');
    expect(run?.[0]).toBe(project.run);
    expect(sweep).toEqual([`sweep ${project.sweep}`, 'done', 'ablation', '4/4 trials, best 0.2, 1 failed']);
    expect(more.flat().join('')).toBe('');
  });

  test('show each trial with a column of the sweep where that is asked, and find those of one by its name', async () => {
    const all = rows(await said('runs', '--trials'));
    expect(all[0]).toContain('sweep');
    expect(all.filter((row) => row.includes(project.sweep))).toHaveLength(4);
    expect(rows(await said('runs', '--where', 'sweep=abl and trial>1', '--columns', 'trial,size')).slice(1)).toMatchObject([
      ['3', '4', 'size=4'],
      ['2', '3', 'size=3'],
      [''],
    ]);
    expect(await said('runs', '--where', 'sweep=abc')).toContain('no sweep has the id or tag "abc"');
    const { runs } = JSON.parse((await called(project.folder, ['runs', '--json'])).stdout) as { runs: { sweep: string | null }[] };
    expect(runs.map(({ sweep }) => sweep)).toEqual([null, ...Array.from({ length: 4 }, () => project.sweep)]);
  });
});

test('what a former Stillroom has swept is found too: its journal says which runs are of it', async () => {
  const { folder, sweep } = await sweptProject();
  const journal = join(folder, 'artifacts/sweeps', `${sweep}.jsonl`);
  const file = new LinesFile(journal);
  const [first, ...lines] = file.read() as Readonly<Record<string, unknown>>[];
  const { started: _started, ...header } = first ?? {};
  file.begin(header);
  for (const { type, ...line } of lines) if (type === 'start' || type === 'end') file.append({ type, ...line });
  expect(readFileSync(journal, 'utf8')).not.toContain('closed');
  const [, line] = rows((await called(folder, ['sweeps'])).stdout);
  expect([line?.[0], line?.[1], line?.[4]]).toEqual([sweep, 'done', '4/4']);
  expect((await called(folder, ['runs'])).stdout).toContain('4/4 trials');
});

describe('gc', () => {
  const kept = async (...args: string[]): Promise<string> => {
    const { stdout } = await called(project.folder, ['gc', '--keep-runs', '1', '--dry-run', ...args, '--json']);
    const { kept: all } = JSON.parse(stdout) as { kept: { run: string; why: string }[] };
    return all.map(({ why }) => why).join(', ');
  };

  test('keeps the runs of the newest sweep, and of a tagged one by that name', async () => {
    expect(await kept()).toBe('among the newest 1, of the newest sweep, of the newest sweep, of the newest sweep, of the newest sweep');
    await said('tag', 'ablation', 'paper');
    expect(await kept()).toContain('of the sweep tagged paper');
    expect(await said('gc', '--run', 'paper', '--dry-run')).toContain(`the sweep ${project.sweep} is tagged paper; nothing was removed`);
    await said('tag', '--delete', 'paper');
  });

  test('lets go of a sweep that is named', async () => {
    const { folder, sweep } = await sweptProject();
    const { stdout } = await called(folder, ['gc', '--run', sweep, '--json']);
    expect((JSON.parse(stdout) as { runs: string[] }).runs).toHaveLength(4);
    expect(existsSync(join(folder, 'artifacts/sweeps', sweep, 'table.csv'))).toBe(true);
  });
});

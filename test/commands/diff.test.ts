import { beforeAll, describe, expect, test } from 'vitest';
import { unifiedDiff } from '../../src/text/unified-diff.ts';
import { edit, called } from '../rig.ts';
import { asked, measuredProject } from './measured-project.ts';

interface Answer {
  readonly base: { readonly run: string };
  readonly runs: readonly {
    readonly run: string;
    readonly changes: readonly {
      readonly node: string;
      readonly kind: string;
      readonly name: string;
      readonly from: string;
      readonly to: string;
    }[];
    readonly code: readonly { readonly nodes: readonly string[]; readonly name: string; readonly diff: string }[];
    readonly metrics: readonly {
      readonly node: string;
      readonly metric: string;
      readonly from: number;
      readonly to: number;
      readonly better: boolean | null;
    }[];
  }[];
}

let folder: string;
const ids: string[] = [];

beforeAll(async () => {
  folder = measuredProject();
  const run = async (...args: string[]): Promise<void> => {
    ids.push((await asked<{ run: string }>(folder, ['run', 'small', ...args])).answer.run);
  };
  await run();
  await run('--set', 'train.rate=0.25');
  edit(folder, 'stages/train/run.ts', "'a model'", "'another model'");
  edit(folder, 'stages/train/run.ts', '// The rate decides all.', '// The rate decides nearly all.');
  edit(folder, 'pipelines/small.yaml', 'echo "$title"', 'echo "# $title"');
  edit(folder, 'data/text.txt', 'not to be', 'not');
  await run('--set', 'title=Other');
});

describe('diff', () => {
  test('tells only what differs: a param, its metrics with direction, and the artifacts', async () => {
    const { answer } = await asked<Answer>(folder, ['diff', ids[0] ?? '', ids[1] ?? '']);
    const [first] = answer.runs;
    expect(first?.changes.map(({ node, kind, name, from, to }) => [node, kind, name, ...(kind === 'output' ? [] : [from, to])])).toEqual([
      ['train', 'param', 'rate', '0.5', '0.25'],
      ['train', 'output', 'model'],
      ['card', 'output', 'card'],
    ]);
    expect(first?.code).toEqual([]);
    expect(first?.metrics.filter(({ metric }) => metric !== 'speed')).toMatchObject([
      { metric: 'loss', better: true },
      { metric: 'accuracy', from: 0.5, to: 0.25, better: false },
    ]);
    const { stdout } = await called(folder, ['diff', ids[0] ?? '', ids[1] ?? '']);
    expect(stdout).toMatch(/ train\.rate +0\.5 → 0\.25\n/);
    expect(stdout).toMatch(/ train\.accuracy +0\.5 → 0\.25 +−0\.25, worse\n/);
  });

  test('shows code as a diff of its sources, commands as a diff of their text, and sources by content', async () => {
    const { answer } = await asked<Answer>(folder, ['diff', ids[0] ?? '', ids[1] ?? '', '@latest']);
    expect(answer.runs).toHaveLength(2);
    const code = answer.runs[1]?.code ?? [];
    expect(code.map(({ nodes, name }) => [nodes, name])).toEqual([
      [['train'], 'stages/train/run.ts'],
      [['card'], 'run'],
      [['train'], 'data/text.txt'],
    ]);
    const lines = code[0]?.diff.split('\n') ?? [];
    expect(lines).toContain("-  writeFileSync(join(outputs.model, 'name.txt'), 'a model');");
    expect(lines).toContain("+  writeFileSync(join(outputs.model, 'name.txt'), 'another model');");
    expect(lines).toContain('+// The rate decides nearly all.');
    expect(code[1]?.diff).toContain('+{ echo "# $title"');
    expect(code[2]?.diff).toMatch(/^--- a\/data\/text\.txt\n\+\+\+ b\/data\/text\.txt\n/);
    const names = answer.runs[1]?.changes.map(({ node, kind, name }) => `${node} ${kind} ${name}`);
    expect(names).toEqual([' param title', ' source text', 'train output model', 'card param title', 'card output card']);
  });

  test('says how far a metric moves with the seed alone', async () => {
    const project = measuredProject();
    edit(project, 'pipelines/small.yaml', 'params: { title: Result }', 'params: { title: Result, seed: 1, shift: 0 }');
    edit(
      project,
      'pipelines/small.yaml',
      '  card:',
      `  score:
    run: 'echo "{ \\"value\\": $((seed * 10 + shift)) }" > metrics.json; echo > out.txt'
    with: { seed: $seed, shift: $shift }
    out: { out: out.txt }
    metrics: metrics.json
  card:`,
    );
    for (const seed of [1, 2, 3]) await asked(project, ['run', 'small', '--set', `seed=${seed}`]);
    await asked(project, ['run', 'small', '--set', 'shift=5']);
    const { answer } = await asked<{ runs: { metrics: object[] }[] }>(project, ['diff', '@best:score.value', '@latest']);
    expect(answer.runs[0]?.metrics).toEqual([
      { node: 'score', metric: 'value', from: 30, to: 15, measured: false, better: null, noise: { deviation: 10, runs: 3 } },
    ]);
    expect((await called(project, ['diff', '@best:score.value', '@latest'])).stdout).toContain(
      '−15, other seeds differ by ±10, of 3 runs\n',
    );
  });

  test('of a run with itself is nothing, and of one run a mistake', async () => {
    expect((await called(folder, ['diff', ids[0] ?? '', ids[0] ?? ''])).stdout).toContain('nothing differs');
    expect((await called(folder, ['diff', ids[0] ?? ''])).code).toBe(2);
  });
});

describe('a unified diff', () => {
  const numbers = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}`);

  test('has hunks with three lines of context, as diff -u writes them', () => {
    const before = numbers(1, 30).join('\n');
    const after = [...numbers(1, 4), 'new', ...numbers(5, 20), ...numbers(22, 30)].join('\n');
    expect(unifiedDiff('f', before, after)).toEqual([
      '--- a/f',
      '+++ b/f',
      '@@ -2,6 +2,7 @@',
      ...[' line 2', ' line 3', ' line 4', '+new', ' line 5', ' line 6', ' line 7'],
      '@@ -18,7 +19,6 @@',
      ...[' line 18', ' line 19', ' line 20', '-line 21', ' line 22', ' line 23', ' line 24'],
    ]);
  });

  test('of texts that were added, removed, or have nothing in common', () => {
    expect(unifiedDiff('f', '', 'a\nb\n')).toEqual(['--- a/f', '+++ b/f', '@@ -0,0 +1,2 @@', '+a', '+b']);
    expect(unifiedDiff('f', 'a\n', '')).toEqual(['--- a/f', '+++ b/f', '@@ -1,1 +0,0 @@', '-a']);
    expect(unifiedDiff('f', 'same', 'same')).toEqual([]);
    const far = unifiedDiff('f', numbers(1, 3000).join('\n'), numbers(4000, 7000).join('\n'));
    expect(far).toHaveLength(3 + 3000 + 3001);
  });
});

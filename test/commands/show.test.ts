import { beforeAll, describe, expect, test } from 'vitest';
import { called, emptyFolder, write } from '../rig.ts';
import { onScreen } from './on-screen.ts';

const text = `name: words
params: { title: "日本語の長い題名 日本語の長い題名 日本語の長い題名 日本語の長い題名", broken: 9 }
stages:
  teacher:
    matrix: { fold: [0, 1, 2, 3, 4] }
    run: |
      echo "reading fold $fold"
      if [ "$fold" -ge "$broken" ]; then echo "no such fold $fold" >&2; exit 3; fi
      echo "$fold" > "$out"
      echo "{ \\"accuracy\\": 0.$fold }" > metrics.json
    with: { fold: $fold, broken: $broken }
    out: { out: o.txt }
    metrics: metrics.json
  mean: { run: 'ls "$all" > "$out"', in: { all: { from: teacher.out, all: true } }, out: { out: o.txt } }
  card: { run: 'echo "$title" > "$out"', with: { title: $title }, out: { out: o.txt } }
`;

let folder: string;
let good: string;
let bad: string;

beforeAll(async () => {
  folder = emptyFolder();
  write(folder, { 'package.json': '{}', 'words.yaml': text });
  good = (await called(folder, ['run', 'words.yaml', '--json'])).json.run ?? '';
  bad = (await called(folder, ['run', 'words.yaml', '--set', 'broken=2', '--keep-going', '--json'])).json.run ?? '';
});

describe('what a run shows', () => {
  test('is a summary first, and then each node once, its instances folded', async () => {
    const { stdout } = await called(folder, ['show', good]);
    expect(stdout).toMatch(/^words: done in .* s; all 7 nodes executed\n/);
    expect(stdout).toMatch(/\n {2}executed {2}teacher × 5 +.* s {2}it has not run before\n {2}executed {2}mean /);
    expect(stdout.match(/it has not run before/g)).toHaveLength(1);
    expect(stdout).toMatch(/\n {2}teacher\.accuracy +0\.2 +mean of 5; 0 to 0\.4\n/);
    expect(stdout).toMatch(/\n {2}teacher\.out +10 bytes +5 files\n/);
    expect(stdout).not.toContain('teacher[fold=3]');
    expect((await called(folder, ['show', good, '--all'])).stdout).toContain('teacher[fold=3]: executed');
  });

  test('that failed is why, before anything else: each failure once, with what was printed last', async () => {
    const { stdout } = await called(folder, ['show', bad]);
    const [head, , failure, ...rest] = stdout.split('\n');
    expect(head).toMatch(/^words: failed after .*; 3 of 7 nodes failed, 2 executed, 1 reused, 1 skipped$/);
    expect(failure).toBe('✘ teacher[fold=2] ended with exit code 3 (and so for teacher × 3 of 5)');
    expect(rest.slice(0, 3).map((line) => line.trim())).toEqual(['its last lines:', '| reading fold 2', '| no such fold 2']);
    expect(stdout.match(/exit code 3/g)).toHaveLength(1);
    expect(stdout).toContain(`npx stillroom show ${bad} 'teacher[fold=2]'\n`);
  });

  test.each([80, 60, 30])('fits %i columns, with colours on a terminal', async (columns) => {
    for (const args of [
      ['show', good],
      ['show', good, 'card'],
      ['show', bad, 'teacher'],
    ]) {
      const { lines, widest } = await onScreen(folder, args, { columns });
      // Identifiers and commands are left whole, to be copied.
      const wide = lines.filter((line) => !/\d{8}T|[0-9a-f]{64}|whole log/.test(line));
      expect(Math.max(0, ...wide.map((line) => [...line].length)), lines.join('\n')).toBeLessThanOrEqual(columns);
      if (columns >= 80) expect(widest).toBeLessThanOrEqual(180);
    }
    const { lines } = await onScreen(folder, ['show', good], { columns, env: {} });
    expect(lines.join('\n')).toContain('\u001b[32mdone\u001b[39m');
  });
});

describe('what a node shows', () => {
  test('with several instances: a line each', async () => {
    const { stdout } = await called(folder, ['show', bad, 'teacher']);
    expect(stdout.match(/ failed +teacher\[fold=\d\] /g)).toHaveLength(3);
    expect(stdout).toMatch(/ executed +teacher\[fold=1\] +.* s +accuracy 0\.1\n/);
    expect(stdout).toContain(`npx stillroom show ${bad} 'teacher[fold=0]'\n`);
  });

  test('comes from instances of a node told once', async () => {
    const { stdout } = await called(folder, ['show', good, 'mean']);
    expect(stdout).toMatch(/inputs\n {2}all {2}← teacher\.out × 5\n/);
    expect(stdout).toMatch(/comes from\n {2}all ← teacher\.out × 5 \(command\)\n$/);
    const all = (await called(folder, ['show', good, 'mean', '--all'])).stdout;
    expect(all.match(/ {2}all ← teacher\[fold=\d\]\.out/g)).toHaveLength(5);
  });

  test('is all that is known of it', async () => {
    const { stdout } = await called(folder, ['show', bad, 'teacher[fold=2]']);
    expect(stdout).toMatch(/^teacher\[fold=2\]: failed .*\n {2}because param broken changed: 9 → 2\n {2}error: .* exit code 3\n/);
    expect(stdout).toContain('| no such fold 2\n');
    expect(stdout).toMatch(/params\n {2}fold {4}= 2\n {2}broken {2}= 2\n/);
    expect((await called(folder, ['show', bad, 'techer'])).stderr).toContain('did you mean "teacher"?');
  });
});

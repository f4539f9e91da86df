import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { localStore } from '../../src/stores/local/store.ts';
import { called, copyOf, emptyFolder, write } from '../rig.ts';
import { rot } from '../stored.ts';
import { onScreen } from './on-screen.ts';

const text = `name: folds
params: { rate: 1, least: 0 }
stages:
  teacher:
    matrix: { fold: [0, 1, 2, 3, 4] }
    run: |
      [ "$fold" -ge "$least" ]
      echo "$fold $rate" > "$out"
      echo "{ \\"accuracy\\": 0.$fold$rate }" > metrics.json
    with: { fold: $fold, rate: $rate, least: $least }
    out: { out: o.txt }
    metrics: metrics.json
  mean: { run: 'cat "$all"/* > "$out"', in: { all: { from: teacher.out, all: true } }, out: { out: o.txt } }
`;

let base: string;
let ids: string[];

beforeAll(async () => {
  base = emptyFolder();
  write(base, { 'package.json': '{}', 'folds.yaml': text });
  ids = [];
  for (const set of ['rate=1', 'rate=2', 'least=3']) {
    const { json } = await called(base, ['run', 'folds.yaml', '--keep-going', '--set', set, '--json']);
    ids.push(json.run ?? '');
  }
});

test('diff tells what instances share once, in a summary and then by kind, and all with --all', async () => {
  const [first = '', second = '', failed = ''] = ids;
  const { stdout } = await called(base, ['diff', first, second]);
  expect(stdout.split('\n').slice(1, 2)).toEqual(['different: 6 params, 6 artifacts, 5 metrics']);
  for (const line of [
    / teacher\.rate × 5 +1 → 2\n/,
    / teacher\.accuracy × 5 +0\.21 → 0\.22 +mean of 5, \+0\.01\n/,
    / teacher\.out × 5 +each came out otherwise\n/,
    / mean\.out +came out otherwise: file [0-9a-f]{12} → file [0-9a-f]{12}\n/,
  ])
    expect(stdout).toMatch(line);
  expect(stdout).not.toContain('teacher[fold');
  expect((await called(base, ['diff', first, second, '--all'])).stdout).toMatch(/ teacher\[fold=3\]\.rate +1 → 2\n/);
  expect((await called(base, ['diff', first, failed])).stdout).toMatch(/ teacher\.out × 3 +did not come out\n/);
  const { lines, widest } = await onScreen(base, ['diff', first, second], { columns: 60 });
  expect(widest, lines.join('\n')).toBeLessThanOrEqual(60);
});

test('gc tells first how much it frees, then what of it is of which kind, and which runs go', async () => {
  const dry = await called(base, ['gc', '--keep-runs', '1', '--dry-run']);
  expect(dry.stdout).toMatch(
    /^would free [\d.]+ KiB of [\d.]+ [KM]iB; the store would take [\d.]+ [KM]iB\nnothing was removed \(--dry-run\)\n/,
  );
  expect(dry.stdout).toMatch(/\nwould be freed\n[\s\S]* results +\d+ +[\d.]+ \w+\n/);
  expect(dry.stdout).toMatch(/\nruns\n {2}kept +1 {2}among the newest 1\n {2}would go +2 /);
  const folder = copyOf(base);
  const freed = await called(folder, ['gc', '--keep-runs', '1']);
  expect(freed.stdout).toMatch(/^freed .*; the store now takes .*\n/);
  expect((await called(folder, ['gc'])).stdout).toMatch(/^nothing to free\n/);
  const { lines, widest } = await onScreen(folder, ['gc'], { columns: 40 });
  expect(widest, lines.join('\n')).toBeLessThanOrEqual(40);
});

test('verify tells first whether all is whole, then what is not by kind, each loss with what it costs', async () => {
  const whole = await called(base, ['verify']);
  expect(whole.stdout).toMatch(/^\d+ files and contents checked, \d+ bytes, all whole\n$/);
  const folder = copyOf(base);
  const store = localStore(join(folder, 'artifacts'));
  const outputs = Object.values(store.runs.read(ids[0] ?? '')?.nodes ?? {}).flatMap((node) => node.outputs?.['out'] ?? []);
  for (const { digest } of outputs) rot(join(folder, 'artifacts'), digest);
  const { stdout, code } = await called(folder, ['verify']);
  expect(code).toBe(5);
  expect(stdout).toMatch(/^\d+ files and contents checked, \d+ bytes, 6 damaged\n\ndamaged\n/);
  expect(stdout).toMatch(/ content × 6 +output .*, and 3 more: --all +the next run makes it again\n/);
  const all = await called(copyOf(folder), ['verify', '--all']);
  expect(all.stdout).toMatch(/6 still missing/);
  expect(all.stdout.match(/ output /g)).toHaveLength(6);
});

test('reproduce gives its verdict first, and artifacts that instances share once', async () => {
  const { stdout } = await called(base, ['reproduce', ids[0] ?? '']);
  expect(stdout).toMatch(/^folds [0-9a-f]{12}: identical; 6 of 6 artifacts are identical\n\nartifacts\n/);
  expect(stdout).toMatch(/ identical +teacher\.out × 5\n {2}identical +mean\.out\n/);
});

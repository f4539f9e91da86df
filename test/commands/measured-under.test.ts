import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { called, emptyFolder, write } from '../rig.ts';

const STAGE = `import { defineStage, param } from 'stillroom';
export default defineStage({
  about: 'Says how fast and how good a model is.',
  params: { kind: param.string() },
  outputs: { report: { kind: 'file.json', measured: true } },
  metrics: { accuracy: { goal: 'maximize' }, fps: { goal: 'maximize', measured: true } },
  run: () => import('./run.ts'),
});
`;

const RUN = `import { writeFileSync } from 'node:fs';
import { work } from 'stillroom';
import type stage from './stage.ts';
export default work<typeof stage>(({ params, outputs, metric }) => {
  const engine = { name: 'onnxruntime', version: '1.30.0', precision: params.kind === 'small' ? 'int8' : 'float32', threads: 2 };
  writeFileSync(outputs.report, JSON.stringify({ engine }));
  metric('accuracy', params.kind === 'small' ? 0.5 : 0.75);
  metric('fps', params.kind === 'small' ? 400 : 300);
});
`;

const PIPELINE = `name: shipped
params: { kind: small }
stages:
  speed: { uses: speed, with: { kind: $kind } }
`;

const UNDER = 'onnxruntime 1.30.0, int8, 2 threads';

let folder: string;
let ended: string;
let runs: string[];
beforeAll(async () => {
  folder = emptyFolder();
  write(folder, {
    'artifacts/.gitignore': '*\n',
    'pipelines/shipped.yaml': PIPELINE,
    'stages/speed/stage.ts': STAGE,
    'stages/speed/run.ts': RUN,
  });
  ended = (await called(folder, ['run', 'shipped'])).stdout;
  await called(folder, ['run', 'shipped', '--set', 'kind=large']);
  runs = (await called(folder, ['runs', '--json'])).json.runs?.map(({ run }) => run) ?? [];
});

test('what was measured is printed with its runtime, precision and threads, also by a run that reuses all', async () => {
  expect(ended).toMatch(/speed\.accuracy +0\.5\n/);
  expect(ended).toMatch(/speed\.fps +400 +\(onnxruntime 1\.30\.0, int8, 2 threads\)\n/);
  expect((await called(folder, ['run', 'shipped'])).stdout).toContain(`(${UNDER})`);
  expect((await called(folder, ['run', 'shipped'])).stdout).toContain(`(${UNDER})`);
  expect((await called(folder, ['show', '@latest'])).stdout).toMatch(new RegExp(`speed\\.fps +400 +measured: ${UNDER}\n`));
});

test('a report of several runs sets them against each other, on a page, as Markdown, JSON and a picture', async () => {
  const page = (await called(folder, ['report', ...runs])).stdout;
  expect(page).toContain('<h2>speed.accuracy against speed.fps</h2>');
  expect(page).toContain('kind=small</th><td class="number">400</td><td class="number">0.5</td>');
  expect(page).not.toMatch(/https?:/);
  const markdown = (await called(folder, ['report', ...runs, '--md'])).stdout;
  // Of two runs, Markdown tells what the newer changed; both say what they were measured under.
  expect(markdown).toContain(`400 (${UNDER}) | 300 (onnxruntime 1.30.0, float32, 2 threads) |`);
  const all = (await called(folder, ['report', '--where', 'pipeline=shipped and speed.fps>100', '--md'])).stdout;
  expect(all.match(/^\| kind=\w+ \|.*$/gm)).toEqual([
    `| kind=small | 400 | 0.5 | ${UNDER} | yes |`,
    expect.stringContaining('| kind=large | 300 |'),
  ]);
  const { tradeOff } = JSON.parse((await called(folder, ['report', ...runs, '--json'])).stdout) as { tradeOff: { points: unknown[] } };
  expect(tradeOff.points).toHaveLength(2);
  const { stdout } = await called(folder, ['report', ...runs, '--pictures', 'drawn']);
  expect(stdout).toBe('wrote drawn/speed.accuracy-against-speed.fps.svg\n');
  expect(readFileSync(join(folder, 'drawn/speed.accuracy-against-speed.fps.svg'), 'utf8')).toContain(`>kind=small, ${UNDER}</text>`);
});

test('other scales are chosen with --axes, and metrics that are not there are refused with those that are', async () => {
  const turned = (await called(folder, ['report', ...runs, '--axes', 'accuracy,speed.fps'])).stdout;
  expect(turned).toContain('<h2>speed.fps against speed.accuracy</h2>');
  const unknown = await called(folder, ['report', ...runs, '--axes', 'speed,accuracy', '--json']);
  expect([unknown.code, unknown.json.error?.hint]).toEqual([2, 'there are: speed.accuracy, speed.fps']);
  expect((await called(folder, ['report', ...runs, '--axes', 'accuracy', '--json'])).code).toBe(2);
  for (const args of [[], ['--where', 'speed.fps>1000']]) {
    const nothing = await called(folder, ['report', ...args, '--json']);
    expect([nothing.code, nothing.json.error?.code]).toEqual([2, 'bad-option']);
  }
  expect((await called(folder, ['report', '@latest'])).stdout).not.toContain(' against ');
});

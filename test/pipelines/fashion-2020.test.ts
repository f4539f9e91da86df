import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { sevenClasses, writeClassFolders } from '../data/class-folders.ts';
import { checkout, emptyFolder, type Printed, stillroom } from '../rig.ts';

const pipeline = join(checkout, 'pipelines/fashion-2020.yaml');
const recipe = [
  'data',
  'split',
  ...[0, 1, 2, 3, 4].map((fold) => `teacher[fold=${fold}]`),
  'oof',
  'labels',
  'student',
  'finetune',
  'average',
  'fuse',
  'export',
  'benchmark',
];

let images: string;
let base: string[];
beforeAll(async () => {
  const room = emptyFolder();
  images = join(room, 'images');
  await writeClassFolders(images, { classes: sevenClasses, each: 8, size: 48 });
  base = [pipeline, '--json', '--store', join(room, 'store'), '--set', `sources.images=${images}`];
});

/** Options that set params. */
const sets = (values: Readonly<Record<string, string | number>>): string[] =>
  Object.entries(values).flatMap(([name, value]) => ['--set', `${name}=${value}`]);

test("the contest's recipe is planned as it is, over a folder of seven classes", async () => {
  const { code, json } = await stillroom(checkout, ['plan', ...base]);
  expect(code).toBe(0);
  expect(json.nodes?.map(({ node }) => node).sort()).toEqual([...recipe].sort());
  expect(new Set(json.nodes?.map(({ action }) => action))).toEqual(new Set(['run']));
});

test('without a folder, the error says how to give one', async () => {
  const { code, json } = await stillroom(checkout, ['plan', pipeline, '--json']);
  expect(code).toBe(3);
  expect(json.error?.hint).toContain('--set sources.images=PATH');
});

test('it runs through on eight images a class, made small by --set', async () => {
  const small = { size: 16, stored: 20, 'teacher.epochs': 1, 'teacher.batch': 8, 'student.epochs': 1, 'student.batch': 16 };
  const rest = {
    'finetune.epochs': 2,
    'finetune.batch': 16,
    'average.batch': 16,
    'oof.batch': 8,
    'benchmark.images': 10,
    'benchmark.rounds': 1,
  };
  const { code, stderr, json } = await stillroom(checkout, ['run', ...base, ...sets({ ...small, ...rest })]);
  expect(code, stderr).toBe(0);
  const { executed, metrics = {} }: Printed = json;
  expect([...(executed ?? [])].sort()).toEqual([...recipe].sort());
  expect(metrics['data.train_images']).toBe(42);
  expect(metrics['data.test_images']).toBe(14);
  expect(metrics['export.onnx_difference']).toBeLessThanOrEqual(1e-4);
  expect(metrics['benchmark.accuracy']).toBeGreaterThanOrEqual(0);
}, 300_000);

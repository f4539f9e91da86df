import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, expect, test } from 'vitest';
import { scratch } from '../../stages/context.ts';
import { measureRow } from './file-to-label.ts';
import { measureForms } from './forms.ts';
import { writeShippedModel } from './model.ts';
import { makePhotographs } from './photographs.ts';
import { makeTestSet } from './test-set.ts';

const room = scratch();
afterAll(() => room.remove());

const digestsOf = (folder: string): string[] =>
  readdirSync(folder).map((name) =>
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex'),
  );

test('the photographs are as large as asked, 15 to 25 KB, all different, and the same each time', async () => {
  const [first, again] = [join(room.folder, 'first'), join(room.folder, 'again')];
  for (const size of await makePhotographs(first, { count: 3, shortSide: 256 })) {
    expect(size).toBeGreaterThan(15_000);
    expect(size).toBeLessThan(25_000);
  }
  expect(await sharp(join(first, '0002.jpg')).metadata()).toMatchObject({ format: 'jpeg', height: 256, width: 341, channels: 3 });
  await makePhotographs(again, { count: 3, shortSide: 256 });
  expect(digestsOf(again)).toEqual(digestsOf(first));
  expect(new Set(digestsOf(first)).size).toBe(3);
});

test('a row is measured from file to label, and says its runtime, precision and threads', async () => {
  const [model, data] = [join(room.folder, 'model'), join(room.folder, 'photographs')];
  writeShippedModel(model);
  await makeTestSet(data, { count: 2, shortSide: 64 });
  const [head, ...lines] = await measureRow({
    model,
    data,
    runtime: 'onnxruntime',
    precision: 'float32',
    threads: 1,
    rounds: 1,
    warmup: 0,
  });
  expect(head).toMatch(/^photographs: onnxruntime [\d.]+, float32, 1 thread /);
  expect(lines.slice(0, 3).map((line) => /batch (\d+): \d+ /.exec(line)?.[1])).toEqual(['1', '8', '32']);
  expect(lines[3]).toMatch(/p50 [\d.]+.* MiB at batch 1/);
  expect(lines[4]).toContain('changes pixels by at most 0 of 255');
});

test('forms are measured in all runtimes that are there, beside the folded one in float32', async () => {
  const [head, ...lines] = await measureForms({ folder: join(room.folder, 'forms'), threads: 1, rounds: 1, images: 1 });
  expect(head).toContain('batch 1, 1 thread,');
  expect(lines).toHaveLength(9);
  const told = lines.join('\n');
  for (const form of ['folded', 'unfolded']) expect(told).toMatch(new RegExp(`  onnxruntime [\\d.]+, float32, ${form}: [\\d.]+ ms`));
  expect(told).toMatch(/ {2}onnxruntime [\d.]+, int8, int8-onnxruntime: [\d.]+ ms, \d+ images\/s, [\d.]+ × folded float32/);
  expect(told).toMatch(/ {2}tensorflow [\d.]+, float32, folded: [\d.]+ ms/);
});

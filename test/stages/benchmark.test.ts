import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { decodeImage, describeModel, encodeOnnx, readPredictions, writeExported } from 'stillroom/nn';
import type { InferenceRuntime, Network } from 'stillroom/nn';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import run from '../../stages/benchmark/run.ts';
import onnxruntime from '../../stages/benchmark/runtimes/onnxruntime.ts';
import { quantile } from '../../stages/benchmark/speed.ts';
import stage from '../../stages/benchmark/stage.ts';
import { perform, scratch } from './context.ts';
import type { Watched } from './context.ts';
import { writeDataset } from './dataset.ts';

let room: ReturnType<typeof scratch>;
beforeEach(() => {
  room = scratch();
});
afterEach(() => room.remove());

const size = 8;
const classes = ['dark', 'bright', 'never'];

/** A model that compares the mean of the normalised image with 0: below is dark, above is bright. */
function writeJudge(): string {
  const network: Network = {
    layers: [
      { kind: 'input', name: 'image', inputs: [] },
      { kind: 'global-average-pool', name: 'pool', inputs: ['image'] },
      { kind: 'flatten', name: 'flat', inputs: ['pool'] },
      { kind: 'dense', name: 'head', inputs: ['flat'], inFeatures: 1, outFeatures: 3 },
    ],
    output: 'head',
  };
  const weights = new Map([
    ['head.weight', { shape: [3, 1], data: Float32Array.of(-1, 1, 0) }],
    ['head.bias', { shape: [3], data: Float32Array.of(0, 0, -9) }],
  ]);
  const input = { size, channels: 1, mean: [0.5], std: [0.25] };
  const preparation = { size, channels: 1, fit: 'pad', background: 0 } as const;
  const folder = join(room.folder, 'judge');
  const metadata = describeModel({ architecture: 'judge', classes, input, preparation, network }, 'NCHW');
  writeExported(folder, { architecture: 'judge', classes, input, preparation, formats: ['onnx'] });
  mkdirSync(join(folder, 'onnx'), { recursive: true });
  writeFileSync(
    join(folder, 'onnx', 'model.onnx'),
    encodeOnnx(network, weights, { size, channels: 1, classes: 3, name: 'judge', metadata }),
  );
  return folder;
}

const readJson = (path: string | undefined): object => JSON.parse(readFileSync(path as string, 'utf8')) as object;

/** Writes packed images and their encoded files into a test set that is there. */
function writeFiles(folder: string, images: readonly Uint8Array[], files: readonly Uint8Array[]): string {
  writeFileSync(join(folder, 'images.bin'), Buffer.concat(images));
  const offsets = [0];
  for (const file of files) offsets.push((offsets.at(-1) as number) + file.length);
  writeFileSync(join(folder, 'encoded.bin'), Buffer.concat(files));
  writeFileSync(join(folder, 'encoded.json'), JSON.stringify({ offsets }));
  return folder;
}

/** Writes images, all of one size, into a test set that is there, with their PNG files. */
async function writeImages(folder: string, images: readonly Buffer[], side: number, encoded = images): Promise<string> {
  const raw = { width: side, height: side, channels: 1 } as const;
  const files = await Promise.all(encoded.map((image) => sharp(image, { raw }).png().toBuffer()));
  return writeFiles(folder, images, files);
}

/** A test set of textured JPEGs of 80 px, which are decoded scaled for images of 8 px, with the pixels that they are prepared to. */
async function writeLargeJpegs(count: number): Promise<string> {
  const folder = writeDataset(join(room.folder, 'test-set'), { labels: new Array<number>(count).fill(1), classes, size });
  const raw = { width: 80, height: 80, channels: 1 } as const;
  const files = await Promise.all(
    Array.from({ length: count }, (_, image) => {
      const pixels = Uint8Array.from({ length: 80 * 80 }, (__, index) => (index * 7919 + image * 31 + (index >> 5) * 104_729) % 251);
      return sharp(pixels, { raw }).jpeg({ quality: 95 }).toBuffer();
    }),
  );
  const preparation = { size, channels: 1, fit: 'pad', background: 0 } as const;
  const images = await Promise.all(files.map((file) => decodeImage(file, preparation)));
  return writeFiles(folder, images, files);
}

/** A test set of one bright image: its middle alone is just dark, and a corner holds some of its bright frame. */
function writeFramed(side: number): Promise<string> {
  const image = Buffer.alloc(side * side, 255);
  for (let row = 1; row < side - 1; row++) image.fill(124, row * side + 1, (row + 1) * side - 1);
  return writeImages(writeDataset(join(room.folder, 'test-set'), { labels: [1], classes, size: side }), [image], side);
}

/** A test set of plain images of these grey values, with their PNG files. */
async function writeGreys(
  labels: readonly number[],
  greys: readonly number[],
  options: { classes?: readonly string[]; damage?: boolean } = {},
): Promise<string> {
  const folder = writeDataset(join(room.folder, 'test-set'), { labels, classes: options.classes ?? classes, size });
  const images = greys.map((grey) => Buffer.alloc(size * size, grey));
  const encoded = options.damage === true ? images.map((image) => Buffer.from(image).fill(1)) : images;
  return writeImages(folder, images, size, encoded);
}

const quick = { images: 20, rounds: 3, warmup: 2, batch: 3, batches: [4] };

function measure(data: string, params: object = {}, runtime: InferenceRuntime = onnxruntime): Promise<Watched> {
  mkdirSync(room.folder, { recursive: true });
  const inputs = { model: writeJudge(), data };
  return perform(stage, run, { params: { ...quick, ...params }, modules: { runtime }, inputs, folder: room.folder });
}

describe('the stage', () => {
  test('accuracy over the whole set, by class and as a table; a class without images has none', async () => {
    const data = await writeGreys([0, 0, 1, 1, 1, 0, 0], [10, 200, 250, 180, 20, 30, 40]);
    const { outputs, metrics } = await measure(data);
    expect(metrics['accuracy']).toBeCloseTo(5 / 7, 9);
    expect(metrics['worst_class']).toBeCloseTo(2 / 3, 9);
    const results = JSON.parse(readFileSync(outputs['results'] as string, 'utf8')) as object;
    expect(results).toEqual({
      format: 1,
      count: 7,
      classes,
      accuracy: 5 / 7,
      macro_f1: (6 / 8 + 4 / 6) / 2,
      balanced_accuracy: (3 / 4 + 2 / 3) / 2,
      by_class: [3 / 4, 2 / 3, null],
      confusion: [
        [3, 1, 0],
        [1, 2, 0],
        [0, 0, 0],
      ],
    });
    const { count, values } = readPredictions(outputs['predictions'] as string);
    expect(
      Array.from({ length: count }, (_, image) => values.subarray(3 * image, 3 * image + 3)).map((row) => row.indexOf(Math.max(...row))),
    ).toEqual([0, 1, 1, 1, 0, 0, 0]);
    const table = (name: string): string => readFileSync(join(outputs['tables'] ?? '', name), 'utf8');
    expect(table('confusion.csv')).toBe('true \\ predicted,dark,bright,never\r\ndark,3,1,0\r\nbright,1,2,0\r\nnever,0,0,0\r\n');
    expect(table('classes.csv')).toContain('dark,4,0.750000,0.750000,0.750000\r\n');
  });

  test('speeds agree with one another, and the report holds load, spread and the score with its values', async () => {
    const data = await writeGreys([0, 1], [10, 250]);
    const { outputs, metrics } = await measure(data, { score: 'accuracy_weight * accuracy + speed_weight * min(1, fps / 1e9)' });
    const { p50_ms = 0, p95_ms = 0, p99_ms = 0, fps = 0, overlapped_fps = 0, best_fps = 0, model_fps = 0, score = 0 } = metrics;
    expect(p50_ms).toBeGreaterThan(0);
    expect(p95_ms).toBeGreaterThanOrEqual(p50_ms);
    expect(p99_ms).toBeGreaterThanOrEqual(p95_ms);
    expect(best_fps).toBeGreaterThanOrEqual(Math.max(fps, overlapped_fps));
    expect(metrics['memory_mib']).toBeGreaterThan(10);
    expect(model_fps).toBeGreaterThan(fps);
    expect(score).toBeCloseTo(0.7 + (0.3 * fps) / 1e9, 9);
    const report = readJson(outputs['report']) as Record<string, { values: object }> & { batches: Record<string, unknown>[] };
    expect(report.batches.map(({ batch }) => batch)).toEqual([1, 4]);
    expect(report.batches[0]?.['fps']).toMatchObject({ median: fps });
    expect(report.batches[0]?.['overlapped_fps']).toMatchObject({ median: overlapped_fps });
    expect(Object.keys(report['load'] ?? {})).toEqual(['before', 'after', 'others']);
    expect(report['score']?.values).toMatchObject({ accuracy: 1, fps });
    expect(report['engine']).toMatchObject({ name: 'onnxruntime', precision: 'float32', threads: 2 });
    const [head, ...rows] = readFileSync(outputs['speeds'] as string, 'utf8')
      .trim()
      .split('\r\n');
    expect(head?.split(',')).toContain('precision');
    expect(rows.map((row) => row.split(',').slice(2, 7).join(' '))).toEqual([
      'float32 2 1 1 file to label',
      'float32 1 1 1 file to label with decoding overlapped',
      'float32 2 1 1 model only',
      'float32 2 1 4 file to label',
      'float32 1 1 4 file to label with decoding overlapped',
      'float32 2 1 4 model only',
    ]);
  });

  test('a score may be of any figure', async () => {
    const data = await writeGreys([0, 1], [10, 250]);
    const score = 'macro_f1 + balanced_accuracy + 0 * (overlapped_fps + best_fps + best_model_fps + p99_ms + memory_mib + megabytes)';
    expect((await measure(data, { score })).metrics['score']).toBe(2);
  });

  test('decoding ahead changes neither which images the model is given nor their order', async () => {
    const data = await writeGreys([0, 1, 0, 1, 0], [10, 250, 20, 240, 30]);
    const seen: string[] = [];
    const watching: InferenceRuntime = {
      ...onnxruntime,
      async open(folder, options) {
        const classifier = await onnxruntime.open(folder, options);
        const rounds: number[] = [];
        seen.push('');
        return {
          ...classifier,
          async logits(images, count) {
            for (let image = 0; image < count; image++) rounds.push(images[image * size * size] as number);
            seen[seen.length - 1] = rounds.map((value) => value.toFixed(2)).join(' ');
            return classifier.logits(images, count);
          },
        };
      },
    };
    await measure(data, { warmup: 0, rounds: 1, images: 10, batches: [1, 5], ahead: 3 }, watching);
    const [, alone, overlapped, batched, batchedOverlapped] = seen;
    expect(alone?.split(' ')).toHaveLength(10);
    expect(new Set([overlapped, batched, batchedOverlapped])).toEqual(new Set([alone]));
  });

  test('views beside the middle are averaged, and what they bring and cost is told', async () => {
    const data = await writeFramed(10);
    const alone = await measure(data);
    const { outputs, metrics, log } = await measure(data, { tta: 'crops' });
    expect(log.join('\n')).toMatch(/^crops: accuracy \+1\.0000 at .* score .* in place of /m);
    expect(alone.metrics['accuracy']).toBe(0);
    expect(alone.metrics['tta_gain']).toBeUndefined();
    expect(metrics['accuracy']).toBe(1);
    expect(metrics['tta_gain']).toBe(1);
    expect(metrics['tta_cost']).toBeGreaterThan(0);
    expect(readJson(outputs['report'])).toMatchObject({ tta: 'crops', without_tta: { values: { accuracy: 0 } } });
    expect(readFileSync(outputs['speeds'] as string, 'utf8')).toContain(',float32,2,5,1,file to label,');
    const mirrored = await measure(data, { tta: 'flip-crops' });
    expect(mirrored.metrics['accuracy']).toBe(1);
  });

  test('decoding large JPEGs whole tells how far pixels and accuracy change; small files decode to the same', async () => {
    const plain = await measure(await writeGreys([0, 1], [10, 250]), { decoding: 'whole' });
    expect(readJson(plain.outputs['report'])).toMatchObject({
      decoding: { way: 'whole', largest_pixel_change: 0, mean_pixel_change: 0, accuracy_change: 0 },
    });
    const { outputs } = await measure(await writeLargeJpegs(2), { decoding: 'whole' });
    const { decoding } = readJson(outputs['report']) as { decoding: Record<string, number> };
    expect(decoding['largest_pixel_change']).toBeGreaterThan(0);
    expect(decoding['mean_pixel_change']).toBeLessThan(decoding['largest_pixel_change'] as number);
    const prepared = await measure(await writeLargeJpegs(2));
    expect(readJson(prepared.outputs['report'])).toMatchObject({ decoding: { way: 'prepared' } });
  });

  test('the runtime that is chosen answers, is told its threads, and is named in the report', async () => {
    const data = await writeGreys([0, 1, 1], [10, 250, 250]);
    const opened: unknown[] = [];
    const contrary: InferenceRuntime = {
      version: '0.1',
      precision: 'int8',
      affinity: 'free',
      format: 'onnx',
      async open(folder, options) {
        opened.push(options.threads);
        const classifier = await onnxruntime.open(folder, options);
        return { ...classifier, logits: async (images, count) => (await classifier.logits(images, count)).map((logit) => -logit) };
      },
    };
    const { outputs, metrics } = await measure(data, { runtime: { name: 'contrary' } }, contrary);
    expect(new Set(opened)).toEqual(new Set([1, 2]));
    expect(metrics['accuracy']).toBe(0);
    const report = JSON.parse(readFileSync(outputs['report'] as string, 'utf8')) as { engine: object };
    expect(report.engine).toEqual({
      name: 'contrary',
      version: '0.1',
      precision: 'int8',
      affinity: 'free',
      threads: 2,
      overlapped_threads: 1,
    });
  });

  test('a format that the runtime reads and the model lacks is named, with what to do', async () => {
    const data = await writeGreys([0, 1], [10, 250]);
    const other: InferenceRuntime = { ...onnxruntime, format: 'tfjs' };
    await expect(measure(data, { runtime: { name: 'other' } }, other)).rejects.toThrow(
      'the runtime other reads tfjs, and the model was exported as onnx only',
    );
  });

  test('what does not fit together, and a formula that cannot be read, is refused before anything is measured', async () => {
    const data = await writeGreys([0, 1], [10, 250]);
    await expect(measure(data, { score: 'accuracy + frames' })).rejects.toThrow('there is no frames in a formula');
    await expect(measure(data, { score: 'log(accuracy - accuracy)' })).rejects.toThrow('is -Infinity for');
    await expect(measure(data, { tta: 'crops' })).rejects.toThrow('`tta: crops` crops images of 8 × 8 for a model that takes them whole');
    await expect(measure(data, { batches: [4, 0.5] })).rejects.toThrow('`batches` holds 0.5, which is no number of images');
    const others = await writeGreys([0, 1], [10, 250], { classes: ['a', 'b', 'c'] });
    await expect(measure(others)).rejects.toThrow('the model and the test set have other classes');
    const damaged = await writeGreys([0, 1], [10, 250], { damage: true });
    await expect(measure(damaged)).rejects.toThrow('does not decode to its packed pixels');
  });
});

test('quantiles are of the nearest rank', () => {
  expect(quantile([5, 1, 3], 0.5)).toBe(3);
  expect(
    quantile(
      Array.from({ length: 100 }, (_, index) => index + 1),
      0.95,
    ),
  ).toBe(95);
});

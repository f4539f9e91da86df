import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { decodeImage, openDataset } from 'stillroom/nn';
import type { Dataset } from 'stillroom/nn';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import run from '../../stages/prepare-images/run.ts';
import stage from '../../stages/prepare-images/stage.ts';
import { perform, scratch, StageFailure } from './context.ts';
import type { Watched } from './context.ts';
import { paint, paintFolders } from './painted.ts';

let room: ReturnType<typeof scratch>;
beforeEach(() => {
  room = scratch();
});
afterEach(() => room.remove());

const quickstart = join(import.meta.dirname, '../../pipelines/quickstart/fashion');

const perform_ = (images: string, params: object, inputs: object = {}, out = 'out'): Promise<Watched> =>
  perform(stage, run, { params: { size: 16, ...params }, inputs: { images, ...inputs }, folder: join(room.folder, out) });

const countsOf = (set: Dataset): number[] => set.info.classes.map((_, label) => set.labels.filter((own) => own === label).length);

describe('idx files', () => {
  const shared = scratch();
  let prepared: Watched;
  let train: Dataset;
  let held: Dataset;
  beforeAll(async () => {
    const params = { size: 32, channels: 1, fit: 'shrink', background: 0 } as const;
    prepared = await perform(stage, run, { params, inputs: { images: quickstart }, folder: shared.folder });
    train = openDataset(prepared.outputs['train'] as string);
    held = openDataset(prepared.outputs['test'] as string);
  });
  afterAll(() => {
    train.close();
    held.close();
    shared.remove();
  });

  test('both sets come from one folder, in the order of the files, with the names of classes.txt', () => {
    expect(countsOf(train)).toEqual([500, 456, 411, 367, 322, 278, 233, 189, 144, 100]);
    expect(countsOf(held)).toEqual(new Array(10).fill(200));
    expect(train.info).toMatchObject({ height: 32, width: 32, channels: 1, count: 3000 });
    expect(train.info.classes[6]).toBe('Shirt');
    expect(held.info.mean).toEqual(train.info.mean);
    expect(train.names()[12]).toBe('train/000012');
    expect(held.names()[12]).toBe('test/000012');
    expect(prepared.metrics).toMatchObject({ train_images: 3000, test_images: 2000, classes: 10, imbalance: 5, unreadable: 0 });
  });

  test('the encoded test images decode to the packed pixels', async () => {
    const folder = prepared.outputs['test'] as string;
    const { offsets } = JSON.parse(readFileSync(join(folder, 'encoded.json'), 'utf8')) as { offsets: number[] };
    const encoded = readFileSync(join(folder, 'encoded.bin'));
    expect(offsets).toHaveLength(held.info.count + 1);
    expect(offsets.at(-1)).toBe(encoded.length);
    const pixels = new Uint8Array(32 * 32);
    for (const index of [0, 777, 1999]) {
      held.read(index, pixels);
      const decoded = await decodeImage(encoded.subarray(offsets[index], offsets[index + 1]), {
        size: 32,
        channels: 1,
        fit: 'shrink',
        background: 0,
      });
      expect(Buffer.compare(decoded, pixels)).toBe(0);
    }
  });

  test('mean and std are those of the training pixels', () => {
    const bytes = readFileSync(join(prepared.outputs['train'] as string, 'images.bin'));
    const mean = bytes.reduce((sum, value) => sum + value, 0) / bytes.length;
    const variance = bytes.reduce((sum, value) => sum + (value - mean) ** 2, 0) / bytes.length;
    expect(train.info.mean[0]).toBeCloseTo(mean / 255, 10);
    expect(train.info.std[0]).toBeCloseTo(Math.sqrt(variance) / 255, 10);
  });

  test('a file that is cut off, and one without labels, are refused by name', async () => {
    cpSync(quickstart, join(room.folder, 'cut'), { recursive: true });
    const name = 'train-images-idx3-ubyte.gz';
    writeFileSync(join(room.folder, 'cut', name), readFileSync(join(quickstart, name)).subarray(0, 5000));
    await expect(perform_(join(room.folder, 'cut'), {})).rejects.toThrow(`${name} is not a whole gzip file`);
    rmSync(join(room.folder, 'cut', 'train-labels-idx1-ubyte.gz'));
    await expect(perform_(join(room.folder, 'cut'), {}, {}, 'again')).rejects.toThrow(`${name} has no labels file beside it`);
  });
});

describe('class folders', () => {
  test('a stratified share is held out, whatever kind the images are, and the seed chooses it', async () => {
    const folder = join(room.folder, 'images');
    await paintFolders(folder, ['b', 'a', 'Ä'], 8);
    const names = async (seed: number, out: string): Promise<string[]> => {
      const { outputs } = await perform_(folder, { test_share: 0.25, seed }, {}, out);
      const [train, held] = [openDataset(outputs['train'] as string), openDataset(outputs['test'] as string)];
      expect(train.info.classes).toEqual(['a', 'b', 'Ä']);
      expect(countsOf(train)).toEqual([6, 6, 6]);
      expect(countsOf(held)).toEqual([2, 2, 2]);
      expect(new Set([...train.names(), ...held.names()]).size).toBe(24);
      train.close();
      held.close();
      return held.names();
    };
    expect(await names(1, 'one')).toEqual(await names(1, 'again'));
    expect(await names(2, 'two')).not.toEqual(await names(1, 'third'));
  });

  test('the same source gives the same bytes', async () => {
    const folder = join(room.folder, 'images');
    await paintFolders(folder, ['a', 'b'], 8);
    const digest = async (out: string): Promise<Buffer[]> => {
      const { outputs } = await perform_(folder, {}, {}, out);
      return ['images.bin', 'names.txt', 'dataset.json', 'encoded.bin'].map((name) => readFileSync(join(outputs['test'] as string, name)));
    };
    expect(await digest('one')).toEqual(await digest('two'));
  });

  test('a separate test source takes the training classes, in their order', async () => {
    await paintFolders(join(room.folder, 'train'), ['x', 'y', 'z'], 3);
    await paintFolders(join(room.folder, 'test'), ['z', 'x'], 2);
    const { outputs } = await perform_(join(room.folder, 'train'), {}, { test: join(room.folder, 'test') });
    const held = openDataset(outputs['test'] as string);
    expect(held.info.classes).toEqual(['x', 'y', 'z']);
    expect(countsOf(held)).toEqual([2, 0, 2]);
    held.close();
    await paintFolders(join(room.folder, 'test'), ['w'], 1);
    await expect(perform_(join(room.folder, 'train'), {}, { test: join(room.folder, 'test') }, 'b')).rejects.toThrow(
      /not among the 3 given: w/,
    );
  });

  test('unreadable files fail by name, or are reported and left out; other files are named, not read', async () => {
    const folder = join(room.folder, 'images');
    await paintFolders(folder, ['a', 'b'], 6);
    writeFileSync(join(folder, 'a', 'broken.jpg'), 'this is no image');
    writeFileSync(join(folder, 'b', 'cut.png'), readFileSync(join(folder, 'b', '0.png')).subarray(0, 60));
    writeFileSync(join(folder, 'b', '.DS_Store'), '');
    writeFileSync(join(folder, 'README'), 'notes');
    await expect(perform_(folder, {})).rejects.toThrow(
      /2 of the images cannot be read:\n {2}[\s\S]*a\/broken\.jpg[\s\S]*b\/cut\.png|b\/cut\.png[\s\S]*a\/broken\.jpg/,
    );
    const { outputs, metrics } = await perform_(folder, { unreadable: 'report' }, {}, 'reported');
    const report = JSON.parse(readFileSync(outputs['report'] as string, 'utf8')) as {
      unreadable: { name: string }[];
      ignored: string[];
      train: number[];
    };
    expect(report.unreadable.map(({ name }) => name).sort()).toEqual(['a/broken.jpg', 'b/cut.png']);
    expect(report.ignored).toEqual(['README', 'b/.DS_Store']);
    expect(metrics['unreadable']).toBe(2);
    expect((metrics['train_images'] as number) + (metrics['test_images'] as number)).toBe(12);
  });

  test('an empty folder says what may be given', async () => {
    mkdirSync(join(room.folder, 'empty'));
    const problem = await perform_(join(room.folder, 'empty'), {}).catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(StageFailure);
    expect((problem as StageFailure).hint).toMatch(/class folders, idx files, or a CSV/);
  });
});

describe('train_images', () => {
  test('keeps so many training images with the classes in proportion, chosen by the seed, and describes those', async () => {
    const folder = join(room.folder, 'images');
    await paintFolders(folder, ['a', 'b', 'c'], 10);
    for (let index = 10; index < 40; index++) await paint(join(folder, 'a', `${index}.png`), { colour: { r: 5 * index, g: 0, b: 0 } });
    const prepare = async (seed: number, out: string) => {
      const { outputs, metrics } = await perform_(folder, { train_images: 16, channels: 1, seed }, {}, out);
      const set = openDataset(outputs['train'] as string);
      const bytes = readFileSync(join(outputs['train'] as string, 'images.bin'));
      const report = JSON.parse(readFileSync(outputs['report'] as string, 'utf8')) as { train: number[]; test: number[] };
      set.close();
      return { set, bytes, metrics, report, names: set.names() };
    };
    const { set, bytes, metrics, report, names } = await prepare(1, 'one');
    const [a, b, c] = countsOf(set) as [number, number, number];
    expect(a + b + c).toBe(16);
    // of 32, 8 and 8 images a third
    expect([10, 11]).toContain(a);
    expect([2, 3]).toContain(b);
    expect([2, 3]).toContain(c);
    expect(report).toMatchObject({ train: [a, b, c], test: [8, 2, 2] });
    expect(metrics).toMatchObject({ train_images: 16, test_images: 12, imbalance: a / Math.min(b, c) });
    expect(names).toEqual([...new Set(names)].sort());
    expect(bytes).toHaveLength(16 * 16 * 16);
    expect(set.info.mean[0]).toBeCloseTo(bytes.reduce((sum, value) => sum + value, 0) / bytes.length / 255, 10);
    expect((await prepare(1, 'again')).names).toEqual(names);
    expect((await prepare(2, 'other')).names).not.toEqual(names);
  });

  test('more than there are, and so few that a class is lost, are refused', async () => {
    const folder = join(room.folder, 'images');
    await paintFolders(folder, ['a', 'b'], 10);
    await paintFolders(folder, ['rare'], 2);
    await expect(perform_(folder, { train_images: 18 }, {}, 'a')).rejects.toThrow(
      'there are 17 training images, fewer than `train_images: 18`',
    );
    await expect(perform_(folder, { train_images: 2 }, {}, 'b')).rejects.toThrow('`train_images: 2` leaves no image of class rare');
    expect((await perform_(folder, { train_images: 17 }, {}, 'c')).metrics).toMatchObject({ train_images: 17, imbalance: 8 });
  });
});

describe('pixels', () => {
  test('each fit puts a wide image where it says', async () => {
    const wide = readFileSync(await paint(join(room.folder, 'wide.png'), { size: 10, wide: 20, colour: '#ffffff' }));
    const rows = async (fit: 'pad' | 'shrink' | 'cover' | 'stretch', size: number): Promise<string> => {
      const pixels = await decodeImage(wide, { size, channels: 1, fit, background: 7 });
      return Array.from({ length: size }, (_, row) =>
        pixels[row * size + size / 2] === 255 ? 'x' : pixels[row * size + size / 2] === 7 ? '.' : '?',
      ).join('');
    };
    expect(await rows('pad', 40)).toBe('.'.repeat(10) + 'x'.repeat(20) + '.'.repeat(10));
    expect(await rows('shrink', 40)).toBe('.'.repeat(15) + 'x'.repeat(10) + '.'.repeat(15));
    expect(await rows('shrink', 16)).toBe('....xxxxxxxx....');
    expect(await rows('cover', 40)).toBe('x'.repeat(40));
    expect(await rows('stretch', 40)).toBe('x'.repeat(40));
  });

  test('grey, alpha, 16 bits, palettes, animations, CMYK and EXIF rotation all become plain bytes', async () => {
    const preparation = { size: 8, channels: 3, fit: 'pad', background: 255 } as const;
    const grey = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#808080' } })
      .grayscale()
      .png()
      .toBuffer();
    expect([...(await decodeImage(grey, preparation))].every((value) => value === 128)).toBe(true);
    const clear = await sharp({ create: { width: 8, height: 8, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } })
      .png()
      .toBuffer();
    expect([...(await decodeImage(clear, preparation))].every((value) => value === 255)).toBe(true);
    const deep = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#808080' } })
      .toColourspace('rgb16')
      .png()
      .toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
    expect([...(await decodeImage(deep, preparation))].every((value) => value === 128)).toBe(true);
    const palette = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#804020' } })
      .png({ palette: true })
      .toBuffer();
    expect([...(await decodeImage(palette, preparation))].slice(0, 3)).toEqual([128, 64, 32]);
    const plain = (background: string) =>
      sharp({ create: { width: 8, height: 8, channels: 3, background } })
        .png()
        .toBuffer();
    const frames = [await plain('#ff0000'), await plain('#0000ff')];
    const animated = await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer();
    expect((await sharp(animated).metadata()).pages).toBe(2);
    expect([...(await decodeImage(animated, preparation))].slice(0, 3)).toEqual([255, 0, 0]);
    const cmyk = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#ff0000' } })
      .toColourspace('cmyk')
      .jpeg()
      .toBuffer();
    expect(await decodeImage(cmyk, { ...preparation, channels: 1 })).toHaveLength(64);
    const left = Buffer.concat([Buffer.alloc(32, 0), Buffer.alloc(32, 255)]);
    const turned = await sharp(left, { raw: { width: 8, height: 8, channels: 1 } })
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer();
    const pixels = await decodeImage(turned, { ...preparation, channels: 1 });
    expect([pixels[0], pixels[7]]).toEqual([255, 0]);
  });
});

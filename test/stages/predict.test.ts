import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { decodeImage } from 'stillroom/nn';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import measure from '../../stages/benchmark/run.ts';
import onnxruntime from '../../stages/benchmark/runtimes/onnxruntime.ts';
import benchmark from '../../stages/benchmark/stage.ts';
import run from '../../stages/predict/run.ts';
import stage from '../../stages/predict/stage.ts';
import { colouredPicture, judgeClasses, judgePreparation, writeJudge } from '../exported-judge.ts';
import { perform, scratch } from './context.ts';
import type { Watched } from './context.ts';
import { writeDataset } from './dataset.ts';

let room: ReturnType<typeof scratch>;
beforeEach(() => {
  room = scratch();
});
afterEach(() => room.remove());

/** Writes pictures of all kinds into a folder and one below it; their names tell their colours. */
async function writePictures(): Promise<string> {
  const folder = join(room.folder, 'pictures');
  const names = ['b2.png', 'a0.jpeg', 'deep/g1.webp', 'deep/r0.tiff', 'c1.gif', 'd2.avif'];
  for (const name of names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), await colouredPicture(Number(/\d/.exec(name)?.[0]), /\.\w+$/.exec(name)?.[0] ?? ''));
  }
  writeFileSync(join(folder, 'deep', 'notes.txt'), 'no picture');
  writeFileSync(join(folder, '.hidden.png'), 'no picture');
  return folder;
}

interface Inputs {
  readonly images: string;
  readonly model?: string;
  readonly onnx?: string;
  readonly order?: string;
}

function label(inputs: Inputs, params: object = {}): Promise<Watched> {
  return perform(stage, run, { params: { batch: 4, ...params }, modules: { runtime: onnxruntime }, inputs, folder: room.folder });
}

const judge = (): string => writeJudge(join(room.folder, 'judge'));
const read = ({ outputs }: Watched, port = 'submission'): string => readFileSync(outputs[port] as string, 'utf8');

/** A file of wanted names. */
function orderOf(...ids: readonly string[]): string {
  const file = join(room.folder, 'sample_submission.csv');
  writeFileSync(file, ['image_id,label', ...ids.map((id) => `${id},red`), ''].join('\r\n'));
  return file;
}

describe('a test folder becomes a submission', () => {
  test('of all pictures that it holds, of any kind, in byte order', async () => {
    const done = await label({ images: await writePictures(), model: judge() }, { submission: 'id=path,label' });
    expect(read(done).split('\n')).toEqual([
      'id,label',
      'a0.jpeg,red',
      'b2.png,blue',
      'c1.gif,"green, mostly"',
      'd2.avif,blue',
      'deep/g1.webp,"green, mostly"',
      'deep/r0.tiff,red',
      '',
    ]);
    expect(done.metrics).toMatchObject({ pictures: 6, unreadable: 0 });
    expect(done.log).toContain('2 files are no pictures by their name');
    const [head, first = ''] = read(done, 'predictions').split('\r\n');
    expect(head).toBe('picture,label,index,probability,red,"green, mostly",blue');
    const [name, , index, probability, ...all] = first.split(',');
    expect([name, index, probability]).toEqual(['a0.jpeg', '0', all[0]]);
    expect(all.map(Number).reduce((sum, own) => sum + own)).toBeCloseTo(1, 5);
  });

  test('with columns of any content', async () => {
    const inputs = { images: await writePictures(), model: judge() };
    const done = await label(inputs, { submission: 'file,stem,target=index,sure=probability,blue=blue' });
    const rows = read(done).split('\n');
    expect(rows[0]).toBe('file,stem,target,sure,blue');
    expect(rows[2]).toMatch(/^b2\.png,b2,2,(0\.\d+),\1$/);
    const wide = read(await label(inputs, { submission: 'id=stem,*' })).split('\n');
    expect(wide[0]).toBe('id,red,"green, mostly",blue');
    expect(
      wide[1]
        ?.split(',')
        .slice(1)
        .map(Number)
        .reduce((sum, own) => sum + own),
    ).toBeCloseTo(1, 5);
  });

  test('in the order of the sample, whose names say their own form; what is not named is left out and told', async () => {
    const inputs = { images: await writePictures(), model: judge(), order: orderOf('r0', 'a0', 'c1', 'b2', 'd2') };
    const done = await label(inputs, { submission: 'image_id,label=index' });
    expect(read(done)).toBe('image_id,label\nr0,0\na0,0\nc1,1\nb2,2\nd2,2\n');
    expect(done.log).toContain('is not named by `order` and left out: g1');
  });

  test('a named picture that is not there fails by its name', async () => {
    const inputs = { images: await writePictures(), model: judge(), order: orderOf('a0', 'a9') };
    await expect(label(inputs)).rejects.toThrow('1 of the pictures that `order` names are not there:\n  a9');
    await expect(label({ ...inputs, order: orderOf('a0', 'a0') })).rejects.toThrow('names a0 more than once');
  });

  test('what the columns hold must be known, and names must differ', async () => {
    const inputs = { images: await writePictures(), model: judge() };
    await expect(label(inputs, { submission: 'id,label=lable' })).rejects.toThrow('is to hold "lable", which is nothing known');
    await expect(label(inputs, { submission: 'id,x,y' })).rejects.toThrow('what the column "x" of the submission is to hold');
    await expect(label(inputs, { submission: 'id=label,label' })).rejects.toThrow('the first column of a submission names the pictures');
    copyFileSync(join(inputs.images, 'a0.jpeg'), join(inputs.images, 'deep', 'a0.jpeg'));
    await expect(label(inputs)).rejects.toThrow(/a0\.jpeg and .*deep\/a0\.jpeg are both "a0\.jpeg"/);
  });
});

test('broken pictures are all named; by choice the others are labelled', async () => {
  const images = await writePictures();
  writeFileSync(join(images, 'broken.jpg'), 'no picture');
  writeFileSync(join(images, 'cut.png'), readFileSync(join(images, 'b2.png')).subarray(0, 200));
  const inputs = { images, model: judge() };
  await expect(label(inputs)).rejects.toThrow(/2 of the pictures cannot be read:\n {2}broken\.jpg: .*\n {2}cut\.png: /);
  const { metrics, log } = await label(inputs, { unreadable: 'report' });
  expect(metrics).toMatchObject({ pictures: 6, unreadable: 2 });
  expect(log.filter((line) => line.startsWith('cannot be read: '))).toHaveLength(2);
});

test('an ONNX file alone says all that is needed, and gives the same answers', async () => {
  const images = await writePictures();
  const model = judge();
  const onnx = join(room.folder, 'copied.onnx');
  copyFileSync(join(model, 'onnx', 'model.onnx'), onnx);
  const byFolder = read(await label({ images, model }), 'predictions');
  expect(read(await label({ images, onnx }), 'predictions')).toBe(byFolder);
  await expect(label({ images, model, onnx })).rejects.toThrow('one of the inputs `model` and `onnx` is needed');
  await expect(label({ images, onnx: join(images, 'a0.jpeg') })).rejects.toThrow('a0.jpeg is no ONNX file of the stage `export`');
  await expect(label({ images, model: images })).rejects.toThrow('pictures is no exported model');
});

test('labels are those of benchmark on the same files', async () => {
  const images = join(room.folder, 'files');
  mkdirSync(images, { recursive: true });
  const files: Buffer[] = [];
  for (const [place, extent] of [
    [300, 200],
    [29, 200],
    [28, 28],
    [9, 5],
    [64, 64],
    [1000, 40],
  ].entries()) {
    files.push(await colouredPicture(place % 3, '.jpeg', extent as [number, number]));
    writeFileSync(join(images, `${place}.jpeg`), files[place] as Buffer);
  }
  const model = judge();
  const predicted = read(await label({ images, model }), 'predictions');
  const labels = predicted
    .trim()
    .split('\r\n')
    .slice(1)
    .map((row) => judgeClasses.findIndex((name) => row.includes(`,${name.replace(/(.*,.*)/, '"$1"')},`)));
  const data = writeDataset(join(room.folder, 'set'), { labels, classes: judgeClasses, size: 28, channels: 3 });
  const pixels = await Promise.all(files.map((file) => decodeImage(file, judgePreparation)));
  writeFileSync(join(data, 'images.bin'), Buffer.concat(pixels));
  const offsets = [0];
  for (const file of files) offsets.push((offsets.at(-1) as number) + file.length);
  writeFileSync(join(data, 'encoded.bin'), Buffer.concat(files));
  writeFileSync(join(data, 'encoded.json'), JSON.stringify({ offsets }));
  const quick = { images: 2, rounds: 1, warmup: 0, batches: [2] };
  const measured = await perform(benchmark, measure, {
    params: quick,
    modules: { runtime: onnxruntime },
    inputs: { model, data },
    folder: room.folder,
  });
  expect(measured.metrics['accuracy']).toBe(1);
  expect(new Set(labels)).toEqual(new Set([0, 1, 2]));
});

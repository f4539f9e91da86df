import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../src/model/json.ts';
import type { Architecture, EpochRecord, Loss } from 'stillroom/nn';
import { foldsDigest, readModel, writeLabels, writeModel, writePredictions } from 'stillroom/nn';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import crossEntropy from '../../src/nn/losses/cross-entropy.ts';
import distillation from '../../src/nn/losses/distillation.ts';
import cutmix from '../../src/nn/mixing/cutmix.ts';
import none from '../../src/nn/mixing/none.ts';
import adam from '../../src/nn/optimizers/adam.ts';
import radam from '../../src/nn/optimizers/radam.ts';
import balanced from '../../src/nn/samplers/balanced.ts';
import cosine from '../../src/nn/schedules/cosine.ts';
import runFinetune from '../../stages/finetune-all/run.ts';
import finetune from '../../stages/finetune-all/stage.ts';
import runFuse from '../../stages/fuse/run.ts';
import fuse from '../../stages/fuse/stage.ts';
import runAverage, { checkpointsOf } from '../../stages/swa-average/run.ts';
import average from '../../stages/swa-average/stage.ts';
import runStudent from '../../stages/train-student/run.ts';
import student from '../../stages/train-student/stage.ts';
import runTeacher from '../../stages/train-teacher/run.ts';
import teacher from '../../stages/train-teacher/stage.ts';
import { smallNetwork } from '../nn/rig.ts';
import { perform, scratch } from './context.ts';
import { writeFreshModel } from './models.ts';
import { writeDataset } from './dataset.ts';

let room: ReturnType<typeof scratch>;
let inputs: { readonly data: string; readonly split: string };
const labels = Array.from({ length: 40 }, (_, image) => image % 4);
const folds = { format: 1, folds: 2, seed: 0, assignment: labels.map((_, image) => Math.floor(image / 4) % 2) } as const;

beforeEach(() => {
  room = scratch();
  const data = writeDataset(join(room.folder, 'data'), { labels });
  const split = join(room.folder, 'split.json');
  writeFileSync(split, JSON.stringify(folds));
  inputs = { data, split };
});
afterEach(() => room.remove());

const architecture: Architecture = () => smallNetwork();
/** What a plain training chooses. */
const modules = {
  model: architecture,
  optimizer: adam({ weight_decay: 0 }),
  schedule: cosine,
  loss: crossEntropy,
  sampling: balanced,
  mixing: none,
};
const folder = (name: string): string => join(room.folder, name);
const history = (file: string | undefined): { best_epoch?: number; epochs: (Omit<EpochRecord, 'top1'> & { top1: number })[] } =>
  JSON.parse(readFileSync(file ?? '', 'utf8'));

/** The number of rows and columns of a report's confusion matrix, the images that it counts, and the share on its diagonal. */
function confusionIn(report: string): { readonly size: readonly number[]; readonly images: number; readonly right: number } {
  const [head = '', ...rows] = readFileSync(join(report, 'confusion.csv'), 'utf8').trim().split('\n');
  const counts = rows.map((row) => row.split(',').slice(1).map(Number));
  const images = counts.flat().reduce((sum, count) => sum + count, 0);
  const right = counts.reduce((sum, row, label) => sum + (row[label] ?? 0), 0) / images;
  return { size: [rows.length, head.split(',').length - 1], images, right };
}

test('a teacher notes the fold that it left out and keeps its last epoch', async () => {
  const params = { fold: 1, model: { name: 'small' }, batch: 8, epochs: 2, lr: 0.01, augment: { crop_padding: 1 } };
  const { outputs, metrics } = await perform(teacher, runTeacher, { params, modules, inputs, folder: folder('one') });
  const model = readModel(outputs['model'] ?? '');
  expect(model.training).toEqual({ holdout: 1, split: foldsDigest(folds), epochs: 2, seed: 0 });
  expect([model.architecture, model.input.size, model.classes.length]).toEqual(['small', 8, 4]);
  const { epochs } = history(outputs['history']);
  expect(epochs).toHaveLength(2);
  const { epoch, ...last } = epochs[1] ?? { epoch: 0 };
  expect(epoch).toBe(2);
  expect(metrics).toEqual({ ...last, majority: 0.25, never_given: metrics['never_given'] });
  const report = outputs['report'] ?? '';
  expect(readdirSync(report).sort()).toEqual(['classes.csv', 'confusion.csv', 'confusion.json']);
  expect(confusionIn(report)).toEqual({ size: [4, 4], images: 20, right: metrics['top1'] });
  expect(readFileSync(join(report, 'classes.csv'), 'utf8')).toMatch(/^class,images,precision,recall,f1\r\nclass 0,5,/);
  const again = await perform(teacher, runTeacher, { params, modules, inputs, folder: folder('two') });
  for (const [port, file] of [
    ['model', 'model.json'],
    ['model', 'weights.safetensors'],
    ['report', 'confusion.csv'],
  ] as const) {
    expect(readFileSync(join(again.outputs[port] ?? '', file))).toEqual(readFileSync(join(outputs[port] ?? '', file)));
  }
});

test('a fold that the split has not, and a training that diverges, fail with a hint', async () => {
  const attempt = (params: object) =>
    perform(teacher, runTeacher, { params: { model: { name: 'small' }, ...params }, modules, inputs, folder: folder('x') });
  await expect(attempt({ fold: 2 })).rejects.toThrow('no fold 2: the split has the folds 0 to 1');
  await expect(attempt({ fold: 0, lr: 1e30, model: { name: 'small', zero_head: false } })).rejects.toMatchObject({
    name: 'StageFailure',
    hint: 'Lower lr, or raise warm_up.',
  });
});

test('a training that learns nothing warns of it by the name of the class, and is written all the same', async () => {
  writeFileSync(join(inputs.data, 'images.bin'), new Uint8Array(40 * 64));
  const still = { model: { name: 'small' }, batch: 8, epochs: 1 };
  for (const [stage, run, own] of [
    [teacher, runTeacher, { fold: 0 }],
    [student, runStudent, { holdout: 0 }],
  ] as const) {
    const work = run as typeof runTeacher;
    const { metrics, warnings, outputs } = await perform(stage as typeof teacher, work, {
      params: { ...still, ...own },
      modules,
      inputs,
      folder: folder(`still ${stage.about}`),
    });
    expect([metrics['top1'], metrics['majority'], metrics['never_given']]).toEqual([0.25, 0.25, 3]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /^the model is right on 0\.2500 of the 20 held-out images, where "class 0" for every image is on 0\.2500, and never gives "class \d", "class \d", "class \d": train for longer/,
    );
    expect(readdirSync(outputs['model'] ?? '')).toContain('weights.safetensors');
  }
  const model = join(folder(`still ${student.about}`), 'model');
  const { metrics, warnings } = await perform(finetune, runFinetune, {
    params: { batch: 8, epochs: 1 },
    modules,
    inputs: { data: inputs.data, model },
    folder: folder('still finetune'),
  });
  expect([metrics['seen_top1'], metrics['majority'], metrics['never_given']]).toEqual([0.25, 0.25, 3]);
  expect(warnings).toEqual([expect.stringMatching(/^the last checkpoint is right on 0\.2500 of the 40 images that it was trained on/)]);
});

test('what the kept epoch is chosen by is a param: a teacher keeps its last by default, a student its best', async () => {
  const params = { model: { name: 'small' }, batch: 8, epochs: 4, lr: 0.02 };
  const taught = await perform(teacher, runTeacher, {
    params: { ...params, fold: 0, choose_by: 'loss' },
    modules,
    inputs,
    folder: folder('teacher'),
  });
  const { best_epoch: best, epochs } = history(taught.outputs['history']);
  const losses = epochs.map(({ held_out_loss }) => held_out_loss ?? 0);
  expect(best).toBe(losses.lastIndexOf(Math.min(...losses)) + 1);
  expect(taught.metrics['held_out_loss']).toBe(Math.min(...losses));
  const last = await perform(student, runStudent, { params: { ...params, choose_by: 'last' }, modules, inputs, folder: folder('student') });
  expect(last.metrics['best_epoch']).toBe(4);
  expect(history(last.outputs['history'])).not.toHaveProperty('best_epoch');
});

test('by default every training shows each image equally often, whatever its class', () => {
  for (const { params } of [teacher, student, finetune, average]) expect(params?.sampling.schema['default']).toBe('shuffled');
});

test('with patience a training notes the epochs that it made', async () => {
  const still = { fold: 0, model: { name: 'small' }, batch: 8, epochs: 9, lr: 1e-12, batch_norm_momentum: 1e-9, patience: 2 };
  const { outputs } = await perform(teacher, runTeacher, { params: still, modules, inputs, folder: folder('still') });
  expect(history(outputs['history']).epochs).toHaveLength(3);
  expect(readModel(outputs['model'] ?? '').training['epochs']).toBe(3);
});

test('from the student to the folded average', async () => {
  mkdirSync(folder('labels'));
  const soft = Float32Array.from({ length: 160 }, (_, place) => (place % 4 === labels[Math.floor(place / 4)] ? 0.85 : 0.05));
  writeLabels(folder('labels'), { count: 40, classes: ['class 0', 'class 1', 'class 2', 'class 3'], values: soft });
  const modules = {
    optimizer: radam({ weight_decay: 0 }),
    schedule: cosine,
    loss: crossEntropy,
    sampling: balanced,
    mixing: cutmix({ probability: 0.5, alpha: 1 }),
  };
  const params = { batch: 8, lr: 0.02, augment: { crop_padding: 1 } };
  const studied = await perform(student, runStudent, {
    params: { ...params, model: { name: 'small' }, epochs: 4 },
    modules: { ...modules, model: architecture },
    inputs: { ...inputs, labels: folder('labels') },
    folder: folder('student'),
  });
  const { best_epoch: best, epochs } = history(studied.outputs['history']);
  expect(best).toBe(epochs.map(({ top1 }) => top1).lastIndexOf(Math.max(...epochs.map(({ top1 }) => top1))) + 1);
  const { top1, top5, macro_f1 } = epochs[(best ?? 0) - 1] ?? {};
  expect(studied.metrics).toMatchObject({ best_epoch: best, top1, top5, macro_f1, loss: epochs.at(-1)?.loss });
  expect(confusionIn(studied.outputs['report'] ?? '').right).toBe(top1);
  const tuned = await perform(finetune, runFinetune, {
    params: { ...params, epochs: 3 },
    modules,
    inputs: { data: inputs.data, model: studied.outputs['model'] ?? '' },
    folder: folder('finetune'),
  });
  const checkpoints = tuned.outputs['checkpoints'] ?? '';
  expect(history(tuned.outputs['history']).epochs).toHaveLength(3);
  expect(Object.keys(tuned.metrics)).toEqual(['loss', 'learning_rate', 'seen_top1', 'majority', 'never_given']);
  expect(tuned.metrics['majority']).toBe(0.25);
  expect(readdirSync(checkpoints).sort()).toEqual(['epoch-1', 'epoch-2', 'epoch-3']);
  expect(readModel(join(checkpoints, 'epoch-3')).training).toMatchObject({ holdout: null, finetuned_epochs: 3 });
  const averaged = await perform(average, runAverage, {
    params: { last: 2, batch: 8 },
    modules: { sampling: balanced },
    inputs: { data: inputs.data, checkpoints: [{ key: {}, path: checkpoints }] },
    folder: folder('average'),
  });
  expect(averaged.metrics).toEqual({ averaged: 2 });
  const path = averaged.outputs['model'] ?? '';
  const weight = (own: string): number => readModel(own).weights.get('classifier.bias')?.data[0] ?? Number.NaN;
  expect(weight(path)).toBeCloseTo((weight(join(checkpoints, 'epoch-2')) + weight(join(checkpoints, 'epoch-3'))) / 2, 6);
  const fused = await perform(fuse, runFuse, { inputs: { data: inputs.data, model: path }, folder: folder('fuse') });
  expect(fused.metrics['folded']).toBe(3);
  expect(fused.metrics['relative_error']).toBeLessThan(1e-5);
});

describe('a teacher that answers each batch', () => {
  const loss = distillation({ temperature: 2, teacher: 'online', teacher_weight: 0.9 });
  const params = { batch: 8, epochs: 1, lr: 0.02, augment: { crop_padding: 1 } };
  const network = smallNetwork();
  const classes = ['class 0', 'class 1', 'class 2', 'class 3'];
  const made = (name: string, changes: Partial<Parameters<typeof writeFreshModel>[2]> = {}) => {
    writeFreshModel(folder(name), () => network, { size: 8, channels: 1, classes, ...changes });
    return { key: { fold: 1 }, path: folder(name) };
  };
  const study = (models: readonly { key: object; path: string }[] | undefined, own: Loss = loss, teacher?: string) =>
    perform(student, runStudent, {
      params: { ...params, model: { name: 'small' } },
      modules: { ...modules, loss: own },
      inputs: { ...inputs, teacher, teacher_models: models as readonly { key: Record<string, Json>; path: string }[] | undefined },
      folder: mkdtempSync(`${folder('out')}-`),
    });
  const weightsOf = ({ outputs }: { outputs: Readonly<Record<string, string>> }) =>
    readFileSync(join(outputs['model'] ?? '', 'weights.safetensors')).toString('base64');

  test('teaches a student and the epochs on all images; others, and several, teach something else', async () => {
    const [one, other] = [made('one'), made('other', { size: 7 })];
    const studied = await study([one]);
    const weights = weightsOf(studied);
    expect(weightsOf(await study([one]))).toBe(weights);
    expect(weightsOf(await study([other]))).not.toBe(weights);
    expect(weightsOf(await study([one, other]))).not.toBe(weights);
    expect(weightsOf(await study([one], crossEntropy))).toBe(weightsOf(await study(undefined, crossEntropy)));
    const { model: _, ...others } = modules;
    const tuned = await perform(finetune, runFinetune, {
      params,
      modules: { ...others, loss },
      inputs: { data: inputs.data, model: studied.outputs['model'] ?? '', teacher_models: [one] },
      folder: folder('finetune'),
    });
    expect(readdirSync(tuned.outputs['checkpoints'] ?? '')).toEqual(['epoch-1']);
  });

  test.each([
    ['no teacher', () => undefined, 'is given no model of one', 'Connect trained models as `teacher_models`'],
    ['a folder of something else', () => [{ key: {}, path: inputs.data }], 'holds no model', 'Connect the output `model` of a training'],
    [
      'other channels',
      () => [made('coloured', { channels: 3 })],
      'The teacher {"fold":1} (test) takes images of 3 channels, but the student\'s have 1.',
      '`channels: 1`',
    ],
    [
      'other classes',
      () => [made('named', { classes: ['class 0', 'cat', 'class 2', 'class 3'] })],
      'class 1 is "cat" instead of "class 1"',
      'the same classes in the same order',
    ],
    ['fewer classes', () => [made('few', { classes: ['class 0', 'class 1'] })], '2 instead of 4', 'the same classes'],
  ])('is refused with %s', async (_case, models, message, hint) => {
    await expect(study(models())).rejects.toMatchObject({
      name: 'StageFailure',
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
  });

  test('is refused whose weights are no numbers', async () => {
    const { path, key } = made('broken');
    const model = readModel(path);
    model.weights.get('classifier.bias')?.data.fill(Number.NaN);
    writeModel(path, model);
    await expect(study([{ key, path }])).rejects.toThrow('"classifier.bias" that are no numbers');
  });

  test('is asked for by its stored answers where those are to be learned from, and they must be of the same images', async () => {
    const stored = distillation({ temperature: 2, teacher: 'stored', teacher_weight: 0.9 });
    const attempt = (teacher?: string) => study([made('one')], stored, teacher);
    await expect(attempt()).rejects.toMatchObject({ hint: expect.stringContaining('set `teacher: online`') });
    await expect(attempt(made('model').path)).rejects.toMatchObject({
      message: expect.stringContaining('holds no predictions'),
      hint: expect.stringContaining('a model belongs to `teacher_models`'),
    });
    const answers = (name: string, count: number, own: readonly string[]): string => {
      mkdirSync(folder(name));
      writePredictions(folder(name), { count, classes: own, values: new Float32Array(count * own.length).fill(1 / own.length) });
      return folder(name);
    };
    await expect(attempt(answers('fewer', 39, classes))).rejects.toThrow('for 39 images, but there are 40');
    await expect(attempt(answers('two', 40, ['a', 'b']))).rejects.toThrow('2 instead of 4');
    await expect(attempt(answers('right', 40, classes))).resolves.toBeDefined();
  });

  test('is not itself taught by one', async () => {
    const taught = { params: { fold: 0, model: { name: 'small' } }, modules: { ...modules, loss }, inputs, folder: folder('x') };
    await expect(perform(teacher, runTeacher, taught)).rejects.toMatchObject({ hint: expect.stringContaining('train-student') });
  });
});

test('checkpoints are taken in the order of their numbers', () => {
  for (const epoch of [1, 2, 9, 10, 11]) mkdirSync(folder(`checkpoints/epoch-${epoch}`), { recursive: true });
  expect(checkpointsOf(folder('checkpoints'), 3)).toEqual([9, 10, 11].map((epoch) => folder(`checkpoints/epoch-${epoch}`)));
});

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Architecture } from 'stillroom/nn';
import { initialWeights, readModel, tensorOf, writeSafetensors } from 'stillroom/nn';
import { afterEach, beforeEach, expect, test } from 'vitest';
import crossEntropy from '../../src/nn/losses/cross-entropy.ts';
import none from '../../src/nn/mixing/none.ts';
import adam from '../../src/nn/optimizers/adam.ts';
import shuffled from '../../src/nn/samplers/shuffled.ts';
import cosine from '../../src/nn/schedules/cosine.ts';
import runStudent from '../../stages/train-student/run.ts';
import student from '../../stages/train-student/stage.ts';
import runTeacher from '../../stages/train-teacher/run.ts';
import teacher from '../../stages/train-teacher/stage.ts';
import { smallNetwork } from '../nn/rig.ts';
import { perform, scratch } from './context.ts';
import { writeDataset } from './dataset.ts';

let room: ReturnType<typeof scratch>;
let inputs: { readonly data: string; readonly split: string };
const labels = Array.from({ length: 40 }, (_, image) => image % 4);

beforeEach(() => {
  room = scratch();
  const split = join(room.folder, 'split.json');
  writeFileSync(split, JSON.stringify({ format: 1, folds: 2, seed: 0, assignment: labels.map((_, image) => Math.floor(image / 4) % 2) }));
  inputs = { data: writeDataset(join(room.folder, 'data'), { labels }), split };
});
afterEach(() => room.remove());

const architecture: Architecture = () => smallNetwork();
const modules = {
  model: architecture,
  optimizer: adam({ weight_decay: 0 }),
  schedule: cosine,
  loss: crossEntropy,
  sampling: shuffled,
  mixing: none,
};
const still = { model: { name: 'small' }, batch: 8, epochs: 1, lr: 1e-12, batch_norm_momentum: 1e-9 };

test('teacher and student begin with the weights of a file', async () => {
  const init = join(room.folder, 'weights.safetensors');
  const weights = initialWeights(smallNetwork(), 99);
  writeSafetensors(init, weights);
  const begun = [
    await perform(teacher, runTeacher, {
      params: { ...still, fold: 0 },
      modules,
      inputs: { ...inputs, init },
      folder: join(room.folder, 'a'),
    }),
    await perform(student, runStudent, { params: still, modules, inputs: { ...inputs, init }, folder: join(room.folder, 'b') }),
  ];
  for (const { outputs, metrics, log } of begun) {
    expect(metrics['initialised']).toBe(weights.size);
    expect(log[0]).toBe(`initial weights: ${weights.size} of ${weights.size} tensors loaded by their names`);
    expect(JSON.parse(readFileSync(join(outputs['report'] ?? '', 'init.json'), 'utf8'))).toMatchObject({
      format: 1,
      missing: [],
      leftOver: [],
    });
    const trained = readModel(outputs['model'] ?? '').weights;
    const moved = [...weights].map(([name, { shape, data }]) => {
      const after = tensorOf(trained, name, shape).data;
      return Math.max(...data.map((value, place) => Math.abs(value - (after[place] as number))));
    });
    expect(Math.max(...moved)).toBeLessThan(1e-5);
  }
});

test('without a file nothing is said of one, and one of another network fails with a hint', async () => {
  const params = { ...still, fold: 0 };
  const { outputs, metrics } = await perform(teacher, runTeacher, { params, modules, inputs, folder: join(room.folder, 'a') });
  expect(metrics).not.toHaveProperty('initialised');
  expect(existsSync(join(outputs['report'] ?? '', 'init.json'))).toBe(false);
  const init = join(room.folder, 'weights.safetensors');
  writeSafetensors(init, new Map([['other.weight', { shape: [1], data: Float32Array.of(1) }]]));
  await expect(
    perform(teacher, runTeacher, { params, modules, inputs: { ...inputs, init }, folder: join(room.folder, 'b') }),
  ).rejects.toMatchObject({
    message: expect.stringContaining('weights.safetensors: the weights do not fit the network'),
    hint: 'Give a state dict of this architecture: safetensors or torch.save.',
  });
});

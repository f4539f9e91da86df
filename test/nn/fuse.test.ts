import { expect, test } from 'vitest';
import { fuse } from '../../src/nn/fuse.ts';
import { initialWeights } from '../../src/nn/layers/initialise.ts';
import efficientNetLite0 from '../../src/nn/models/efficientnet-lite0.ts';
import mobileNetV3Small from '../../src/nn/models/mobilenet-v3-small.ts';
import shuffleNetV2 from '../../src/nn/models/shufflenet-v2.ts';
import { openPredictor } from '../../src/nn/training/evaluate.ts';
import type { Model } from '../../src/nn/weights/model-folder.ts';
import { formula, formulaWeights, quarterImages, relativeError, smallModel } from './rig.ts';

const images = quarterImages(5);
const indices = [0, 1, 2, 3, 4];

function logits(model: Model): Float32Array {
  const predictor = openPredictor(model, 2);
  const rows = predictor.logits(images, indices);
  predictor.close();
  return rows;
}

test.each([
  ['MobileNetV3-small', mobileNetV3Small],
  ['ShuffleNetV2, which divides and shuffles channels', shuffleNetV2],
  ['EfficientNet-Lite0, which pads as TensorFlow', efficientNetLite0({ drop_path: 0.2 })],
])('folding leaves no batch norm and keeps the outputs of %s', (_, architecture) => {
  const network = architecture({ classes: 4, channels: 1, stemStride: 1 });
  const stirred = [...formulaWeights(network)].filter(([name]) => !name.endsWith('.weight'));
  const model = { ...smallModel(), network, weights: new Map([...initialWeights(network, 1), ...stirred]) };
  const fused = { ...model, ...fuse(model) };
  expect(fused.network.layers.filter(({ kind }) => kind === 'batch-norm')).toEqual([]);
  expect([...fused.weights.keys()].filter((name) => name.includes('running'))).toEqual([]);
  expect(relativeError(logits(fused), Array.from(logits(model)))).toBeLessThan(1e-5);
});

test('a batch norm after something else, or whose convolution is read twice, is left', () => {
  const model = smallModel();
  const layers = model.network.layers.map((layer) => {
    if (layer.name === 'block.add') return { ...layer, inputs: ['block.drop-path', 'project.0'] };
    return layer.name === 'block.1' ? { ...layer, inputs: ['stem.2'] } : layer;
  });
  const changed = { ...model, network: { ...model.network, layers } };
  const fused = fuse(changed);
  const left = fused.network.layers.filter(({ kind }) => kind === 'batch-norm').map(({ name }) => name);
  expect(left).toEqual(['block.1', 'project.1']);
});

test('a convolution that has a bias already keeps its effect', () => {
  const model = smallModel();
  const layers = model.network.layers.map((layer) => (layer.name === 'stem.0' ? { ...layer, bias: true } : layer));
  const weights = new Map(model.weights).set('stem.0.bias', { shape: [8], data: formula('bias', [8]) });
  const biased = { ...model, network: { ...model.network, layers }, weights };
  expect(relativeError(logits({ ...biased, ...fuse(biased) }), Array.from(logits(biased)))).toBeLessThan(1e-5);
});

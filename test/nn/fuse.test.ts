import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { fuse } from '../../src/nn/fuse.ts';
import type { WeightedNetwork } from '../../src/nn/fuse.ts';
import { initialWeights } from '../../src/nn/layers/initialise.ts';
import denseNet121 from '../../src/nn/models/densenet121.ts';
import efficientNetB0 from '../../src/nn/models/efficientnet-b0.ts';
import efficientNetB1 from '../../src/nn/models/efficientnet-b1.ts';
import efficientNetB4 from '../../src/nn/models/efficientnet-b4.ts';
import efficientNetLite0 from '../../src/nn/models/efficientnet-lite0.ts';
import ghostNet from '../../src/nn/models/ghostnet.ts';
import mobileNetV3Large from '../../src/nn/models/mobilenet-v3-large.ts';
import mobileNetV3Small from '../../src/nn/models/mobilenet-v3-small.ts';
import { Layers } from '../../src/nn/models/parts/blocks.ts';
import seResNeXt50 from '../../src/nn/models/se-resnext50.ts';
import shuffleNetV2 from '../../src/nn/models/shufflenet-v2.ts';
import { encodeOnnx } from '../../src/nn/onnx/encode.ts';
import { openPredictor } from '../../src/nn/training/evaluate.ts';
import type { Model } from '../../src/nn/weights/model-folder.ts';
import { fixture, formula, formulaWeights, quarterImages, relativeError, smallModel } from './rig.ts';

const images = quarterImages(5);
const indices = [0, 1, 2, 3, 4];

function logits(model: Model): Float32Array {
  const predictor = openPredictor(model, 2);
  const rows = predictor.logits(images, indices);
  predictor.close();
  return rows;
}

/** The logits of two images by onnxruntime, which is kept from folding batch norms itself. */
async function computed({ network, weights }: WeightedNetwork): Promise<Float32Array> {
  const file = encodeOnnx(network, weights, { size: 32, channels: 3, classes: 4, name: 'test', metadata: {} });
  const session = await InferenceSession.create(file, { graphOptimizationLevel: 'disabled' });
  const input = new Tensor('float32', formula('images', [2, 3, 32, 32]), [2, 3, 32, 32]);
  const { logits: fetched } = await session.run({ input });
  await session.release();
  return fetched?.data as Float32Array;
}

describe.each([
  ['mobilenet-v3-small', mobileNetV3Small, 34, 0],
  ['mobilenet-v3-large', mobileNetV3Large, 46, 0],
  ['efficientnet-b0', efficientNetB0({ drop_path: 0.2 }), 49, 0],
  ['efficientnet-b1', efficientNetB1({ drop_path: 0.2 }), 69, 0],
  ['efficientnet-b4', efficientNetB4({ drop_path: 0.2 }), 96, 0],
  ['efficientnet-lite0', efficientNetLite0({ drop_path: 0.2 }), 49, 0],
  ['shufflenet-v2', shuffleNetV2, 56, 0],
  ['ghostnet', ghostNet, 80, 0],
  ['densenet121', denseNet121, 59, 62],
  ['se-resnext50', seResNeXt50({ drop_path: 0 }), 53, 0],
] as const)('folding %s', (_, architecture, folded, left) => {
  const network = architecture({ classes: 4, channels: 3, stemStride: 1 });
  const stirred = [...formulaWeights(network)].filter(([name]) => !name.endsWith('.weight'));
  const model = { network, weights: new Map([...initialWeights(network, 1), ...stirred]) };
  const fused = fuse(model);

  test(`takes ${folded} batch norms away and leaves ${left}`, () => {
    expect(network.layers.length - fused.network.layers.length).toBe(folded);
    expect(fused.network.layers.filter(({ kind }) => kind === 'batch-norm')).toHaveLength(left);
    expect([...fused.weights.keys()].filter((name) => name.includes('running'))).toHaveLength(2 * left);
  });

  test('keeps the outputs', async () => {
    expect(relativeError(await computed(fused), Array.from(await computed(model)))).toBeLessThan(1e-5);
  });
});

test.each(['plain', 'biased'] as const)("a %s grouped convolution becomes PyTorch's fuse_conv_bn_eval", (kind) => {
  const layers = new Layers(6, { epsilon: 1e-3, momentum: 0.1 });
  layers.plainConvolution('convolution', { outChannels: 4, kernel: 3, stride: 1, groups: 2, bias: kind === 'biased' });
  layers.append({ kind: 'batch-norm', name: 'norm', inputs: ['convolution'], channels: 4, epsilon: 1e-3, momentum: 0.1 });
  const network = { layers: layers.list, output: 'norm' };
  const { weights } = fuse({ network, weights: formulaWeights(network) });
  const reference = fixture<Record<typeof kind, Record<string, number[]>>>('fuse')[kind];
  for (const [name, values] of Object.entries(reference)) {
    expect(relativeError(weights.get(`convolution.${name}`)?.data ?? [], values)).toBeLessThan(1e-6);
  }
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

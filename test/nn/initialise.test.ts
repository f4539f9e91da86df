import { expect, test } from 'vitest';
import { initialWeights } from '../../src/nn/layers/initialise.ts';
import denseNet121 from '../../src/nn/models/densenet121.ts';
import efficientNetLite0 from '../../src/nn/models/efficientnet-lite0.ts';
import ghostNet from '../../src/nn/models/ghostnet.ts';
import seResNeXt50 from '../../src/nn/models/se-resnext50.ts';
import shuffleNetV2 from '../../src/nn/models/shufflenet-v2.ts';
import type { Architecture } from '../../src/nn/network.ts';
import { tensorOf } from '../../src/nn/weights/tensor.ts';

type Start = { readonly normal: number } | { readonly uniform: number } | { readonly all: number };

/** How torchvision and timm draw a tensor, where they differ from one another: its fan-in and fan-out are written out. */
const cases: readonly (readonly [string, Architecture, Readonly<Record<string, Start>>])[] = [
  [
    'ShuffleNetV2',
    shuffleNetV2,
    {
      'stage3.0.branch1.2.weight': { uniform: 1 / Math.sqrt(116) },
      'stage3.0.branch1.0.weight': { uniform: 1 / Math.sqrt(9) },
      'fc.weight': { uniform: 1 / Math.sqrt(1024) },
      'fc.bias': { uniform: 1 / Math.sqrt(1024) },
    },
  ],
  [
    'DenseNet121',
    denseNet121,
    {
      'features.conv0.weight': { normal: Math.sqrt(2 / (3 * 49)) },
      'features.transition1.conv.weight': { normal: Math.sqrt(2 / 256) },
      'classifier.weight': { uniform: 1 / Math.sqrt(1024) },
      'classifier.bias': { all: 0 },
    },
  ],
  [
    'GhostNet',
    ghostNet,
    {
      'blocks.6.4.se.conv_reduce.weight': { uniform: 1 / Math.sqrt(672) },
      'blocks.6.4.se.conv_reduce.bias': { uniform: 1 / Math.sqrt(672) },
      'conv_head.bias': { uniform: 1 / Math.sqrt(960) },
      'classifier.bias': { uniform: 1 / Math.sqrt(1280) },
    },
  ],
  [
    'SE-ResNeXt50',
    seResNeXt50({ drop_path: 0 }),
    {
      'layer1.0.conv2.weight': { normal: Math.sqrt(2 / (128 * 9)) },
      'layer1.0.se.fc1.weight': { normal: Math.sqrt(2 / 16) },
      'layer1.0.se.fc2.bias': { uniform: 1 / Math.sqrt(16) },
      'layer1.0.bn2.weight': { all: 1 },
      'layer1.0.bn3.weight': { all: 0 },
      'fc.weight': { uniform: 1 / Math.sqrt(2048) },
    },
  ],
  [
    'EfficientNet-Lite0',
    efficientNetLite0({ drop_path: 0 }),
    {
      'blocks.5.1.conv_dw.weight': { normal: Math.sqrt(2 / 25) },
      'conv_head.weight': { normal: Math.sqrt(2 / 1280) },
      'classifier.weight': { uniform: 1 / Math.sqrt(200) },
      'classifier.bias': { all: 0 },
    },
  ],
];

test.each(cases)('fresh weights of %s are drawn as its reference draws them', (_, architecture, starts) => {
  const weights = initialWeights(architecture({ classes: 200, channels: 3, stemStride: 2 }), 3);
  for (const [name, start] of Object.entries(starts)) {
    const { data } = tensorOf(weights, name);
    if ('all' in start) {
      expect([name, new Set(data)]).toEqual([name, new Set([start.all])]);
      continue;
    }
    const deviation = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length);
    const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const wanted = 'normal' in start ? start.normal : start.uniform / Math.sqrt(3);
    expect(Math.abs(deviation / wanted - 1), name).toBeLessThan(4 / Math.sqrt(2 * data.length));
    if ('uniform' in start) expect(largest, name).toBeLessThanOrEqual(Math.fround(start.uniform));
    else expect(largest, name).toBeGreaterThan(2 * start.normal);
  }
});

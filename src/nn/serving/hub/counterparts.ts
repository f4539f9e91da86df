import denseNet121 from '../../models/densenet121.ts';
import efficientNetB0 from '../../models/efficientnet-b0.ts';
import efficientNetB1 from '../../models/efficientnet-b1.ts';
import efficientNetB4 from '../../models/efficientnet-b4.ts';
import efficientNetLite0 from '../../models/efficientnet-lite0.ts';
import ghostNet from '../../models/ghostnet.ts';
import mobileNetV3Large from '../../models/mobilenet-v3-large.ts';
import mobileNetV3Small from '../../models/mobilenet-v3-small.ts';
import seResNeXt50 from '../../models/se-resnext50.ts';
import type { Architecture, Network } from '../../network.ts';
import { mobileNames } from './names.ts';

/** What stands for one of our architectures in the packages of the hub. */
export interface Counterpart {
  readonly build: Architecture;
  /** timm's name of the architecture that computes exactly the same. */
  readonly timm: string;
  /** What timm is told beside the classes and channels, since its own default is another. */
  readonly arguments: Readonly<Record<string, number>>;
  /** timm's names of our layers; those that are not in it are called the same. */
  readonly names: (network: Network) => ReadonlyMap<string, string>;
  /** timm's names of the first convolution and of the layer that tells the classes apart. */
  readonly ends: readonly [first: string, last: string];
  /** The numbers that go into the last layer. */
  readonly features: number;
  /** The model type under which `@huggingface/transformers` knows the family, where it does. */
  readonly modelType?: string;
}

const same = (): ReadonlyMap<string, string> => new Map();
const withoutDropPath = { drop_path: 0 } as const;
const mobileEnds = ['conv_stem', 'classifier'] as const;

const mobileNetV3 = (build: Architecture, timm: string, features: number): Counterpart => {
  const own = { build, timm, features, names: mobileNames, ends: mobileEnds };
  return { ...own, arguments: { bn_eps: 1e-3 }, modelType: 'mobilenet_v3' };
};

const efficientNet = (build: Architecture, timm: string, features: number): Counterpart => {
  return { build, timm, features, arguments: {}, names: mobileNames, ends: mobileEnds, modelType: 'efficientnet' };
};

/** The counterparts of our architectures by name. The ShuffleNetV2 has none: timm knows no such network. */
export const counterparts: ReadonlyMap<string, Counterpart> = /* @__PURE__ */ new Map<string, Counterpart>([
  ['mobilenet-v3-small', /* @__PURE__ */ mobileNetV3(mobileNetV3Small, 'mobilenetv3_small_100', 1024)],
  ['mobilenet-v3-large', /* @__PURE__ */ mobileNetV3(mobileNetV3Large, 'mobilenetv3_large_100', 1280)],
  ['efficientnet-b0', /* @__PURE__ */ efficientNet(/* @__PURE__ */ efficientNetB0(withoutDropPath), 'efficientnet_b0', 1280)],
  ['efficientnet-b1', /* @__PURE__ */ efficientNet(/* @__PURE__ */ efficientNetB1(withoutDropPath), 'efficientnet_b1', 1280)],
  ['efficientnet-b4', /* @__PURE__ */ efficientNet(/* @__PURE__ */ efficientNetB4(withoutDropPath), 'efficientnet_b4', 1792)],
  [
    'efficientnet-lite0',
    {
      build: /* @__PURE__ */ efficientNetLite0(withoutDropPath),
      timm: 'tf_efficientnet_lite0',
      arguments: {},
      names: same,
      ends: mobileEnds,
      features: 1280,
      modelType: 'efficientnet',
    },
  ],
  ['ghostnet', { build: ghostNet, timm: 'ghostnet_100', arguments: {}, names: same, ends: mobileEnds, features: 1280 }],
  [
    'densenet121',
    { build: denseNet121, timm: 'densenet121', arguments: {}, names: same, ends: ['features.conv0', 'classifier'], features: 1024 },
  ],
  [
    'se-resnext50',
    {
      build: /* @__PURE__ */ seResNeXt50(withoutDropPath),
      timm: 'seresnext50_32x4d',
      arguments: {},
      names: same,
      ends: ['conv1', 'fc'],
      features: 2048,
      modelType: 'resnet',
    },
  ],
]);

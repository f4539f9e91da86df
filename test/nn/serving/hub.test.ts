import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Images } from '../../../src/nn/data/dataset.ts';
import { fuse } from '../../../src/nn/fuse.ts';
import { parametersOf } from '../../../src/nn/layers/parameters.ts';
import shuffleNetV2 from '../../../src/nn/models/shufflenet-v2.ts';
import type { Network } from '../../../src/nn/network.ts';
import { counterparts } from '../../../src/nn/serving/hub/counterparts.ts';
import type { Counterpart } from '../../../src/nn/serving/hub/counterparts.ts';
import { transformersJsType, writeTimm, writeTransformers } from '../../../src/nn/serving/hub/folders.ts';
import { asHubModel, timmWeights } from '../../../src/nn/serving/hub/hub-model.ts';
import { openPredictor } from '../../../src/nn/training/evaluate.ts';
import type { Model } from '../../../src/nn/weights/model-folder.ts';
import { readSafetensors } from '../../../src/nn/weights/safetensors.ts';
import type { Tensor } from '../../../src/nn/weights/tensor.ts';
import { elements } from '../../../src/nn/weights/tensor.ts';
import { filled, fixture, noise, relativeError } from '../rig.ts';

/** What fixtures/hub.py found in timm. */
interface Reference {
  readonly timm: string;
  readonly arguments: Readonly<Record<string, number>>;
  readonly features: number;
  readonly ends: readonly string[];
  readonly tensors: number;
  readonly names: string;
  readonly logits: readonly number[];
}

const SIZE = 64;
const classes = [...'abcdefghij'];
const references = Object.entries(fixture<Record<string, Reference>>('hub'));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stillroom-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A model with the weights that `fill` gives for timm's names and shapes. */
function modelOf(architecture: string, fill: typeof filled, stemStride: 1 | 2 = 2): Model {
  const counterpart = counterparts.get(architecture) as Counterpart;
  const network = counterpart.build({ classes: classes.length, channels: 3, stemStride });
  const parameters = parametersOf(network);
  const empty = new Map(parameters.map(({ name, shape }) => [name, { shape, data: new Float32Array() }]));
  const renamed = [...timmWeights({ counterpart, network, weights: empty, restored: 0 })].map(([name, { shape }]) => fill(name, shape));
  const weights = new Map(
    parameters.map(({ name, shape }, place): [string, Tensor] => [name, { shape, data: renamed[place] as Float32Array }]),
  );
  const input = { size: SIZE, channels: 3, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
  return { architecture, network, input, classes, training: { holdout: null }, weights };
}

const blank = (_: string, shape: readonly number[]): Float32Array => new Float32Array(elements(shape));

/** The two images of fixtures/make.py. */
function twoImages({ input }: Model): Images {
  const length = SIZE * SIZE * 3;
  const bytes = new Uint8Array(noise('images', 2 * length).map((own) => (own + 1) * 128));
  return {
    info: { format: 1, count: 2, height: SIZE, width: SIZE, channels: 3, classes, mean: input.mean, std: input.std },
    labels: new Uint16Array(2),
    read: (index, target, offset = 0) => target.set(bytes.subarray(index * length, (index + 1) * length), offset),
  };
}

/** What our own engine answers. */
function logitsOf(model: Model): Float32Array {
  const predictor = openPredictor(model, 2);
  const logits = predictor.logits(twoImages(model), [0, 1]);
  predictor.close();
  return logits;
}

const describedAs = ({ architecture, input }: Model) => {
  return { architecture, classes, input, preparation: { size: 72, channels: 3, fit: 'cover', background: 0 } } as const;
};

test.each(references)("%s has the names and shapes of timm's", (architecture, reference) => {
  const counterpart = counterparts.get(architecture) as Counterpart;
  expect(counterpart).toMatchObject({ timm: reference.timm, arguments: reference.arguments, features: reference.features });
  expect(counterpart.ends).toEqual(reference.ends);
  const lines = [...timmWeights(asHubModel(modelOf(architecture, blank)))].map(([name, { shape }]) => `${name} ${shape.join(', ')}`).sort();
  expect(lines).toHaveLength(reference.tensors);
  expect(createHash('sha256').update(lines.join('\n')).digest('hex')).toBe(reference.names);
});

// The soak `hub` does the same to all of them, in the packages themselves.
test.each(references.filter(([name]) => ['mobilenet-v3-small', 'efficientnet-b0'].includes(name)))(
  '%s, filled by the names of its tensors, answers as timm does',
  (architecture, { logits }) => {
    const model = modelOf(architecture, filled);
    writeTimm(folder, asHubModel(model), describedAs(model));
    const written = readSafetensors(join(folder, 'model.safetensors'));
    const off = [...written].filter(([name, { data, shape }]) => filled(name, shape).some((own, place) => own !== data[place]));
    expect(off.map(([name]) => name)).toEqual([]);
    // Python's transformers warns of every counter of a batch norm that is not there.
    const bytes = readFileSync(join(folder, 'model.safetensors'));
    const header = bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString();
    expect(header.match(/num_batches_tracked/g)).toHaveLength([...written.keys()].filter((name) => name.endsWith('running_var')).length);
    expect(relativeError(logitsOf(model), logits)).toBeLessThan(1e-4);
  },
);

test('batch norms that were folded come back, and the answers stay', () => {
  const model = modelOf('mobilenet-v3-small', filled);
  const fused = { ...model, ...fuse(model) };
  const restored = asHubModel(fused);
  expect(restored.restored).toBeGreaterThan(20);
  expect(relativeError(logitsOf({ ...model, weights: restored.weights }), [...logitsOf(model)])).toBeLessThan(1e-5);
  expect([...timmWeights(restored).keys()].sort()).toEqual([...timmWeights(asHubModel(model)).keys()].sort());
});

test('config.json says all that timm and transformers need to build the same', () => {
  const model = modelOf('mobilenet-v3-small', blank);
  writeTransformers(folder, asHubModel(model), describedAs(model));
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
  expect(config).toMatchObject({
    model_type: 'timm_wrapper',
    architecture: 'mobilenetv3_small_100',
    num_classes: 10,
    label_names: classes,
    id2label: { 0: 'a', 9: 'j' },
    label2id: { a: 0, j: 9 },
    model_args: { bn_eps: 0.001 },
    pretrained_cfg: { input_size: [3, 64, 64], crop_mode: 'center', mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
  });
  const share = (config['pretrained_cfg'] as { readonly crop_pct: number }).crop_pct;
  expect(Math.floor(64 / share)).toBe(72);
});

describe('what timm does not have is refused by name', () => {
  const refused = (model: Model): (() => unknown) => {
    return () => asHubModel(model);
  };

  test('an architecture', () => {
    const network = shuffleNetV2({ classes: 10, channels: 3, stemStride: 2 });
    const model = { ...modelOf('ghostnet', blank), architecture: 'shufflenet-v2', network };
    expect(refused(model)).toThrow('timm has no architecture that computes what shufflenet-v2 does');
    expect(() => transformersJsType('shufflenet-v2')).toThrow('transformers.js knows no model type for shufflenet-v2');
  });

  test('a stride of the first convolution', () => {
    expect(refused(modelOf('mobilenet-v3-small', blank, 1))).toThrow(
      "timm's mobilenetv3_small_100 does not compute what this mobilenet-v3-small does: the stride of its features.0.0 is 1, not 2",
    );
  });

  test('another head, another epsilon, another activation', () => {
    const model = modelOf('mobilenet-v3-small', blank);
    const changed = (name: string, change: object): Model => {
      const layers = model.network.layers.map((layer) => (layer.name === name ? { ...layer, ...change } : layer));
      return { ...model, network: { ...model.network, layers } as Network };
    };
    expect(refused(changed('classifier.3', { kind: 'cosine', scale: 30 }))).toThrow('its classifier.3 is of the kind cosine, not dense');
    expect(refused(changed('features.0.1', { epsilon: 1e-5 }))).toThrow('the epsilon of its features.0.1 is 0.00001, not 0.001');
    expect(refused(changed('classifier.1', { activation: 'relu' }))).toThrow('the activation of its classifier.1 is "relu"');
  });
});

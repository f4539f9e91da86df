import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { parametersOf } from '../../src/nn/layers/parameters.ts';
import crossEntropy from '../../src/nn/losses/cross-entropy.ts';
import efficientNetB0 from '../../src/nn/models/efficientnet-b0.ts';
import efficientNetB1 from '../../src/nn/models/efficientnet-b1.ts';
import efficientNetLite0 from '../../src/nn/models/efficientnet-lite0.ts';
import type { Network } from '../../src/nn/network.ts';
import type { InitialisingContext } from '../../src/nn/training/initial-model.ts';
import { initialModel } from '../../src/nn/training/initial-model.ts';
import type { Model } from '../../src/nn/weights/model-folder.ts';
import { describeInitialisation, initialise } from '../../src/nn/weights/pretrained.ts';
import { encodeSafetensors, writeSafetensors } from '../../src/nn/weights/safetensors.ts';
import type { Weights } from '../../src/nn/weights/tensor.ts';
import { tensorOf } from '../../src/nn/weights/tensor.ts';
import { fixture, quarterImages } from './rig.ts';

const folder = mkdtempSync(join(tmpdir(), 'stillroom-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Weights whose every number tells its tensor (by place in the network) and its own place. */
function numbered(network: Network): Weights {
  return new Map(
    parametersOf(network).map(({ name, shape }, place) => {
      const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) => place + (index % 64) / 64);
      return [name, { shape, data }];
    }),
  );
}

/** A model all of whose own weights are −1. */
function untouched(network: Network, channels = 3): Model {
  const weights = new Map(
    parametersOf(network).map(({ name, shape }) => [name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(-1) }]),
  );
  const input = { size: 32, channels, mean: [0.5], std: [0.5] };
  return { architecture: 'test', network, input, classes: [], training: { holdout: null }, weights };
}

/** Tells weights apart by names, shapes and numbers, faster than comparing millions of them. */
function digestOf(weights: Weights): string {
  return createHash('sha256').update(encodeSafetensors(weights)).digest('hex');
}

function fileOf(weights: Weights): string {
  const file = join(folder, 'weights.safetensors');
  writeSafetensors(file, weights);
  return file;
}

/** A safetensors file whose header keeps the order of the tensors, as PyTorch's files do; `writeSafetensors` sorts them. */
function inOrder(weights: Weights): string {
  let end = 0;
  const header = [...weights].map(([name, { shape, data }]) => {
    end += data.byteLength;
    return [name, { dtype: 'F32', shape, data_offsets: [end - data.byteLength, end] }];
  });
  const text = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(text.length));
  const numbers = [...weights.values()].map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  const file = join(folder, 'ordered.safetensors');
  writeFileSync(file, Buffer.concat([start, text, ...numbers]));
  return file;
}

const lite = (classes: number, channels = 3): Network => efficientNetLite0({ drop_path: 0.2 })({ classes, channels, stemStride: 2 });

/** The names that lukemelas's EfficientNet gives to the tensors of timm's. */
function lukemelas(weights: Weights): Weights {
  const blocks = [...new Set([...weights.keys()].map((name) => /^blocks\.\d+\.\d+/.exec(name)?.[0]))].filter((name) => name !== undefined);
  const renamed = (name: string): string => {
    const block = /^blocks\.\d+\.\d+/.exec(name)?.[0];
    const first = block === blocks[0];
    const part = { conv_pw: first ? '_project_conv' : '_expand_conv', conv_dw: '_depthwise_conv', conv_pwl: '_project_conv' };
    const [own = '', last = ''] = name.slice((block?.length ?? -1) + 1).split('.');
    const norm = `_bn${Number(own.slice(2)) - (first ? 0 : 1)}`;
    if (block === undefined) return `${{ classifier: '_fc', conv_stem: '_conv_stem', conv_head: '_conv_head' }[own] ?? norm}.${last}`;
    return `_blocks.${blocks.indexOf(block)}.${part[own as keyof typeof part] ?? norm}.${last}`;
  };
  return new Map([...weights].map(([name, tensor]) => [renamed(name), tensor]));
}

describe('initialising a network', () => {
  test('from its own names loads everything, as it is', () => {
    const weights = numbered(lite(10));
    const { model, report } = initialise(untouched(lite(10)), fileOf(weights));
    expect(digestOf(model.weights)).toBe(digestOf(weights));
    expect(report).toEqual({
      mapping: 'names',
      part: null,
      loaded: [...weights.keys()],
      renamed: {},
      summed: [],
      reset: [],
      leftOver: [],
      missing: [],
    });
  });

  test('for other classes leaves the last layer fresh, and says so', () => {
    const weights = numbered(lite(1000));
    const { model, report } = initialise(untouched(lite(10)), fileOf(weights));
    expect(report.reset).toEqual(['classifier.weight', 'classifier.bias']);
    expect(new Set(tensorOf(model.weights, 'classifier.weight', [10, 1280]).data)).toEqual(new Set([-1]));
    expect(tensorOf(model.weights, 'conv_head.weight')).toEqual(tensorOf(weights, 'conv_head.weight'));
    expect(describeInitialisation(report)).toContain('fresh for other classes: classifier.weight, classifier.bias');
  });

  test('for grey images sums the first kernel over its three channels', () => {
    const weights = numbered(lite(10));
    const { model, report } = initialise(untouched(lite(10, 1), 1), fileOf(weights));
    expect(report.summed).toEqual(['conv_stem.weight']);
    const [grey, colour] = [tensorOf(model.weights, 'conv_stem.weight', [32, 1, 3, 3]).data, tensorOf(weights, 'conv_stem.weight').data];
    for (const [out, place] of [
      [0, 0],
      [0, 8],
      [31, 4],
    ] as const) {
      const channels = [0, 1, 2].map((channel) => colour[out * 27 + channel * 9 + place] as number);
      expect(grey[out * 9 + place]).toBeCloseTo(
        channels.reduce((sum, value) => sum + value, 0),
        5,
      );
    }
  });

  test('below the names of wrappers, and with more in the file than it needs', () => {
    const weights = new Map([...numbered(lite(10)), ['auxiliary.weight', { shape: [2], data: Float32Array.of(1, 2) }] as const]);
    const wrapped = new Map([...weights].map(([name, tensor]) => [`_orig_mod.module.${name}`, tensor]));
    const { model, report } = initialise(untouched(lite(10)), fileOf(wrapped));
    expect(report).toMatchObject({ mapping: 'names', leftOver: ['auxiliary.weight'], missing: [] });
    expect(digestOf(model.weights)).toBe(digestOf(numbered(lite(10))));
  });

  test('from a shallower one of its family loads what is there', () => {
    const build = { classes: 10, channels: 3, stemStride: 2 } as const;
    const { model, report } = initialise(
      untouched(efficientNetB1({ drop_path: 0 })(build)),
      fileOf(numbered(efficientNetB0({ drop_path: 0 })(build))),
    );
    expect(report.missing).toContain('features.2.2.block.0.0.weight');
    expect(report.loaded).toHaveLength(parametersOf(efficientNetB0({ drop_path: 0 })(build)).length);
    expect(new Set(tensorOf(model.weights, 'features.2.2.block.0.0.weight').data)).toEqual(new Set([-1]));
  });

  test('of nothing that fits is refused with the first mismatch', () => {
    const b0 = efficientNetB0({ drop_path: 0 })({ classes: 10, channels: 3, stemStride: 2 });
    expect(() => initialise(untouched(lite(10)), inOrder(numbered(b0)))).toThrow(
      /^ordered\.safetensors: .* only 0 of \d+ tensors; by order the file has "features\.1\.0\.block\.1\.fc1\.weight"/,
    );
    const wider = new Map([...numbered(lite(10)), ['bn1.bias', { shape: [40], data: new Float32Array(40) }] as const]);
    expect(() => initialise(untouched(lite(10)), fileOf(wider))).toThrow('"bn1.bias" is [40] in the file and [32] in the network');
  });
});

describe('another naming scheme', () => {
  const ours = numbered(lite(1000));
  const theirs = lukemelas(ours);

  test('is mapped by order and shapes', () => {
    const { model, report } = initialise(untouched(lite(1000)), inOrder(theirs));
    expect(report.mapping).toBe('order');
    expect(report.renamed['blocks.1.0.bn3.running_var']).toBe('_blocks.1._bn2.running_var');
    expect(report.renamed['classifier.bias']).toBe('_fc.bias');
    expect(digestOf(model.weights)).toBe(digestOf(ours));
  });

  test('may lack the last layer or have other classes', () => {
    const headless = new Map([...theirs].filter(([name]) => !name.startsWith('_fc.')));
    expect(initialise(untouched(lite(10)), inOrder(headless)).report).toMatchObject({
      mapping: 'order',
      missing: ['classifier.weight', 'classifier.bias'],
    });
    expect(initialise(untouched(lite(10)), inOrder(theirs)).report.reset).toEqual(['classifier.weight', 'classifier.bias']);
  });

  test('in another order is refused', () => {
    const entries = [...theirs];
    const swapped = new Map(entries.with(1, entries[2] as (typeof entries)[0]).with(2, entries[1] as (typeof entries)[0]));
    expect(() => initialise(untouched(lite(1000)), inOrder(swapped))).toThrow(
      'by order the file has "_bn0.bias" [32] where the network has "bn1.weight" [32]',
    );
    const longer = new Map([...theirs, ['_more.weight', { shape: [1], data: new Float32Array(1) }] as const]);
    expect(() => initialise(untouched(lite(1000)), inOrder(longer))).toThrow('by order the file goes on with "_more.weight"');
  });
});

describe('a training stage', () => {
  const classes = ['a', 'b', 'c', 'd'];
  const images = quarterImages(8);
  const recipe = { model: { name: 'efficientnet-lite0', stem_stride: 2, zero_head: true }, size: 0, seed: 1 };
  const modules = { model: efficientNetLite0({ drop_path: 0 }), loss: crossEntropy };
  const report = join(folder, 'report');

  function begin(init: string | undefined): { model: Model; log: string[]; metrics: (string | number)[] } {
    const log: string[] = [];
    const metrics: (string | number)[] = [];
    const context: InitialisingContext = {
      log: (line) => log.push(line),
      metric: (...metric) => metrics.push(...metric),
      fail(message, hint) {
        throw new Error(`failed: ${message} (${hint})`);
      },
    };
    return { model: initialModel(images, recipe, modules, { init, report }, context), log, metrics };
  }

  test('without a file begins with fresh weights', () => {
    expect(begin(undefined).model.classes).toEqual(classes);
    expect(begin(undefined).log).toEqual([]);
  });

  test('with one logs, counts and lists what was loaded, and keeps the images’ own mean', () => {
    const weights = numbered(lite(1000));
    const { model, log, metrics } = begin(fileOf(weights));
    expect(tensorOf(model.weights, 'conv_head.weight')).toEqual(tensorOf(weights, 'conv_head.weight'));
    expect(model.input.mean).toEqual(images.info.mean);
    expect(metrics).toEqual(['initialised', weights.size - 2]);
    expect(log).toEqual([
      `initial weights: ${weights.size - 2} of ${weights.size} tensors loaded by their names; summed over three channels: conv_stem.weight; ` +
        'fresh for other classes: classifier.weight, classifier.bias',
    ]);
    const listed = JSON.parse(readFileSync(join(report, 'init.json'), 'utf8')) as Record<string, unknown>;
    expect(listed).toMatchObject({ format: 1, mapping: 'names', reset: ['classifier.weight', 'classifier.bias'], missing: [] });
  });

  test('fails by name with a hostile file', () => {
    const file = join(folder, 'hostile.pth');
    const { refused } = fixture<{ refused: readonly { name: string; file: string }[] }>('pickles');
    writeFileSync(file, inflateSync(Buffer.from(refused.find(({ name }) => name === 'os.system')?.file ?? '', 'base64')));
    expect(() => begin(file)).toThrow('failed: hostile.pth: the file wants to call os.system: refused');
  });
});

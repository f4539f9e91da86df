import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeModel, encodeOnnx, writeExported, writeSavedModel, writeTfjs } from 'stillroom/nn';
import type { ExportedClassifier, InferenceRuntime } from 'stillroom/nn';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import mobileNetV3Small from '../../src/nn/models/mobilenet-v3-small.ts';
import { readOpenvinoFacts } from '../../src/setup/facts.mjs';
import onnxruntime from '../../stages/benchmark/runtimes/onnxruntime.ts';
import openvino from '../../stages/benchmark/runtimes/openvino.ts';
import tensorflow from '../../stages/benchmark/runtimes/tensorflow.ts';
import tfjsWasm from '../../stages/benchmark/runtimes/tfjs-wasm.ts';
import { scratch } from './context.ts';
import { writeFreshModel } from './models.ts';

let room: ReturnType<typeof scratch>;
beforeEach(() => {
  room = scratch();
});
afterEach(() => room.remove());

const classes = ['a', 'b', 'c'];
const size = 32;

/** The folder of an exported model with stirred weights. */
function exported(): string {
  const model = writeFreshModel(join(room.folder, 'trained'), mobileNetV3Small, { size, channels: 3, classes });
  const { network, weights, input } = model;
  const folder = join(room.folder, 'exported');
  const preparation = { size, channels: 3, fit: 'pad', background: 0 } as const;
  writeExported(folder, { architecture: 'mobilenet-v3-small', classes, input, preparation, formats: ['onnx', 'saved_model', 'tfjs'] });
  writeTfjs(join(folder, 'tfjs'), model);
  writeSavedModel(join(folder, 'saved_model'), model);
  mkdirSync(join(folder, 'onnx'));
  const metadata = describeModel({ architecture: 'mobilenet-v3-small', classes, input, preparation, network }, 'NCHW');
  const options = { size, channels: 3, classes: 3, name: 'test', metadata };
  writeFileSync(join(folder, 'onnx', 'model.onnx'), encodeOnnx(network, weights, options));
  return folder;
}

const images = Float32Array.from({ length: 5 * 3 * size * size }, (_, index) => Math.sin(index / 7));

async function logitsOf(model: ExportedClassifier, count: number): Promise<number[]> {
  return [...(await model.logits(images.slice(0, count * 3 * size * size), count))];
}

function largestDifference(left: readonly number[], right: readonly number[]): number {
  return Math.max(...left.map((value, index) => Math.abs(value - (right[index] as number))));
}

test.each<[string, InferenceRuntime, RegExp]>([
  ['TensorFlow, from the SavedModel,', tensorflow, /^2\./],
  ['TensorFlow.js with WebAssembly, from the graph model,', tfjsWasm, /^4\./],
])('%s gives the logits of ONNX Runtime, its images height by width by channels', async (_, runtime, version) => {
  const folder = exported();
  const [own, reference] = [await runtime.open(folder, { threads: 1 }), await onnxruntime.open(folder, { threads: 1 })];
  expect(own).toMatchObject({ classes, layout: 'NHWC', input: { size, channels: 3 } });
  const area = size * size;
  const first = images.slice(0, 3 * area);
  const turned = Float32Array.from(first, (_value, index) => first[(index % 3) * area + Math.floor(index / 3)] as number);
  const expected = await logitsOf(reference, 1);
  expect(largestDifference([...(await own.logits(turned, 1))], expected)).toBeLessThan(1e-4);
  const twice = await own.logits(Float32Array.from([...turned, ...turned]), 2);
  expect(largestDifference([...twice], [...expected, ...expected])).toBeLessThan(1e-4);
  expect(runtime.version).toMatch(version);
  await own.close();
  await reference.close();
});

// CI sets it up; elsewhere it is a part of set-up that one has to ask for.
const isThere = readOpenvinoFacts() !== undefined || process.env['CI'] !== undefined;

describe.runIf(isThere)('OpenVINO', () => {
  test('gives the logits of ONNX Runtime in float32, of batches of any size', async () => {
    const folder = exported();
    const runtime = openvino({ precision: 'float32', pinning: true });
    expect(runtime.version).toBe(readOpenvinoFacts()?.version);
    expect(runtime).toMatchObject({ precision: 'float32', format: 'onnx' });
    const [own, reference] = [await runtime.open(folder, { threads: 1 }), await onnxruntime.open(folder, { threads: 1 })];
    for (const count of [1, 3, 5, 2, 4, 1]) {
      const [given, expected] = [await logitsOf(own, count), await logitsOf(reference, count)];
      expect(given).toHaveLength(3 * count);
      expect(largestDifference(given, expected)).toBeLessThan(1e-4);
    }
    expect(own).toMatchObject({ classes, layout: 'NCHW', input: { size, channels: 3 } });
    await own.close();
    await reference.close();
  });

  test('computes in the precision that is asked for, or says that the processor lacks it', async () => {
    const folder = exported();
    const reference = await (openvino({ precision: 'float32', pinning: false }).open(folder, {
      threads: 1,
    }) as Promise<ExportedClassifier>);
    const expected = await logitsOf(reference, 1);
    await reference.close();
    const runtime = openvino({ precision: 'bfloat16', pinning: false });
    const has = /\bavx512_bf16\b|\bamx_bf16\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));
    if (has) {
      const model = await runtime.open(folder, { threads: 1 });
      const difference = largestDifference(await logitsOf(model, 1), expected);
      expect(difference).toBeGreaterThan(0);
      expect(difference).toBeLessThan(0.05);
      await model.close();
    } else await expect(runtime.open(folder, { threads: 1 })).rejects.toThrow('cannot compute in bfloat16 on this processor');
  });

  test('says what it could not do with a file that is no model', async () => {
    const folder = exported();
    writeFileSync(join(folder, 'onnx', 'model.onnx'), 'no model');
    await expect(openvino({ precision: 'float32', pinning: true }).open(folder, { threads: 1 })).rejects.toThrow(
      'OpenVINO could not read the model',
    );
  });
});

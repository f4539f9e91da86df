import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { writeTfjs } from 'stillroom/nn';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { relativeError } from '../rig.ts';
import { architectures, expectedLogits, modelOf, normalised, size } from './rig.ts';

let folder: string;
beforeAll(() => tf.setBackend('cpu'));
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stillroom-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What a written model holds, as a page would fetch it. */
function written(): tf.io.ModelArtifacts {
  const { weightsManifest, ...rest } = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as tf.io.ModelJSON;
  const files = weightsManifest.flatMap(({ paths }) => paths).map((path) => readFileSync(join(folder, path)));
  const weightData = Uint8Array.from(Buffer.concat(files)).buffer;
  return { ...rest, weightSpecs: weightsManifest.flatMap(({ weights }) => weights), weightData } as tf.io.ModelArtifacts;
}

function logitsBy(model: tf.GraphModel, images: Float32Array): number[] {
  return tf.tidy(() => {
    const fed = tf.tensor4d(images, [images.length / (size * size * 3), size, size, 3]);
    return [...(model.predict(fed) as tf.Tensor).dataSync()];
  });
}

test.each(architectures)('tf.loadGraphModel gives the logits of %s, whatever the batch', async (_, architecture) => {
  const model = modelOf(architecture);
  writeTfjs(folder, model);
  const loaded = await tf.loadGraphModel({ load: async () => written() });
  const logits = expectedLogits(model);
  expect(relativeError(logitsBy(loaded, normalised), logits)).toBeLessThan(1e-4);
  expect(relativeError(logitsBy(loaded, normalised.subarray(normalised.length / 2)), logits.slice(5))).toBeLessThan(1e-4);
  loaded.dispose();
});

test('the model says what it takes and gives, and what it was told to say; its weights are files that browsers cache', async () => {
  const [, architecture] = architectures.find(([name]) => name === 'MobileNetV3-small') as (typeof architectures)[number];
  writeTfjs(folder, modelOf(architecture), { classes: ['a', 'b'] });
  const model = await tf.loadGraphModel({ load: async () => written() });
  expect(model.inputs.map(({ name, shape }) => [name, shape])).toEqual([['input', [-1, 32, 32, 3]]]);
  expect(model.outputs.map(({ name }) => name)).toEqual(['logits']);
  expect(written().userDefinedMetadata).toEqual({ classes: ['a', 'b'] });
  const { weightsManifest } = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as tf.io.ModelJSON;
  const sizes = weightsManifest.flatMap(({ paths }) => paths).map((path) => readFileSync(join(folder, path)).length);
  expect(sizes.length).toBe(2);
  expect(Math.max(...sizes)).toBe(4 * 2 ** 20);
});

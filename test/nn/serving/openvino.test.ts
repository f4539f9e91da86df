import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeOpenVino } from 'stillroom/nn';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openByOpenVino } from '../../../src/nn/serving/openvino/classifier.ts';
import { readOpenvinoFacts } from '../../../src/setup/facts.mjs';
import { relativeError } from '../rig.ts';
import { architectures, expectedLogits, modelOf, normalised, size } from './rig.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stillroom-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const area = size * size;

/** The same images, channels first. */
const planes = normalised.map((_, place) => {
  const [image, inside] = [Math.floor(place / (3 * area)), place % (3 * area)];
  return normalised[image * 3 * area + (inside % area) * 3 + Math.floor(inside / area)] as number;
});

const options = { size, channels: 3, name: 'a "model"', metadata: { classes: '["<a>","b & c"]' } };

/** Writes a model's two files; returns the one that names the other. */
function write(architecture: (typeof architectures)[number][1]): string {
  const { network, weights } = modelOf(architecture);
  const { xml, bin } = encodeOpenVino(network, weights, options);
  writeFileSync(join(folder, 'model.xml'), xml);
  writeFileSync(join(folder, 'model.bin'), bin);
  return join(folder, 'model.xml');
}

// CI sets it up; elsewhere it is a part of set-up that one has to ask for.
const isThere = readOpenvinoFacts() !== undefined || process.env['CI'] !== undefined;

describe.runIf(isThere)('OpenVINO', () => {
  test.each(architectures)('gives the logits of %s, whatever the batch', async (_, architecture) => {
    const model = modelOf(architecture);
    const opened = openByOpenVino(write(architecture), model, { threads: 1, precision: 'float32', pinning: false });
    const logits = expectedLogits(model);
    expect(relativeError(await opened.logits(planes, 2), logits)).toBeLessThan(1e-4);
    expect(relativeError(await opened.logits(planes.subarray(3 * area), 1), logits.slice(5))).toBeLessThan(1e-4);
    await opened.close();
  });
});

test('a model says what it was told to say, and the same model gives the same bytes', () => {
  const { network, weights } = modelOf((architectures[0] as (typeof architectures)[number])[1]);
  const [first, second] = [encodeOpenVino(network, weights, options), encodeOpenVino(network, weights, options)];
  expect(first.xml).toBe(second.xml);
  expect(Buffer.compare(first.bin, second.bin)).toBe(0);
  expect(first.xml).toContain('<net name="a &quot;model&quot;" version="11">');
  expect(first.xml).toContain('<classes value="[&quot;&lt;a&gt;&quot;,&quot;b &amp; c&quot;]"/>');
});

test('a network with a missing weight is refused by name', () => {
  const { network } = modelOf((architectures[0] as (typeof architectures)[number])[1]);
  expect(() => encodeOpenVino(network, new Map(), options)).toThrow(/stem\.weight/);
});

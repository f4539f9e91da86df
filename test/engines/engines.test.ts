import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { installedEngines, loadEngines } from '../../src/engines/engines.ts';
import { engine as tensorflow } from '../../src/engines/tensorflow/engine.ts';
import { readEngineFacts } from '../../src/setup/facts.mjs';
import { root } from '../../src/setup/places.mjs';

const facts = { version: '2.21.0', device: 'cpu', precision: 'float32', onednn: true } as const;

describe('the engines', () => {
  test('are the folders of their room, by name', async () => {
    const engines = await loadEngines();
    expect(engines).toContain(tensorflow);
    const folders = readdirSync(join(root, 'src', 'engines'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(engines.map(({ name }) => name).toSorted()).toEqual(folders.map(({ name }) => name).toSorted());
  });

  test('tell their facts where they are set up, and nothing elsewhere', () => {
    const missing = { ...tensorflow, name: 'missing', facts: () => undefined };
    const present = { ...tensorflow, name: 'present', facts: () => facts };
    expect(installedEngines([missing, present])).toEqual({ present: facts });
  });
});

describe('tensorflow', () => {
  test('tells the version and device of what set-up has installed', () => {
    const installed = readEngineFacts();
    const expected = installed && { version: installed.libtensorflow, device: installed.device };
    expect(tensorflow.facts()).toEqual(expected && expect.objectContaining(expected));
  });

  test.each([
    [1, '1', '1'],
    [2, '2', '1'],
    [3, '2', '2'],
    [8, '2', '4'],
  ])('with %d threads computes at most two operations at once', (threads, atOnce, each) => {
    const { environment } = tensorflow.use(threads, facts);
    expect(environment).toMatchObject({ TF_NUM_INTEROP_THREADS: atOnce, TF_NUM_INTRAOP_THREADS: each });
  });

  test('uses the device and the kernels that its facts tell, whatever the machine has', () => {
    expect(tensorflow.use(2, facts)).toMatchObject({ ...facts, environment: { STILLROOM_DEVICE: 'cpu', TF_ENABLE_ONEDNN_OPTS: '1' } });
    const other = tensorflow.use(2, { ...facts, device: 'gpu', onednn: false });
    expect(other).toMatchObject({ device: 'gpu', environment: { STILLROOM_DEVICE: 'gpu', TF_ENABLE_ONEDNN_OPTS: '0' } });
  });
});

import { afterEach, expect, test, vi } from 'vitest';
import * as session from '../../src/nn/engine/session.ts';
import { initialWeights } from '../../src/nn/layers/initialise.ts';
import crossEntropy from '../../src/nn/losses/cross-entropy.ts';
import mobileNetV3Small from '../../src/nn/models/mobilenet-v3-small.ts';
import adam from '../../src/nn/optimizers/adam.ts';
import { openTrainer } from '../../src/nn/training/step.ts';

vi.mock('../../src/nn/engine/session.ts', { spy: true });

afterEach(() => vi.unstubAllEnvs());

/** How the threads are shared out: operations at once, and threads for each. */
const shared = (): (string | undefined)[] => [process.env['TF_NUM_INTEROP_THREADS'], process.env['TF_NUM_INTRAOP_THREADS']];

test.each([
  ['float32', 96, 64, ['2', '2']],
  ['float32', 96, 128, ['1', '4']],
  ['bfloat16', 32, 64, ['2', '2']],
  ['bfloat16', 96, 64, ['2', '4']],
] as const)('operations of a step in %s at %i px / %i are given the threads that they make most of', (precision, size, batch, expected) => {
  vi.stubEnv('TF_NUM_INTEROP_THREADS', '2');
  vi.stubEnv('TF_NUM_INTRAOP_THREADS', '2');
  vi.mocked(session.openSession).mockImplementationOnce(() => {
    throw new Error('the graph is built');
  });
  vi.mocked(session.plannedDevice).mockReturnValue('cpu');
  const network = mobileNetV3Small({ classes: 10, channels: 3, stemStride: 2 });
  const input = { size, channels: 3, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] } as const;
  const loss = { loss: crossEntropy, labelSmoothing: 0, movingAverage: 0, momentum: undefined };
  const options = { network, input, classes: 10, batch, optimizer: adam({ weight_decay: 0 }), precision, ...loss };
  expect(() => openTrainer(options, initialWeights(network, 0))).toThrow('the graph is built');
  expect(shared()).toEqual(expected);
});

test('where nobody shares threads out, nobody does it anew', () => {
  vi.stubEnv('TF_NUM_INTEROP_THREADS', undefined);
  vi.stubEnv('TF_NUM_INTRAOP_THREADS', '3');
  session.widenOperations(true);
  expect(shared()).toEqual([undefined, '3']);
});

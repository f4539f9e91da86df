import { precisionInUse } from 'stillroom/nn';
import type { ExportedModel, ExportFormat, Precision } from 'stillroom/nn';
import { expect, test } from 'vitest';

const exported = (precision?: Precision): ExportedModel => ({
  ...{ architecture: 'test', classes: ['a'], input: { size: 8, channels: 1, mean: [0], std: [1] }, formats: ['onnx', 'saved_model'] },
  preparation: { size: 8, channels: 1, fit: 'pad', background: 0 },
  ...(precision === undefined ? {} : { precision }),
});

test.each<readonly [Precision | undefined, ExportFormat, Precision, string]>([
  [undefined, 'onnx', 'float32', 'float32'],
  ['float32', 'onnx', 'bfloat16', 'bfloat16'],
  ['float16', 'onnx', 'float32', 'float32 with float16 weights'],
  ['bfloat16', 'onnx', 'bfloat16', 'bfloat16'],
  ['int8', 'onnx', 'float32', 'int8'],
  ['int8', 'saved_model', 'float32', 'float32'],
])('a model exported in %s, read as %s by a runtime that computes in %s: %s', (precision, format, computed, told) => {
  expect(precisionInUse(exported(precision), { format, precision: computed })).toBe(told);
});

import { expect, test } from 'vitest';
import { engine } from '../../src/engines/openvino/engine.ts';

test('tells how to get it, and how to do without it', () => {
  const remedy = engine.remedy('benchmark');
  expect(remedy).toContain('npx stillroom doctor --openvino');
  expect(remedy).toContain('--set benchmark.runtime=onnxruntime');
});

test('counts by its version, and gives a node no variables', () => {
  expect(engine.use(2, { version: '1.2.3', device: 'cpu' })).toEqual({ version: '1.2.3', device: 'cpu', environment: {} });
});

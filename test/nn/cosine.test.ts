import { expect, test } from 'vitest';
import { openSession } from '../../src/nn/engine/session.ts';
import { Graph } from '../../src/nn/graph/graph.ts';
import { buildForInference } from '../../src/nn/layers/build.ts';
import { initialWeights } from '../../src/nn/layers/initialise.ts';
import { parametersOf, toGraphLayout } from '../../src/nn/layers/parameters.ts';
import type { Network } from '../../src/nn/network.ts';

const network: Network = {
  layers: [
    { kind: 'input', name: 'input', inputs: [] },
    { kind: 'cosine', name: 'head', inputs: ['input'], inFeatures: 2, outFeatures: 3, scale: 8 },
  ],
  output: 'head',
};

/** The head's outputs for one row of features. */
function outputs(features: readonly [number, number], weight: Float32Array): number[] {
  const graph = new Graph();
  const input = graph.placeholder('input', [1, 2]);
  const output = buildForInference(graph, network, input);
  const session = openSession(graph);
  const [parameter] = parametersOf(network);
  if (parameter === undefined) throw new Error('The head has a weight.');
  session.assign(new Map([['head.weight', toGraphLayout(parameter, { shape: [3, 2], data: weight })]]));
  const [values = []] = session.function([input], [output])([Float32Array.from(features)]);
  session.close();
  return Array.from(values);
}

test('a cosine head gives the scaled cosine of the angle to each class’s row, whatever their lengths', () => {
  const weight = Float32Array.of(5, 0, 0, 0.1, -2, -2);
  const found = outputs([3, 4], weight);
  [8 * 0.6, 8 * 0.8, -8 * (1.4 / Math.SQRT2)].forEach((wanted, place) => {
    expect(found[place]).toBeCloseTo(wanted, 5);
  });
});

test('features without a direction give zeros', () => {
  expect(outputs([0, 0], Float32Array.of(1, 0, 0, 1, 1, 1)).map(Math.abs)).toEqual([0, 0, 0]);
});

test('a cosine head has one weight, of a row for each class, and starts from small normal numbers', () => {
  expect(parametersOf(network).map(({ name, shape }) => [name, shape])).toEqual([['head.weight', [3, 2]]]);
  const layers = network.layers.map((layer) => (layer.kind === 'cosine' ? { ...layer, inFeatures: 100, outFeatures: 50 } : layer));
  const data = initialWeights({ ...network, layers }, 1).get('head.weight')?.data ?? new Float32Array();
  const deviation = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length);
  expect(deviation / 0.01).toBeCloseTo(1, 1);
});

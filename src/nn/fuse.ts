import type { BatchNorm, Convolution, Layer, Network } from './network.ts';
import type { Tensor, Weights } from './weights/tensor.ts';
import { tensorOf } from './weights/tensor.ts';

/** A network with its weights. */
export interface WeightedNetwork {
  readonly network: Network;
  readonly weights: Weights;
}

/**
 * Folds every batch norm that alone reads a convolution into that convolution, which gets a bias: the same function with fewer layers.
 * Products are computed in float64 and rounded once.
 */
export function fuse({ network, weights }: WeightedNetwork): WeightedNetwork {
  const pairs = foldable(network);
  const fused = new Map(weights);
  const renamed = new Map<string, string>();
  for (const [norm, convolution] of pairs) {
    fold(fused, convolution, norm);
    renamed.set(norm.name, convolution.name);
  }
  const folded = new Set([...pairs.values()].map(({ name }) => name));
  const now = (name: string): string => renamed.get(name) ?? name;
  const layers = network.layers
    .filter(({ name }) => !renamed.has(name))
    .map((layer): Layer => {
      const moved = { ...layer, inputs: layer.inputs.map(now) };
      return moved.kind === 'convolution' && folded.has(moved.name) ? { ...moved, bias: true } : moved;
    });
  return { network: { layers, output: now(network.output) }, weights: fused };
}

/** The batch norms with the convolution that each reads and that nothing else reads. */
function foldable({ layers, output }: Network): Map<BatchNorm, Convolution> {
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const readers = new Map<string, number>([[output, 1]]);
  for (const name of layers.flatMap(({ inputs }) => inputs)) readers.set(name, (readers.get(name) ?? 0) + 1);
  const pairs = new Map<BatchNorm, Convolution>();
  for (const layer of layers) {
    if (layer.kind !== 'batch-norm') continue;
    const source = byName.get(layer.inputs[0] ?? '');
    if (source?.kind === 'convolution' && readers.get(source.name) === 1) pairs.set(layer, source);
  }
  return pairs;
}

/** weight · scale / √(variance + ε) per output channel; the bias is what batch norm makes of the old one. */
function fold(weights: Map<string, Tensor>, convolution: Convolution, norm: BatchNorm): void {
  const part = (own: string): Float32Array => tensorOf(weights, `${norm.name}.${own}`, [norm.channels]).data;
  const [scale, offset, mean, variance] = [part('weight'), part('bias'), part('running_mean'), part('running_var')];
  const kernel = tensorOf(weights, `${convolution.name}.weight`);
  const data = kernel.data.slice();
  const bias = convolution.bias ? tensorOf(weights, `${convolution.name}.bias`).data.slice() : new Float32Array(norm.channels);
  const length = data.length / norm.channels;
  for (let channel = 0; channel < norm.channels; channel++) {
    const factor = (scale[channel] as number) / Math.sqrt((variance[channel] as number) + norm.epsilon);
    for (let place = channel * length; place < (channel + 1) * length; place++) data[place] = (data[place] as number) * factor;
    bias[channel] = (offset[channel] as number) + ((bias[channel] as number) - (mean[channel] as number)) * factor;
  }
  weights.set(`${convolution.name}.weight`, { shape: kernel.shape, data });
  weights.set(`${convolution.name}.bias`, { shape: [norm.channels], data: bias });
  for (const own of ['weight', 'bias', 'running_mean', 'running_var']) weights.delete(`${norm.name}.${own}`);
}

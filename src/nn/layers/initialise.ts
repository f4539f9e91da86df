import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Layer, Network } from '../network.ts';
import type { Tensor, Weights } from '../weights/tensor.ts';
import { elements } from '../weights/tensor.ts';
import type { Parameter } from './parameters.ts';
import { layerParameters } from './parameters.ts';

/**
 * Fresh weights for a network, as torchvision draws them for mobile networks: convolutions from a normal distribution of variance
 * 2 / fan-out, dense layers as they say, biases 0, batch norm the identity. The same seed gives the same weights.
 */
export function initialWeights(network: Network, seed: number): Weights {
  const random = xoroshiro128plus(seed);
  const uniform = (): number => uniformFloat64(random);
  const weights = new Map<string, Tensor>();
  for (const layer of network.layers) {
    for (const parameter of layerParameters(layer)) {
      const data = new Float32Array(elements(parameter.shape));
      fill(data, layer, parameter, uniform);
      weights.set(parameter.name, { shape: parameter.shape, data });
    }
  }
  return weights;
}

function fill(data: Float32Array, layer: Layer, parameter: Parameter, uniform: () => number): void {
  const own = parameter.name.slice(layer.name.length + 1);
  if (layer.kind === 'batch-norm') {
    if (own === 'weight' || own === 'running_var') data.fill(1);
  } else if (own === 'weight' && layer.kind === 'convolution') {
    fillNormal(data, Math.sqrt(2 / (layer.outChannels * layer.kernel ** 2)), uniform);
  } else if (own === 'weight' && layer.kind === 'dense') {
    const start = layer.start ?? { normal: 0.01 };
    if ('normal' in start) fillNormal(data, start.normal, uniform);
    else for (let index = 0; index < data.length; index++) data[index] = (2 * uniform() - 1) * start.uniform;
  }
}

/** Box and Muller's method: two normal numbers from two even ones. */
function fillNormal(data: Float32Array, deviation: number, uniform: () => number): void {
  for (let index = 0; index < data.length; index += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    data[index] = radius * Math.cos(angle);
    if (index + 1 < data.length) data[index + 1] = radius * Math.sin(angle);
  }
}

import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Layer, Network, Start } from '../network.ts';
import type { Tensor, Weights } from '../weights/tensor.ts';
import { elements } from '../weights/tensor.ts';
import type { Parameter } from './parameters.ts';
import { layerParameters } from './parameters.ts';

/**
 * Fresh weights for a network: convolutions, dense layers and cosine heads as they say (left out: convolutions from a normal distribution
 * of variance 2 / fan-out, the others of deviation 0.01), biases 0 unless they say otherwise, batch norm the identity or with its own
 * first scale. The same seed gives the same weights.
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
    if (own === 'weight') data.fill(layer.start ?? 1);
    else if (own === 'running_var') data.fill(1);
    return;
  }
  const start = own === 'weight' ? startOf(layer) : 'startBias' in layer ? layer.startBias : undefined;
  if (start === undefined) return;
  if ('normal' in start) fillNormal(data, start.normal, uniform);
  else for (let index = 0; index < data.length; index++) data[index] = (2 * uniform() - 1) * start.uniform;
}

/** How a layer's fresh weights are drawn. */
function startOf(layer: Layer): Start | undefined {
  switch (layer.kind) {
    case 'convolution':
      return layer.start ?? { normal: Math.sqrt(2 / (layer.outChannels * layer.kernel ** 2)) };
    case 'dense':
    case 'cosine':
      return layer.start ?? { normal: 0.01 };
    default:
      return undefined;
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

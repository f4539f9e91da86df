import { isDepthwise } from '../layers/parameters.ts';
import type { WeightedNetwork } from '../fuse.ts';
import type { Convolution, Layer } from '../network.ts';
import { tensorOf } from '../weights/tensor.ts';
import type { Tensor, Weights } from '../weights/tensor.ts';

/** One of so many equal parts of a tensor, along its first axis. */
function part({ shape, data }: Tensor, index: number, parts: number): Tensor {
  const length = data.length / parts;
  return { shape: [(shape[0] as number) / parts, ...shape.slice(1)], data: data.subarray(index * length, (index + 1) * length) };
}

/** A convolution in groups as one for each group, between a slice of the channels and their concatenation. */
function ungrouped(layer: Convolution, weights: Weights): readonly [layers: Layer[], weights: [string, Tensor][]] {
  const { name, groups, inputs, bias } = layer;
  const [inChannels, outChannels] = [layer.inChannels / groups, layer.outChannels / groups];
  const own: [string, Tensor][] = [];
  const layers: Layer[] = Array.from({ length: groups }, (_, group) => `${name}.group${group}`).flatMap((single, group) => {
    for (const kind of bias ? ['weight', 'bias'] : ['weight'])
      own.push([`${single}.${kind}`, part(tensorOf(weights, `${name}.${kind}`), group, groups)]);
    return [
      { kind: 'slice', name: `${single}.channels`, inputs, start: group * inChannels, count: inChannels },
      { ...layer, name: single, inputs: [`${single}.channels`], inChannels, outChannels, groups: 1 },
    ];
  });
  layers.push({ kind: 'concat', name, inputs: Array.from({ length: groups }, (_, group) => `${name}.group${group}`) });
  return [layers, own];
}

/** The same network without convolutions in groups; those of each channel by itself stay. */
export function ungroup({ network, weights }: WeightedNetwork): WeightedNetwork {
  const all = new Map(weights);
  const layers = network.layers.flatMap((layer): Layer[] => {
    if (layer.kind !== 'convolution' || layer.groups === 1 || isDepthwise(layer)) return [layer];
    const [parts, own] = ungrouped(layer, weights);
    for (const [name, tensor] of own) all.set(name, tensor);
    return parts;
  });
  return { network: { ...network, layers }, weights: all };
}

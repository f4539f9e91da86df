import { parametersOf } from '../../layers/parameters.ts';
import type { BatchNorm, Convolution, Layer, Network } from '../../network.ts';
import type { Model } from '../../weights/model-folder.ts';
import { tensorOf } from '../../weights/tensor.ts';
import type { Tensor, Weights } from '../../weights/tensor.ts';
import { counterparts } from './counterparts.ts';
import type { Counterpart } from './counterparts.ts';

/** A model as the hub's packages have its architecture. */
export interface HubModel {
  readonly counterpart: Counterpart;
  /** The architecture's own network: where batch norms had been folded they are back, and do nothing but add a bias. */
  readonly network: Network;
  /** Under our names. */
  readonly weights: Weights;
  /** How many batch norms had been folded. */
  readonly restored: number;
}

/** Why a model cannot be what another package knows: a sentence that names the architecture, and what to do about it. */
export class NoCounterpartError extends Error {
  override readonly name = 'NoCounterpartError';
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** A layer as far as inference is concerned. */
function essence(layer: Layer): string {
  const { start, startBias, momentum, probability, ...rest } = layer as Layer & Record<string, unknown>;
  return JSON.stringify(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The layers that compute something at inference; the others hand their input on. */
function computing({ layers, output }: Network): Network {
  const passed = new Map<string, string>();
  const now = (name: string): string => passed.get(name) ?? name;
  const kept = layers.flatMap((layer): Layer[] => {
    if (layer.kind !== 'dropout' && layer.kind !== 'drop-path') return [{ ...layer, inputs: layer.inputs.map(now) }];
    passed.set(layer.name, now(layer.inputs[0] as string));
    return [];
  });
  return { layers: kept, output: now(output) };
}

/** A network without some batch norms, each folded into the convolution that it reads. */
function withoutNorms({ layers, output }: Network, folded: ReadonlyMap<string, string>): Network {
  const now = (name: string): string => folded.get(name) ?? name;
  const biased = new Set(folded.values());
  const kept = layers
    .filter(({ name }) => !folded.has(name))
    .map((layer): Layer => {
      const moved = { ...layer, inputs: layer.inputs.map(now) };
      return moved.kind === 'convolution' && biased.has(moved.name) ? { ...moved, bias: true } : moved;
    });
  return { layers: kept, output: now(output) };
}

/** The first difference of two networks, in a few words; undefined if they compute the same. */
function differenceOf(own: Network, wanted: Network): string | undefined {
  const [mine, theirs] = [computing(own), computing(wanted)];
  for (const [place, layer] of theirs.layers.entries()) {
    const found = mine.layers[place];
    if (found === undefined) return `it ends before ${layer.name}`;
    if (essence(found) === essence(layer)) continue;
    if (found.name !== layer.name) return `it has ${found.name} where ${layer.name} is expected`;
    if (found.kind !== layer.kind) return `its ${layer.name} is of the kind ${found.kind}, not ${layer.kind}`;
    const keys = Object.keys(layer).filter((key) => essenceOf(found, key) !== essenceOf(layer, key));
    const [key = 'other'] = keys;
    return `the ${key} of its ${layer.name} is ${essenceOf(found, key)}, not ${essenceOf(layer, key)}`;
  }
  return mine.layers.length > theirs.layers.length ? `it goes on with ${mine.layers[theirs.layers.length]?.name}` : undefined;
}

const essenceOf = (layer: Layer, key: string): string => JSON.stringify((layer as unknown as Record<string, unknown>)[key]);

/** Batch norms of the architecture that the model no longer has, by name, with the convolution that each was folded into. */
function foldedNorms(architecture: Network, { network }: Model): Map<string, string> {
  const own = new Map(network.layers.map((layer) => [layer.name, layer]));
  const byName = new Map(architecture.layers.map((layer) => [layer.name, layer]));
  const folded = new Map<string, string>();
  for (const layer of architecture.layers) {
    const source = byName.get(layer.inputs[0] ?? '');
    if (layer.kind !== 'batch-norm' || source?.kind !== 'convolution' || own.has(layer.name)) continue;
    if ((own.get(source.name) as Convolution | undefined)?.bias === true) folded.set(layer.name, source.name);
  }
  return folded;
}

/** A batch norm that adds a bias: its variance and epsilon make 1. */
function addingBias({ name, channels, epsilon }: BatchNorm, bias: Tensor): [string, Tensor][] {
  const filled = (value: number): Tensor => ({ shape: [channels], data: new Float32Array(channels).fill(value) });
  return [
    [`${name}.weight`, filled(1)],
    [`${name}.bias`, bias],
    [`${name}.running_mean`, filled(0)],
    [`${name}.running_var`, filled(1 - epsilon)],
  ];
}

/**
 * A model as timm has its architecture, with the batch norms back that `fuse` folded. Throws a `NoCounterpartError` where timm has no
 * architecture that computes exactly the same.
 */
export function asHubModel(model: Model): HubModel {
  const counterpart = counterparts.get(model.architecture);
  if (counterpart === undefined) {
    throw new NoCounterpartError(
      `timm has no architecture that computes what ${model.architecture} does`,
      `leave timm and transformers out of formats: onnx runs everywhere. There they can be: ${[...counterparts.keys()].join(', ')}.`,
    );
  }
  const architecture = counterpart.build({ classes: model.classes.length, channels: model.input.channels, stemStride: 2 });
  const folded = foldedNorms(architecture, model);
  const difference = differenceOf(model.network, withoutNorms(architecture, folded));
  if (difference !== undefined) {
    throw new NoCounterpartError(
      `timm's ${counterpart.timm} does not compute what this ${model.architecture} does: ${difference}`,
      'timm has it only as published: train it with stem_stride: 2 and without a head of its own, or leave timm and transformers out of formats.',
    );
  }
  const weights = new Map<string, Tensor>();
  for (const { name } of parametersOf(architecture)) {
    const found = model.weights.get(name);
    if (found !== undefined) weights.set(name, found);
  }
  for (const layer of architecture.layers) {
    const source = folded.get(layer.name);
    if (source === undefined || layer.kind !== 'batch-norm') continue;
    for (const [name, tensor] of addingBias(layer, tensorOf(model.weights, `${source}.bias`))) weights.set(name, tensor);
  }
  return { counterpart, network: architecture, weights, restored: folded.size };
}

/** timm's name of one of our tensors. */
export function timmName(layers: ReadonlyMap<string, string>, tensor: string): string {
  const at = tensor.lastIndexOf('.');
  const layer = tensor.slice(0, at);
  return `${layers.get(layer) ?? layer}${tensor.slice(at)}`;
}

/** The model's tensors by timm's names and in its shapes: where timm has a convolution for a dense layer, that of a 1 × 1 kernel. */
export function timmWeights({ counterpart, network, weights }: HubModel): Weights {
  const names = counterpart.names(network);
  return new Map(
    parametersOf(network).map(({ name, shape }): [string, Tensor] => {
      const renamed = timmName(names, name);
      const { data } = tensorOf(weights, name, shape);
      const isPointwise = renamed === 'conv_head.weight' && shape.length === 2;
      return [renamed, { shape: isPointwise ? [...shape, 1, 1] : shape, data }];
    }),
  );
}

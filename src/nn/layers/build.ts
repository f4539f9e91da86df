import { activate, activateForInference } from '../graph/activations.ts';
import { add, addBias, matrixProduct, multiply } from '../graph/arithmetic.ts';
import { batchNormInference, batchNormTraining } from '../graph/batch-norm.ts';
import { concatenate, shuffleChannels, sliceChannels } from '../graph/channels.ts';
import { convolution, inferenceConvolution } from '../graph/convolution.ts';
import { unitVectors } from '../graph/directions.ts';
import type { Graph } from '../graph/graph.ts';
import { cast } from '../graph/precision.ts';
import { averagePool, maxPool } from '../graph/pooling.ts';
import { keepMask } from '../graph/random.ts';
import { meanOver, reshape } from '../graph/shapes.ts';
import type { Value } from '../graph/types.ts';
import { float, floatingOf } from '../graph/types.ts';
import type { Activation, Layer, Network } from '../network.ts';
import { isDepthwise, layerParameters } from './parameters.ts';

/** How a network is put into a graph for training: batch norm uses the batch's statistics and updates the running ones. */
export interface TrainingMode {
  /** Two int32 numbers that all random draws of a step depend on; without it nothing is dropped. */
  readonly key?: Value;
  /** The share of a new batch in the running statistics; without it each layer's own. */
  readonly momentum?: Value;
}

/** A network in a graph. */
export interface Built {
  readonly output: Value;
  /** The nodes that update running statistics; none when inferring. */
  readonly updates: readonly string[];
}

interface Context {
  readonly graph: Graph;
  /** The value of a layer's own parameter: `weight`, `bias` … */
  readonly parameter: (layer: Layer, own: string) => Value;
  /** Undefined when inferring. */
  readonly training: TrainingMode | undefined;
  /** The activations that are all that reads a batch norm's output, by the batch norm's name. */
  readonly joined: ReadonlyMap<string, Activation>;
  readonly updates: string[];
  streams: number;
}

type Builder<Kind extends Layer['kind']> = (
  context: Context,
  layer: Extract<Layer, { kind: Kind }>,
  inputs: readonly [Value, Value, ...Value[]],
) => Value;

/** Puts a network into a graph for training; its parameters are the graph's variables of their names. */
export function buildForTraining(graph: Graph, network: Network, input: Value, mode: TrainingMode): Built {
  return build(
    { graph, parameter: variableOf(graph), training: mode, joined: joinedActivations(network), updates: [], streams: 0 },
    network,
    input,
  );
}

/**
 * Puts a network into a graph for inferring. Its parameters are the graph's variables of their names (shared with a training of the same
 * network in this graph), or what `parameter` gives for a name.
 */
export function buildForInference(graph: Graph, network: Network, input: Value, parameter?: (name: string) => Value): Value {
  const own = parameter === undefined ? variableOf(graph) : (layer: Layer, name: string) => parameter(`${layer.name}.${name}`);
  return build({ graph, parameter: own, training: undefined, joined: new Map(), updates: [], streams: 0 }, network, input).output;
}

function variableOf(graph: Graph): Context['parameter'] {
  return (layer, own) => {
    const name = `${layer.name}.${own}`;
    const found = layerParameters(layer).find((parameter) => parameter.name === name);
    if (found === undefined) throw new Error(`The layer "${layer.name}" has no parameter "${own}".`);
    return graph.variable(name, found.graphShape).value;
  };
}

/** The batch norms that nothing but one activation reads, so that both can be computed together. */
function joinedActivations({ layers, output }: Network): Map<string, Activation> {
  const readers = new Map<string, Layer[]>();
  for (const layer of layers) for (const name of layer.inputs) readers.set(name, [...(readers.get(name) ?? []), layer]);
  const joined = new Map<string, Activation>();
  for (const { kind, name } of layers) {
    const [reader, ...others] = readers.get(name) ?? [];
    if (kind === 'batch-norm' && name !== output && reader?.kind === 'activation' && others.length === 0)
      joined.set(name, reader.activation);
  }
  return joined;
}

function build(context: Context, network: Network, input: Value): Built {
  const values = new Map<string, Value>();
  const computed = (name: string): Value => {
    const value = values.get(name);
    if (value === undefined) throw new Error(`The network reads the layer "${name}" before it is computed.`);
    return value;
  };
  for (const layer of network.layers) {
    if (layer.kind === 'input') {
      values.set(layer.name, input);
      continue;
    }
    const builder = builders[layer.kind] as Builder<Layer['kind']>;
    values.set(layer.name, builder(context, layer, layer.inputs.map(computed) as unknown as [Value, Value]));
  }
  return { output: computed(network.output), updates: context.updates };
}

/** The value of a layer's parameter, in the type of what the layer reads. */
function likeInput({ graph, parameter }: Context, layer: Layer, own: string, x: Value): Value {
  return cast(graph, parameter(layer, own), floatingOf([x]));
}

/** Multiplies by a random mask of that shape when training. */
function drop(context: Context, x: Value, shape: readonly number[], probability: number): Value {
  const { graph, training } = context;
  if (training?.key === undefined || probability === 0) return x;
  context.streams += 1;
  return multiply(graph, x, keepMask(graph, training.key, context.streams, shape, probability, floatingOf([x])));
}

const buildCosine: Builder<'cosine'> = ({ graph, parameter }, layer, [x]) => {
  const cosines = matrixProduct(graph, unitVectors(graph, cast(graph, x, 'float'), 1), unitVectors(graph, parameter(layer, 'weight'), 0));
  return multiply(graph, cosines, graph.constant(layer.scale));
};

const buildBatchNorm: Builder<'batch-norm'> = ({ graph, parameter, training, joined, updates }, layer, [x]) => {
  const values = { scale: parameter(layer, 'weight'), offset: parameter(layer, 'bias') };
  const running = [parameter(layer, 'running_mean'), parameter(layer, 'running_var')] as const;
  if (training === undefined) {
    return batchNormInference(graph, x, { ...values, mean: running[0], variance: running[1] }, layer.epsilon);
  }
  const { output, mean, variance } = batchNormTraining(graph, x, values, {
    epsilon: layer.epsilon,
    activation: joined.get(layer.name),
  });
  const momentum = training.momentum ?? graph.constant(layer.momentum);
  [mean, variance].forEach((statistic, index) => {
    const name = `${layer.name}.${index === 0 ? 'running_mean' : 'running_var'}`;
    const change = graph.operation(
      'Mul',
      [graph.operation('Sub', [statistic, running[index] as Value], statistic.shape), momentum],
      statistic.shape,
    );
    const inputs = [graph.variable(name, statistic.shape).handle, change];
    updates.push(graph.node('AssignAddVariableOp', { inputs, attributes: { dtype: float } }).name);
  });
  return output;
};

const builders: { readonly [Kind in Exclude<Layer['kind'], 'input'>]: Builder<Kind> } = {
  convolution: (context, layer, [x]) => {
    const { graph, training } = context;
    const apply = training === undefined ? inferenceConvolution : convolution;
    const output = apply(graph, x, likeInput(context, layer, 'weight', x), layer, isDepthwise(layer));
    return layer.bias ? addBias(graph, output, likeInput(context, layer, 'bias', x)) : output;
  },
  'batch-norm': buildBatchNorm,
  dense: (context, layer, [x]) => {
    const { graph } = context;
    const product = matrixProduct(graph, x, likeInput(context, layer, 'weight', x));
    return addBias(graph, product, likeInput(context, layer, 'bias', x));
  },
  cosine: buildCosine,
  activation: ({ graph, training, joined }, layer, [x]) => {
    if (joined.has(layer.inputs[0] as string)) return x;
    return (training === undefined ? activateForInference : activate)(graph, x, layer.activation);
  },
  'max-pool': ({ graph }, layer, [x]) => maxPool(graph, x, layer),
  'average-pool': ({ graph }, layer, [x]) => averagePool(graph, x, layer),
  'global-average-pool': ({ graph }, _layer, [x]) => meanOver(graph, x, [1, 2], true),
  flatten: ({ graph }, _layer, [x]) => reshape(graph, x, [x.shape[0] as number, x.shape.slice(1).reduce((a, b) => a * b, 1)]),
  add: ({ graph }, _layer, [a, b]) => add(graph, a, b),
  multiply: ({ graph }, _layer, [a, b]) => multiply(graph, a, b),
  concat: ({ graph }, _layer, inputs) => concatenate(graph, inputs),
  slice: ({ graph }, layer, [x]) => sliceChannels(graph, x, layer.start, layer.count),
  'channel-shuffle': ({ graph }, layer, [x]) => shuffleChannels(graph, x, layer.groups),
  dropout: (context, layer, [x]) => drop(context, x, x.shape, layer.probability),
  'drop-path': (context, layer, [x]) => drop(context, x, [x.shape[0] as number, ...x.shape.slice(1).map(() => 1)], layer.probability),
};

import { Graph } from '../graph/graph.ts';
import type { Value } from '../graph/types.ts';
import { buildForInference } from '../layers/build.ts';
import { parametersOf, toGraphLayout } from '../layers/parameters.ts';
import type { Model } from '../weights/model-folder.ts';
import { tensorOf } from '../weights/tensor.ts';

/** A model as a TensorFlow graph whose weights are constants. */
interface InferenceGraph {
  readonly graph: Graph;
  /** Batch × size × size × channels, float32, normalised; the batch is free. */
  readonly images: Value;
  /** Batch × classes. */
  readonly logits: Value;
}

/** Puts a model into a graph for others to run: from `input` to `logits`, in operations that any program which reads the graph knows. */
export function inferenceGraph({ network, input, weights }: Pick<Model, 'network' | 'input' | 'weights'>): InferenceGraph {
  const graph = new Graph();
  const images = graph.placeholder('input', [-1, input.size, input.size, input.channels]);
  return { graph, images, logits: graph.after(networkOn(graph, images, { network, weights }), [], 'logits') };
}

/** Puts a network with its weights as constants behind normalised images. */
function networkOn(graph: Graph, images: Value, { network, weights }: Pick<Model, 'network' | 'weights'>): Value {
  const constants = new Map<string, Value>();
  for (const parameter of parametersOf(network)) {
    const tensor = tensorOf(weights, parameter.name, parameter.shape);
    constants.set(parameter.name, graph.constant(toGraphLayout(parameter, tensor), parameter.graphShape));
  }
  return buildForInference(graph, network, images, (name) => {
    const value = constants.get(name);
    if (value === undefined) throw new Error(`The network has no parameter "${name}".`);
    return value;
  });
}

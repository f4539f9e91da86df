import { Graph } from '../graph/graph.ts';
import { inputOfPictures } from '../graph/pictures.ts';
import type { Preparation } from '../images/decode.ts';
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
  /** The weights, by name. */
  readonly constants: ReadonlyMap<string, Value>;
}

/** What takes pictures in such a graph. */
interface Pictures {
  readonly pixels: Value;
  readonly probabilities: Value;
}

type Weighted = Pick<Model, 'network' | 'input' | 'weights'>;

/** Puts a model into a graph for others to run: from `input` to `logits`, in operations that any program which reads the graph knows. */
export function inferenceGraph(model: Weighted): InferenceGraph {
  const { input } = model;
  const graph = new Graph();
  const images = graph.placeholder('input', [-1, input.size, input.size, input.channels]);
  const constants = constantsOf(graph, model);
  return { graph, images, logits: graph.after(networkOn(images, model, { graph, constants }), [], 'logits'), constants };
}

/** Adds to such a graph what takes pictures: from `pixels` (batch × height × width × channels bytes, of any size) to `probabilities`. */
export function addPictures({ graph, constants }: InferenceGraph, model: Weighted, preparation: Preparation): Pictures {
  const pixels = graph.placeholder('pixels', [-1, -1, -1, model.input.channels], 'uint8');
  const images = inputOfPictures(graph, pixels, model.input, preparation);
  const logits = networkOn(images, model, { graph, constants });
  return { pixels, probabilities: graph.after(graph.operation('Softmax', [logits], logits.shape), [], 'probabilities') };
}

function constantsOf(graph: Graph, { network, weights }: Weighted): Map<string, Value> {
  const constants = new Map<string, Value>();
  for (const parameter of parametersOf(network)) {
    const tensor = tensorOf(weights, parameter.name, parameter.shape);
    constants.set(parameter.name, graph.constant(toGraphLayout(parameter, tensor), parameter.graphShape));
  }
  return constants;
}

/** Puts a network behind normalised images. */
function networkOn(images: Value, { network }: Weighted, { graph, constants }: Pick<InferenceGraph, 'graph' | 'constants'>): Value {
  return buildForInference(graph, network, images, (name) => {
    const value = constants.get(name);
    if (value === undefined) throw new Error(`The network has no parameter "${name}".`);
    return value;
  });
}

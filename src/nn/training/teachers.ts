import { fuse } from '../fuse.ts';
import { add, multiply } from '../graph/arithmetic.ts';
import type { Graph } from '../graph/graph.ts';
import { resizeImages } from '../graph/resize.ts';
import type { Value } from '../graph/types.ts';
import { buildForInference } from '../layers/build.ts';
import { parametersOf, toGraphLayout } from '../layers/parameters.ts';
import type { Model } from '../weights/model-folder.ts';
import { tensorOf } from '../weights/tensor.ts';
import { normalise } from './input.ts';

/** A trained model that answers each batch of a training. */
export type Teacher = Pick<Model, 'network' | 'weights' | 'input'>;

/** Teachers in a training's graph. */
export interface Taught {
  /** Their probabilities [N, classes], averaged over the teachers. */
  readonly answers: Value;
  /** What the variables of their weights are to be set to, by name. No step changes them, so they are no part of a training's state. */
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/**
 * Puts trained models into a training's graph, where they answer the student's own images (bytes [N, H, W, C], cropped and mixed as it sees
 * them): resized to the size that each takes and normalised as each was trained, by running statistics, with nothing dropped and no gradient.
 * They compute in float32 whatever the student computes in, with their batch norms folded into their convolutions.
 */
export function addTeachers(graph: Graph, images: Value, teachers: readonly Teacher[], temperature: number): Taught {
  const weights = new Map<string, Float32Array>();
  const answers = teachers.map((teacher, index) => {
    const { logits, values } = addTeacher(graph, images, teacher, `teacher/${index}`);
    for (const [name, value] of values) weights.set(name, value);
    return graph.operation('Softmax', [multiply(graph, logits, graph.constant(1 / temperature))], logits.shape);
  });
  const sum = answers.reduce((total, own) => add(graph, total, own));
  return { answers: teachers.length === 1 ? sum : multiply(graph, sum, graph.constant(1 / teachers.length)), weights };
}

/** Adds one teacher, whose weights are variables with names below `prefix`. */
function addTeacher(
  graph: Graph,
  images: Value,
  { input, ...trained }: Teacher,
  prefix: string,
): { readonly logits: Value; readonly values: ReadonlyMap<string, Float32Array> } {
  const { network, weights } = fuse(trained);
  const parameters = new Map(parametersOf(network).map((parameter) => [parameter.name, parameter]));
  const seen = images.shape[1] === input.size ? images : resizeImages(graph, images, input.size);
  const logits = buildForInference(graph, network, normalise(graph, seen, input), (name) => {
    const parameter = parameters.get(name);
    if (parameter === undefined) throw new Error(`The teacher has no parameter "${name}".`);
    return graph.variable(`${prefix}/${name}`, parameter.graphShape).value;
  });
  const values = [...parameters.values()].map((parameter) => {
    return [`${prefix}/${parameter.name}`, toGraphLayout(parameter, tensorOf(weights, parameter.name, parameter.shape))] as const;
  });
  return { logits, values: new Map(values) };
}

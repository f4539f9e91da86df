import type { Images } from './data/dataset.ts';
import { openSession, plannedDevice } from './engine/session.ts';
import { Graph } from './graph/graph.ts';
import { buildForTraining } from './layers/build.ts';
import { fromGraphLayout, parametersOf, toGraphLayout } from './layers/parameters.ts';
import { randomFor } from './random.ts';
import type { Sampler } from './samplers/parts/sampler.ts';
import { evaluationBatches } from './training/batches.ts';
import { normalise } from './training/input.ts';
import { turn } from './training/turns.ts';
import type { Model } from './weights/model-folder.ts';
import type { Tensor, Weights } from './weights/tensor.ts';
import { tensorOf } from './weights/tensor.ts';

/** The mean of each tensor over several sets of weights of one network; sums are kept in float64. */
export function averageWeights(all: readonly Weights[]): Weights {
  const [first] = all;
  if (first === undefined) throw new Error('There are no weights to average.');
  const average = new Map<string, Tensor>();
  for (const [name, { shape, data }] of first) {
    const sum = new Float64Array(data.length);
    for (const weights of all) {
      tensorOf(weights, name, shape).data.forEach((value, index) => {
        sum[index] = (sum[index] as number) + value;
      });
    }
    average.set(name, { shape, data: Float32Array.from(sum, (value) => value / all.length) });
  }
  return average;
}

/** How the images are drawn that statistics are measured on. */
export interface StatisticsOptions {
  readonly batch: number;
  readonly seed: number;
  readonly sampler: Sampler;
  /** Ends the work by throwing its reason. */
  readonly signal: AbortSignal;
}

/**
 * Measures batch norm's running statistics anew (averaged weights never saw a batch): the mean over batches of their mean and unbiased
 * variance, as torch.optim.swa_utils.update_bn. Images are drawn as for an epoch of training, so that the statistics are of the classes'
 * shares that the weights were trained with, but cropped in the middle, not augmented, and without dropout.
 */
export async function estimateStatistics(
  model: Model,
  images: Images,
  { batch, seed, sampler, signal }: StatisticsOptions,
): Promise<Weights> {
  const { network, input } = model;
  const graph = new Graph({ compiles: plannedDevice() === 'cpu' });
  const bytes = graph.placeholder('images', [batch, input.size, input.size, input.channels], 'uint8');
  const momentum = graph.placeholder('momentum', []);
  const built = buildForTraining(graph, network, normalise(graph, bytes, input), { momentum });
  const done = graph.after(graph.constant(1), built.updates);
  const session = openSession(graph);
  try {
    const parameters = parametersOf(network);
    const assigned = parameters.filter(({ name }) => graph.variables.has(name));
    session.assign(
      new Map(assigned.map((parameter) => [parameter.name, toGraphLayout(parameter, tensorOf(model.weights, parameter.name))])),
    );
    const update = session.function([bytes, momentum], [done]);
    const pool = { indices: Array.from({ length: images.info.count }, (_, index) => index), labels: images.labels };
    const order = sampler(pool, batch * Math.ceil(images.info.count / batch), randomFor(seed));
    let batches = 0;
    for (const part of evaluationBatches(images, order, input.size, batch)) {
      batches += 1;
      update([part, Float32Array.of(1 / batches)]);
      await turn();
      signal.throwIfAborted();
    }
    const statistics = assigned.filter(({ trainable }) => !trainable);
    const values = session.read(statistics.map(({ name }) => name));
    return new Map([
      ...model.weights,
      ...statistics.map((parameter) => [parameter.name, fromGraphLayout(parameter, values.get(parameter.name) as Float32Array)] as const),
    ]);
  } finally {
    session.close();
  }
}

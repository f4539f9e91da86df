import { writeModel } from 'stillroom/nn';
import type { Architecture, Model, Weights } from 'stillroom/nn';
import { initialWeights } from '../../src/nn/layers/initialise.ts';

/** Moves running statistics away from 0 and 1, so that a check notices a batch norm that is left out. */
export function stir(weights: Weights): Weights {
  for (const [name, { data }] of weights) {
    data.forEach((value, index) => {
      if (name.endsWith('running_mean')) data[index] = 0.05 * Math.sin(index);
      if (name.endsWith('running_var')) data[index] = 1 + 0.2 * Math.cos(index);
      if (name.endsWith('bias')) data[index] = value + 0.02 * Math.cos(3 * index);
    });
  }
  return weights;
}

/** What a made model is for. */
interface Made {
  readonly size: number;
  readonly channels: number;
  readonly classes: readonly string[];
}

/** A model folder with fresh, stirred weights; returns the model. */
export function writeFreshModel(folder: string, architecture: Architecture, { size, channels, classes }: Made): Model {
  const network = architecture({ classes: classes.length, channels, stemStride: 1 });
  const input = { size, channels, mean: new Array<number>(channels).fill(0.25), std: new Array<number>(channels).fill(0.2) };
  const model = { architecture: 'test', network, input, classes, training: { holdout: null }, weights: stir(initialWeights(network, 1)) };
  writeModel(folder, model);
  return model;
}

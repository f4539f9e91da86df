import type { Images } from '../data/dataset.ts';
import { initialWeights } from '../layers/initialise.ts';
import type { Architecture, Network } from '../network.ts';
import type { Loss } from '../losses/parts/loss.ts';
import type { Model } from '../weights/model-folder.ts';

/** What training stages let their user set of a new network, under the names of their params. */
export interface NetworkRecipe {
  readonly model: {
    /** The architecture's name. */
    readonly name: string;
    /** 2 as published; 1 keeps the resolution of small inputs. */
    readonly stem_stride: number;
    /** Start the last layer at 0 instead of at random. */
    readonly zero_head: boolean;
  };
  /** Height and width that it sees; 0 for those of the stored images. */
  readonly size: number;
  readonly seed: number;
}

/** A new model with fresh weights for the images of a dataset; its last layer is the one that the loss asks for. */
export function freshModel({ info }: Images, recipe: NetworkRecipe, modules: { readonly model: Architecture; readonly loss: Loss }): Model {
  const { channels, classes, mean, std, height, width } = info;
  const stemStride = recipe.model.stem_stride === 1 ? 1 : 2;
  const published = modules.model({ classes: classes.length, channels, stemStride });
  const { cosines } = modules.loss;
  const network = cosines === undefined ? published : withCosines(published, cosines);
  const weights = initialWeights(network, recipe.seed);
  // Directions need a length, so a layer of cosines cannot start at 0.
  if (recipe.model.zero_head && cosines === undefined) weights.get(`${network.output}.weight`)?.data.fill(0);
  const input = { size: recipe.size === 0 ? Math.min(height, width) : recipe.size, channels, mean, std };
  return { architecture: recipe.model.name, network, input, classes, training: { holdout: null }, weights };
}

/** The network with its last, dense layer answering scaled cosines. */
function withCosines({ layers, output }: Network, scale: number): Network {
  const changed = layers.map((layer) => {
    if (layer.name !== output) return layer;
    if (layer.kind !== 'dense') throw new Error(`The network ends in a layer of the kind ${layer.kind}, not in a dense one.`);
    const { name, inputs, inFeatures, outFeatures } = layer;
    return { kind: 'cosine', name, inputs, inFeatures, outFeatures, scale } as const;
  });
  return { layers: changed, output };
}

import type { Images } from '../data/dataset.ts';
import { initialWeights } from '../layers/initialise.ts';
import type { Architecture, Network } from '../network.ts';
import type { Loss } from '../losses/parts/loss.ts';
import type { Model } from '../weights/model-folder.ts';

/** What training stages let their user set of a new network, under the names of their params. */
export interface NetworkRecipe {
  /** The architecture's name. */
  readonly model: string;
  /** 2 as published; 1 keeps the resolution of small inputs. */
  readonly stem_stride: number;
  /** See `ArchitectureOptions`. */
  readonly drop_path: number;
  /** Height and width that it sees; 0 for those of the stored images. */
  readonly size: number;
  /** Start the last layer at 0 instead of at random. */
  readonly zero_head: boolean;
  readonly seed: number;
  /** See `LossOptions`. */
  readonly scale: number;
}

/** A new model with fresh weights for the images of a dataset; its last layer is the one that the loss asks for. */
export function freshModel({ info }: Images, recipe: NetworkRecipe, modules: { readonly model: Architecture; readonly loss: Loss }): Model {
  const { channels, classes, mean, std, height, width } = info;
  const stemStride = recipe.stem_stride === 1 ? 1 : 2;
  const published = modules.model({ classes: classes.length, channels, stemStride, dropPath: recipe.drop_path });
  const cosines = modules.loss.cosines === true;
  const network = cosines ? withCosines(published, recipe.scale) : published;
  const weights = initialWeights(network, recipe.seed);
  // Directions need a length, so a layer of cosines cannot start at 0.
  if (recipe.zero_head && !cosines) weights.get(`${network.output}.weight`)?.data.fill(0);
  const input = { size: recipe.size === 0 ? Math.min(height, width) : recipe.size, channels, mean, std };
  return { architecture: recipe.model, network, input, classes, training: { holdout: null }, weights };
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

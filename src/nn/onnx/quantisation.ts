import type { Model } from '../weights/model-folder.ts';
import { calibrate } from './calibrate.ts';
import { encodeOnnx, graphParts, outputName } from './encode.ts';
import type { GraphRewrite } from './graph-parts.ts';
import { quantised } from './quantise.ts';
import { PlaceFinder } from './quantised-places.ts';
import type { KeptInFloat, QuantisationTarget } from './quantised-places.ts';
import type { RangeMethod } from './ranges.ts';

/** How a model is put into int8. */
export interface QuantisationOptions {
  readonly target: QuantisationTarget;
  readonly keepFloat: readonly KeptInFloat[];
  readonly method: RangeMethod;
  /** For the method `percentile`: of 100. */
  readonly percentile: number;
  readonly threads: number;
  /** Normalised calibration images, a batch at a time, channels first; gone through twice. */
  readonly batches: () => Iterable<Float32Array>;
}

/** An int8 form of a model. */
export interface QuantisedForm {
  /** For `encodeOnnx`. */
  readonly rewrite: GraphRewrite;
  /** How many layers with weights are in int8, and how many stay in float32. */
  readonly layers: { readonly int8: number; readonly float32: number };
}

/**
 * Calibrates a model, whose batch norms are folded, on images. Weights are rounded for each output channel, values of layers as a whole.
 * @throws where a layer gives what is no number.
 */
export async function quantise(model: Model, options: QuantisationOptions): Promise<QuantisedForm> {
  const { network, weights, input, classes, architecture } = model;
  const parts = graphParts(network, weights);
  const places = new PlaceFinder(parts, [outputName]).find(options.target, new Set(options.keepFloat));
  const values = [...new Set(places.values.values())].sort();
  const file = encodeOnnx(network, weights, {
    ...{ size: input.size, channels: input.channels, classes: classes.length, name: architecture, metadata: {} },
    watched: values.filter((name) => parts.nodes.some(({ output }) => output[0] === name)),
  });
  const { method, percentile, threads, batches, target } = options;
  const ranges = await calibrate(file, { values, method, percentile, threads, batches, input });
  const all = network.layers.filter(({ kind }) => kind === 'convolution' || kind === 'dense' || kind === 'cosine').length;
  const int8 = places.weighted.size;
  return { rewrite: quantised({ target, places, ranges }), layers: { int8, float32: all - int8 } };
}

import { parametersOf } from '../layers/parameters.ts';
import { naming, withFile } from './bytes.ts';
import type { Pair } from './match.ts';
import { matchWeights } from './match.ts';
import type { Model } from './model-folder.ts';
import type { StateDict } from './pytorch.ts';
import { readPytorch } from './pytorch.ts';
import { isSafetensors, readTensors } from './safetensors.ts';
import type { Tensor } from './tensor.ts';

/** What became of a file's tensors and of a network's when the network was initialised from the file; names are the network's. */
export interface Initialisation {
  /** Whether tensors were mapped by equal names, or by the order of both lists. */
  readonly mapping: 'names' | 'order';
  /** The key under which a checkpoint had the weights; null if the file is the state dict itself. */
  readonly part: string | null;
  readonly loaded: readonly string[];
  /** The file's names of those loaded tensors that have another name there. */
  readonly renamed: Readonly<Record<string, string>>;
  /** Those of the loaded tensors whose three colour channels were summed into one. */
  readonly summed: readonly string[];
  /** Left fresh, since the file's tensor is for another number of classes. */
  readonly reset: readonly string[];
  /** Tensors of the file (by its names) that the network has no place for. */
  readonly leftOver: readonly string[];
  /** Left fresh, since the file has nothing for them. */
  readonly missing: readonly string[];
}

/**
 * Reads a file of weights: safetensors, or a state dict of `torch.save`, which is told by its first bytes. See `decodeSafetensors` and
 * `readPytorch`. Throws a `WeightsError` that names the file.
 */
export function readWeights(file: string): StateDict {
  return withFile(file, (bytes) => (isSafetensors(bytes) ? { tensors: readTensors(bytes), part: undefined } : readPytorch(bytes)));
}

/**
 * Gives a model whose weights come from a file, with a report; what the file has nothing fitting for keeps the model's own (fresh)
 * weights. Tensors are found as `matchWeights` says. A last layer for another number of classes is not loaded. The first convolution of a
 * network for grey images takes the sum of a kernel for three channels over these (timm's rule: the answer to a grey image is that to
 * the same image with three equal channels). The model's input stays as it is: weights that were trained on inputs of another mean
 * and deviation have to adapt to those of the dataset. Throws a `WeightsError` that names the file and the first mismatch.
 */
export function initialise(model: Model, file: string): { readonly model: Model; readonly report: Initialisation } {
  const { tensors, part } = readWeights(file);
  const { mapping, pairs, leftOver } = naming(file, () => matchWeights(model.network, tensors));
  const weights = new Map(model.weights);
  for (const pair of pairs) if (pair.fit !== 'reset') weights.set(pair.parameter.name, loadedTensor(pair));
  const names = (list: readonly Pair[]): string[] => list.map(({ parameter }) => parameter.name);
  const loaded = pairs.filter(({ fit }) => fit !== 'reset');
  const matched = new Set(names(pairs));
  const report: Initialisation = {
    mapping,
    part: part ?? null,
    loaded: names(loaded),
    renamed: Object.fromEntries(
      loaded.filter(({ parameter, from }) => from !== parameter.name).map((pair) => [pair.parameter.name, pair.from]),
    ),
    summed: names(pairs.filter(({ fit }) => fit === 'summed')),
    reset: names(pairs.filter(({ fit }) => fit === 'reset')),
    leftOver,
    missing: parametersOf(model.network)
      .map(({ name }) => name)
      .filter((name) => !matched.has(name)),
  };
  return { model: { ...model, weights }, report };
}

/** A report in one line, for a log. */
export function describeInitialisation({ mapping, part, loaded, summed, reset, leftOver, missing }: Initialisation): string {
  const list = (what: string, names: readonly string[]): string =>
    names.length === 0 ? '' : `; ${what}: ${names.slice(0, 4).join(', ')}${names.length > 4 ? ` and ${names.length - 4} more` : ''}`;
  const place = part === null ? '' : ` of its "${part}"`;
  const total = loaded.length + reset.length + missing.length;
  return (
    `${loaded.length} of ${total} tensors loaded${place} by ${mapping === 'names' ? 'their names' : 'their order and shapes'}` +
    list('summed over three channels', summed) +
    list('fresh for other classes', reset) +
    list('fresh, as the file has none', missing) +
    list('left over', leftOver)
  );
}

function loadedTensor({ parameter, tensor, fit }: Pair): Tensor {
  return fit === 'summed' ? { shape: parameter.shape, data: sumOfChannels(tensor) } : { shape: parameter.shape, data: tensor.data };
}

/** Out × 3 × height × width to out × 1 × height × width. */
function sumOfChannels({ shape, data }: Tensor): Float32Array {
  const [out = 0, channels = 0] = shape;
  const area = data.length / (out * channels);
  return Float32Array.from({ length: out * area }, (_, index) => {
    const start = Math.floor(index / area) * channels * area + (index % area);
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += data[start + channel * area] as number;
    return sum;
  });
}

import type { Parameter } from '../layers/parameters.ts';
import { parametersOf } from '../layers/parameters.ts';
import type { Network } from '../network.ts';
import { WeightsError } from './bytes.ts';
import type { Tensor, Weights } from './tensor.ts';

/** How a stored tensor becomes a parameter: as it is, summed over its three colour channels, or not at all (another number of classes). */
export type Fit = 'same' | 'summed' | 'reset';

/** A parameter of a network and the stored tensor that belongs to it. */
export interface Pair {
  readonly parameter: Parameter;
  readonly from: string;
  readonly tensor: Tensor;
  readonly fit: Fit;
}

/** Which stored tensors belong to which parameters. */
export interface Matching {
  /** By equal names, or by the order of both lists. */
  readonly mapping: 'names' | 'order';
  readonly pairs: readonly Pair[];
  /** Stored tensors that belong to no parameter, by name. */
  readonly leftOver: readonly string[];
}

/** Wrappers that write their name before all names of what they wrap: DataParallel and torch.compile. */
const WRAPPERS = ['module.', '_orig_mod.'];

/** At least this share of the tensors before the classifier must be found by name. */
const ENOUGH = 0.5;

/**
 * Finds the stored tensor of each parameter. Equal names of equal shapes belong together; where names differ or some are not there, both
 * lists are walked in order, and belong together only if they are equally long and agree at every place in shape and in the last part of
 * the name (`weight`, `bias`, `running_mean`, `running_var`). The last layer may have other classes or be missing, and the first
 * convolution of a network for one channel may meet one for three. Throws a `WeightsError` that names the first mismatch.
 */
export function matchWeights(network: Network, stored: Weights): Matching {
  const tensors = unwrapped(stored);
  const { body } = split(network);
  const named = byName(network, tensors);
  const inBody = new Set(body.map(({ name }) => name));
  const found = named.pairs.filter(({ parameter }) => inBody.has(parameter.name)).length;
  const matching = (mapping: Matching['mapping'], { pairs }: Attempt): Matching => {
    const used = new Set(pairs.map(({ from }) => from));
    return { mapping, pairs, leftOver: [...tensors.keys()].filter((name) => !used.has(name)) };
  };
  if (named.mismatch === undefined && found === body.length) return matching('names', named);
  const ordered = byOrder(network, tensors);
  if (ordered.mismatch === undefined) return matching('order', ordered);
  if (named.mismatch === undefined && found >= ENOUGH * body.length) return matching('names', named);
  const first = named.mismatch ?? `by name there are only ${found} of ${body.length} tensors`;
  throw new WeightsError(`the weights do not fit the network: ${first}; ${ordered.mismatch}.`);
}

interface Attempt {
  readonly pairs: readonly Pair[];
  /** The first tensor that does not fit. */
  readonly mismatch: string | undefined;
}

function byName(network: Network, tensors: Weights): Attempt {
  const pairs: Pair[] = [];
  let mismatch: string | undefined;
  for (const parameter of parametersOf(network)) {
    const tensor = tensors.get(parameter.name);
    if (tensor === undefined) continue;
    const fit = fitOf(network, parameter, tensor);
    if (fit !== undefined) pairs.push({ parameter, from: parameter.name, tensor, fit });
    else mismatch ??= `"${parameter.name}" is [${tensor.shape.join(', ')}] in the file and [${parameter.shape.join(', ')}] in the network`;
  }
  return { pairs, mismatch };
}

function byOrder(network: Network, tensors: Weights): Attempt {
  const { body, head } = split(network);
  const entries = [...tensors];
  const pairs: Pair[] = [];
  for (const [place, parameter] of body.entries()) {
    const pair = pairOf(network, parameter, entries[place]);
    if (pair === undefined) {
      const [from, tensor] = entries[place] ?? [];
      const theirs = from === undefined ? 'no more tensors' : `"${from}" [${tensor?.shape.join(', ')}]`;
      return {
        pairs,
        mismatch: `by order the file has ${theirs} where the network has "${parameter.name}" [${parameter.shape.join(', ')}]`,
      };
    }
    pairs.push(pair);
  }
  const last = entries.slice(body.length);
  const extra = last.find(([name]) => layerOf(name) !== layerOf(last[0]?.[0] ?? ''));
  if (extra !== undefined) return { pairs, mismatch: `by order the file goes on with "${extra[0]}" where the network ends` };
  const ends = head.flatMap((parameter) => {
    const pair = pairOf(
      network,
      parameter,
      last.find(([name]) => ownName(name) === ownName(parameter.name)),
    );
    return pair === undefined ? [] : [pair];
  });
  return { pairs: [...pairs, ...ends], mismatch: undefined };
}

/** A parameter with a stored tensor, if that is of the same kind and fits. */
function pairOf(network: Network, parameter: Parameter, entry: readonly [string, Tensor] | undefined): Pair | undefined {
  if (entry === undefined) return undefined;
  const [from, tensor] = entry;
  const fit = ownName(from) === ownName(parameter.name) ? fitOf(network, parameter, tensor) : undefined;
  return fit === undefined ? undefined : { parameter, from, tensor, fit };
}

/** The parameters of the last layer, which tells the classes apart, and those before. */
function split(network: Network): { body: Parameter[]; head: Parameter[] } {
  const parameters = parametersOf(network);
  const head = parameters.filter(({ name }) => isHead(network, name));
  return { body: parameters.filter((parameter) => !head.includes(parameter)), head };
}

function fitOf(network: Network, { name, shape }: Parameter, tensor: Tensor): Fit | undefined {
  if (tensor.shape.join() === shape.join()) return 'same';
  if (isStem(network, name) && shape[1] === 1 && tensor.shape.join() === shape.with(1, 3).join()) return 'summed';
  return isHead(network, name) && tensor.shape.length === shape.length ? 'reset' : undefined;
}

function isHead({ output }: Network, name: string): boolean {
  return name.startsWith(`${output}.`);
}

/** Whether a tensor is the kernel of a convolution that reads the images. */
function isStem({ layers }: Network, name: string): boolean {
  const images = layers.find(({ kind }) => kind === 'input')?.name ?? '';
  return layers.some((layer) => layer.kind === 'convolution' && layer.inputs.includes(images) && name === `${layer.name}.weight`);
}

function ownName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

function layerOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('.')));
}

/** The tensors without the wrappers' names, where all have them. */
function unwrapped(stored: Weights): Weights {
  const wrapper = WRAPPERS.find((prefix) => [...stored.keys()].every((name) => name.startsWith(prefix)));
  return wrapper === undefined || stored.size === 0
    ? stored
    : unwrapped(new Map([...stored].map(([name, tensor]) => [name.slice(wrapper.length), tensor])));
}

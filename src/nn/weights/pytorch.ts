import type { Bytes } from './bytes.ts';
import { WeightsError } from './bytes.ts';
import type { NumberType } from './numbers.ts';
import { bytesOfNumber } from './numbers.ts';
import type { PickleHost } from './pickle.ts';
import { PickleCutOffError, PickleGlobal, readPickle, Tuple } from './pickle.ts';
import { openStoredZip } from './stored-zip.ts';
import type { Weights } from './tensor.ts';
import type { ReadStorage } from './view.ts';
import { layOutViews, Storage, View } from './view.ts';

/** A state dict out of a file of PyTorch. */
export interface StateDict {
  readonly tensors: Weights;
  /** The key under which a checkpoint had it; undefined if the file is the state dict itself. */
  readonly part: string | undefined;
}

/** Where checkpoints keep their weights; averaged ones come first. */
const PARTS = ['state_dict_ema', 'model_ema', 'state_dict', 'model_state_dict', 'model'];

const LARGEST_PICKLE = 64 * 1024 * 1024;

/**
 * Reads the state dict of a file of `torch.save`: the zip form of PyTorch 1.6 and later, or the form before it. Tensors become float32
 * in the file's order, views of any strides are laid out row by row, and `num_batches_tracked` is left out. Of a checkpoint only the
 * weights are read: the dict under `state_dict_ema`, `model_ema`, `state_dict`, `model_state_dict` or `model`. Nothing that the file
 * holds is executed: see `readPickle`. Throws a `WeightsError` if it asks for more than tensors, or is damaged.
 */
export function readPytorch(bytes: Bytes): StateDict {
  const start = bytes.read(0, Math.min(2, bytes.size)).toString('latin1');
  if (start === 'PK') return readZipForm(bytes);
  if (start.startsWith('\x80')) return readLegacyForm(bytes);
  throw new WeightsError('this is no file of weights: neither safetensors nor a file of torch.save.');
}

/** `<name>/data.pkl` is the pickle, `<name>/data/<key>` the bytes of a storage. */
function readZipForm(bytes: Bytes): StateDict {
  const zip = openStoredZip(bytes);
  const pickle = zip.names.find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickle === undefined) throw new WeightsError('it is a zip archive, but none of PyTorch: it has no data.pkl.');
  const folder = pickle.slice(0, -'data.pkl'.length);
  const order = zip.read(`${folder}byteorder`)?.toString('latin1').trim() ?? 'little';
  if (order !== 'little') throw new WeightsError(`its numbers are written in the order "${order}"; only "little" can be read.`);
  const { value } = readPickle(zip.read(pickle) ?? Buffer.alloc(0), 0, stateDictHost(new Map()));
  return stateDictOf(value, bytes.size, ({ key, type, count }) => {
    const content = zip.read(`${folder}data/${key}`);
    const length = count * bytesOfNumber[type];
    if (content?.length !== length) throw new WeightsError(`the storage "${key}" has ${content?.length ?? 0} bytes instead of ${length}.`);
    return content;
  });
}

const legacy = { magic: 0x1950a86a20f9469cfc6cn, protocol: 1001, firstRead: 1024 * 1024 };

/** Five pickles (magic number, protocol, facts of the machine, value, keys), then for each key its count of numbers and the numbers. */
function readLegacyForm(bytes: Bytes): StateDict {
  const storages = new Map<string, Storage>();
  const { values, end } = legacyPickles(bytes, storages);
  const [magic, protocol, machine, value, keys] = values;
  if (magic !== legacy.magic || protocol !== legacy.protocol) {
    throw new WeightsError('this is a pickle, but no file of torch.save: its magic number or protocol is another.');
  }
  if (!(machine instanceof Map) || machine.get('little_endian') !== true || !Array.isArray(keys)) {
    throw new WeightsError('its numbers are not written in the order "little", the only one that can be read.');
  }
  const places = new Map<Storage, number>();
  let at = end;
  for (const key of keys) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined;
    if (storage === undefined) throw new WeightsError('it lists a storage that belongs to no tensor.');
    if (bytes.read(at, 8).readBigInt64LE() !== BigInt(storage.count)) {
      throw new WeightsError(`the storage "${storage.key}" has not the ${storage.count} numbers that its tensors ask for.`);
    }
    places.set(storage, at + 8);
    at += 8 + storage.count * bytesOfNumber[storage.type];
  }
  return stateDictOf(value, bytes.size, (storage) => {
    const place = places.get(storage);
    if (place === undefined) throw new WeightsError(`the storage "${storage.key}" is missing.`);
    return bytes.read(place, storage.count * bytesOfNumber[storage.type]);
  });
}

/** The pickles at the start of a file of the older form; more and more of it is read until they are whole. */
function legacyPickles(bytes: Bytes, storages: Map<string, Storage>): { values: unknown[]; end: number } {
  for (let length = Math.min(legacy.firstRead, bytes.size); ; length = Math.min(4 * length, bytes.size)) {
    const start = bytes.read(0, length);
    const values: unknown[] = [];
    let end = 0;
    try {
      while (values.length < 5) {
        const read = readPickle(start, end, stateDictHost(storages));
        values.push(read.value);
        end = read.end;
      }
      return { values, end };
    } catch (error) {
      if (!(error instanceof PickleCutOffError) || length === bytes.size || length > LARGEST_PICKLE) throw error;
    }
  }
}

/** The names of a checkpoint's weights and their tensors. */
function stateDictOf(value: unknown, fileSize: number, readStorage: ReadStorage): StateDict {
  const part = viewsOf(value).size > 0 || !(value instanceof Map) ? undefined : PARTS.find((key) => viewsOf(value.get(key)).size > 0);
  const views = viewsOf(part === undefined ? value : (value as Map<unknown, unknown>).get(part));
  if (views.size === 0) {
    const keys = value instanceof Map ? [...value.keys()].filter((key) => typeof key === 'string') : [];
    throw new WeightsError(`it holds no state dict${keys.length === 0 ? '' : `, only: ${keys.slice(0, 10).join(', ')}`}.`);
  }
  return { tensors: layOutViews(views, fileSize, readStorage), part };
}

/** The tensors that lie directly in a dict. */
function viewsOf(value: unknown): ReadonlyMap<string, View> {
  const views = new Map<string, View>();
  for (const [name, item] of value instanceof Map ? value : []) {
    if (typeof name === 'string' && item instanceof View && !name.endsWith('num_batches_tracked')) views.set(name, item);
  }
  return views;
}

/** PyTorch's names of storages. */
const storageTypes: readonly (readonly [string, NumberType])[] = [
  ['DoubleStorage', 'F64'],
  ['FloatStorage', 'F32'],
  ['HalfStorage', 'F16'],
  ['BFloat16Storage', 'BF16'],
  ['LongStorage', 'I64'],
  ['IntStorage', 'I32'],
  ['ShortStorage', 'I16'],
  ['CharStorage', 'I8'],
  ['ByteStorage', 'U8'],
  ['BoolStorage', 'BOOL'],
];

/** All that the pickle of a state dict may refer to; the storages that it names are collected. */
function stateDictHost(storages: Map<string, Storage>): PickleHost {
  const functions = [
    new PickleGlobal('collections.OrderedDict', orderedDict),
    new PickleGlobal('torch._utils._rebuild_tensor', rebuildTensor),
    new PickleGlobal('torch._utils._rebuild_tensor_v2', rebuildTensor),
    new PickleGlobal('torch._utils._rebuild_parameter', ([data]) => data),
  ];
  const types = storageTypes.map(([name]) => new PickleGlobal(`torch.${name}`));
  return {
    globals: new Map([...functions, ...types].map((global) => [global.name, global])),
    persistent: (id) => storageOf(id, storages),
  };
}

/** Empty, or (as Python 2 wrote it) made of a list of pairs. */
function orderedDict([pairs = []]: readonly unknown[]): Map<unknown, unknown> {
  if (!Array.isArray(pairs)) throw new WeightsError('an OrderedDict is made of something that is no list.');
  return new Map(
    pairs.map((pair: unknown) => {
      const [key, value] = itemsOf(pair);
      return [key, value];
    }),
  );
}

/** Storage, offset, shape, strides, whether a gradient is wanted, hooks, and bits for conjugated and negated views. */
function rebuildTensor([storage, offset, shape, strides, , , bits]: readonly unknown[]): View {
  if (!(storage instanceof Storage)) throw new WeightsError('a tensor has no storage.');
  if (bits instanceof Map && bits.size > 0) throw new WeightsError('a tensor is conjugated or negated: only plain numbers are read.');
  return new View(storage, Number(offset), itemsOf(shape).map(Number), itemsOf(strides).map(Number));
}

/** A persistent id: ('storage', type, key, place, count of numbers); in the older form also what it is a view of. */
function storageOf(id: unknown, storages: Map<string, Storage>): Storage {
  const [kind, global, key, , count, viewOf] = itemsOf(id);
  const type = global instanceof PickleGlobal ? storageTypes.find(([name]) => global.name === `torch.${name}`)?.[1] : undefined;
  if (kind !== 'storage' || type === undefined || typeof key !== 'string' || !Number.isSafeInteger(count) || Number(count) < 0) {
    throw new WeightsError('its pickle refers to something that is no storage of numbers.');
  }
  if (viewOf !== null && viewOf !== undefined) throw new WeightsError('it has storages that are parts of others, which are not read.');
  const storage = storages.get(key) ?? new Storage(key, type, Number(count));
  if (storage.type !== type || storage.count !== count) throw new WeightsError(`the storage "${key}" is of two types or lengths.`);
  storages.set(key, storage);
  return storage;
}

function itemsOf(value: unknown): readonly unknown[] {
  if (value instanceof Tuple) return value.items;
  if (Array.isArray(value)) return value;
  throw new WeightsError('its pickle has something else in place of a tuple.');
}

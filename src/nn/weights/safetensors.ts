import { writeFileSync } from 'node:fs';
import type { Bytes } from './bytes.ts';
import { bytesInMemory, WeightsError, withFile } from './bytes.ts';
import type { NumberType } from './numbers.ts';
import { bytesOfNumber, toFloats } from './numbers.ts';
import type { Tensor, Weights } from './tensor.ts';
import { elements } from './tensor.ts';

/** One tensor's entry in the header of a safetensors file. */
interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const HEADER_LIMIT = 64 * 1024 * 1024;

/** What a file holds beside its tensors, for readers that ask for it. */
export interface SafetensorsExtras {
  /** What the header says of the file itself. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Names of 64-bit counters of PyTorch, all 0. */
  readonly counters?: readonly string[];
}

/**
 * Encodes tensors as a safetensors file (https://github.com/huggingface/safetensors): F32, little-endian, sorted by name, the header
 * padded with spaces to a multiple of 8, so that equal tensors always give equal bytes. Counters come first.
 */
export function encodeSafetensors(weights: Weights, { metadata, counters = [] }: SafetensorsExtras = {}): Uint8Array {
  const names = [...weights.keys()].sort();
  const header: Record<string, Entry> = {};
  let length = 0;
  for (const name of counters) {
    header[name] = { dtype: 'I64', shape: [], data_offsets: [length, length + 8] };
    length += 8;
  }
  for (const name of names) {
    const tensor = weights.get(name) as Tensor;
    header[name] = { dtype: 'F32', shape: [...tensor.shape], data_offsets: [length, length + tensor.data.byteLength] };
    length += tensor.data.byteLength;
  }
  const text = Buffer.from(JSON.stringify(metadata === undefined ? header : { __metadata__: metadata, ...header }));
  const padding = (8 - (text.length % 8)) % 8;
  const start = 8 + text.length + padding;
  const bytes = Buffer.alloc(start + length, 0x20);
  bytes.fill(0, start);
  bytes.writeBigUInt64LE(BigInt(text.length + padding), 0);
  text.copy(bytes, 8);
  for (const name of names) {
    const { data } = weights.get(name) as Tensor;
    const [from] = (header[name] as Entry).data_offsets;
    Buffer.from(data.buffer, data.byteOffset, data.byteLength).copy(bytes, start + from);
  }
  return bytes;
}

/**
 * Decodes a safetensors file. Numbers of all types but F32 are turned into float32; PyTorch's `num_batches_tracked` counters are left
 * out. Throws a `WeightsError` if the bytes are not one: tensors must lie one after the other without overlaps or gaps, as the format
 * has it.
 */
export function decodeSafetensors(bytes: Uint8Array): Weights {
  return readTensors(bytesInMemory(bytes));
}

/** Reads a safetensors file tensor by tensor; see `decodeSafetensors`. */
export function readTensors(bytes: Bytes): Weights {
  const { header, start } = headerOf(bytes);
  const entries = Object.entries(header).filter(([name]) => name !== '__metadata__');
  const byPlace = entries.map(([name, entry]) => ({ name, ...checked(name, entry) })).sort((a, b) => a.from - b.from || a.to - b.to);
  const weights = new Map<string, Tensor>();
  let end = 0;
  for (const { name, type, shape, from, to } of byPlace) {
    if (from !== end) throw new WeightsError(`the safetensors file is broken: the tensor "${name}" does not begin where another ends.`);
    if (start + to > bytes.size) throw new WeightsError(`the safetensors file is cut off or broken at the tensor "${name}".`);
    end = to;
    if (name.endsWith('num_batches_tracked')) continue;
    weights.set(name, { shape, data: toFloats(type, bytes.read(start + from, to - from)) });
  }
  if (start + end !== bytes.size) throw new WeightsError('the safetensors file is broken: something follows its last tensor.');
  return new Map(entries.flatMap(([name]) => (weights.has(name) ? [[name, weights.get(name) as Tensor]] : [])));
}

/** Whether bytes begin as a safetensors file does: eight bytes of length, then JSON. */
export function isSafetensors(bytes: Bytes): boolean {
  return bytes.size > 9 && bytes.read(8, 1).toString('latin1') === '{';
}

function headerOf(bytes: Bytes): { header: Readonly<Record<string, unknown>>; start: number } {
  const none = (): WeightsError => new WeightsError('this is not a safetensors file: its header is broken.');
  const length = bytes.size < 8 ? -1 : Number(bytes.read(0, 8).readBigUInt64LE());
  if (length < 2 || length > HEADER_LIMIT || 8 + length > bytes.size) throw none();
  try {
    const header = JSON.parse(bytes.read(8, length).toString('utf8')) as unknown;
    if (typeof header === 'object' && header !== null) return { header: header as Readonly<Record<string, unknown>>, start: 8 + length };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw none();
}

/** The entry of a tensor, once it is known to be one whose size fits its shape and type. */
function checked(name: string, entry: unknown): { type: NumberType; shape: readonly number[]; from: number; to: number } {
  const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
  const { dtype = '', shape, data_offsets: offsets } = (entry ?? {}) as Partial<Entry>;
  const sane = [shape, offsets].every((list) => Array.isArray(list) && list.every(isCount)) && offsets?.length === 2;
  if (!sane || shape === undefined) throw new WeightsError(`the safetensors file is broken at the tensor "${name}".`);
  if (!Object.hasOwn(bytesOfNumber, dtype)) throw new WeightsError(`the tensor "${name}" is of the type ${dtype}, which cannot be read.`);
  const [from, to] = offsets;
  if (to - from !== bytesOfNumber[dtype as NumberType] * elements(shape)) {
    throw new WeightsError(`the safetensors file is cut off or broken at the tensor "${name}".`);
  }
  return { type: dtype as NumberType, shape, from, to };
}

/** Writes tensors to a safetensors file; see `encodeSafetensors`. */
export function writeSafetensors(file: string, weights: Weights): void {
  writeFileSync(file, encodeSafetensors(weights));
}

/** Reads a safetensors file, tensor by tensor; see `decodeSafetensors`. */
export function readSafetensors(file: string): Weights {
  return withFile(file, readTensors);
}

import { readFileSync, writeFileSync } from 'node:fs';
import type { Tensor, Weights } from './tensor.ts';
import { elements } from './tensor.ts';

/** One tensor's entry in the header of a safetensors file. */
interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const HEADER_LIMIT = 64 * 1024 * 1024;

/**
 * Encodes tensors as a safetensors file (https://github.com/huggingface/safetensors): F32, little-endian, sorted by name, the header
 * padded with spaces to a multiple of 8, so that equal tensors always give equal bytes.
 */
export function encodeSafetensors(weights: Weights): Uint8Array {
  const names = [...weights.keys()].sort();
  const header: Record<string, Entry> = {};
  let length = 0;
  for (const name of names) {
    const tensor = weights.get(name) as Tensor;
    header[name] = { dtype: 'F32', shape: [...tensor.shape], data_offsets: [length, length + tensor.data.byteLength] };
    length += tensor.data.byteLength;
  }
  const text = Buffer.from(JSON.stringify(header));
  const padding = (8 - (text.length % 8)) % 8;
  const start = 8 + text.length + padding;
  const bytes = Buffer.alloc(start + length, 0x20);
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
 * Decodes a safetensors file of F32 tensors. Throws if the bytes are not one; tensors of another type (PyTorch's
 * `num_batches_tracked` counters) are left out.
 */
export function decodeSafetensors(bytes: Uint8Array): Weights {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = buffer.length < 8 ? -1 : Number(buffer.readBigUInt64LE(0));
  if (length < 2 || length > HEADER_LIMIT || 8 + length > buffer.length)
    throw new Error('This is not a safetensors file: its header is broken.');
  const header = JSON.parse(buffer.toString('utf8', 8, 8 + length)) as Record<string, Entry>;
  const weights = new Map<string, Tensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__' || entry.dtype !== 'F32') continue;
    const [from, to] = entry.data_offsets;
    if (to - from !== 4 * elements(entry.shape) || 8 + length + to > buffer.length) {
      throw new Error(`The safetensors file is cut off or broken at the tensor "${name}".`);
    }
    const copy = buffer.subarray(8 + length + from, 8 + length + to);
    const data = new Float32Array(elements(entry.shape));
    new Uint8Array(data.buffer).set(copy);
    weights.set(name, { shape: entry.shape, data });
  }
  return weights;
}

/** Writes tensors to a safetensors file; see `encodeSafetensors`. */
export function writeSafetensors(file: string, weights: Weights): void {
  writeFileSync(file, encodeSafetensors(weights));
}

/** Reads a safetensors file; see `decodeSafetensors`. */
export function readSafetensors(file: string): Weights {
  return decodeSafetensors(readFileSync(file));
}

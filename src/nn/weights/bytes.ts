import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';

/** A file of weights cannot be used: the message says what is wrong with it. */
export class WeightsError extends Error {
  override readonly name = 'WeightsError';
}

/** Bytes that are read piece by piece, each piece into memory of its own. */
export interface Bytes {
  readonly size: number;
  /** Throws a `WeightsError` if there are not that many bytes. */
  read(from: number, length: number): Buffer;
}

/** More is not read in one call: the system's own limit is 2 GiB. */
const LARGEST_READ = 1024 * 1024 * 1024;

/** Bytes that are in memory already. */
export function bytesInMemory(bytes: Uint8Array): Bytes {
  return {
    size: bytes.length,
    read(from, length) {
      const target = allocate(bytes.length, from, length);
      target.set(bytes.subarray(from, from + length));
      return target;
    },
  };
}

/** Does work about a file; the work's `WeightsError`s get the file's name. */
export function naming<Result>(file: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw error instanceof WeightsError ? new WeightsError(`${basename(file)}: ${error.message}`) : error;
  }
}

/** Does work with the bytes of a file; the work's `WeightsError`s get the file's name. */
export function withFile<Result>(file: string, work: (bytes: Bytes) => Result): Result {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const bytes: Bytes = {
      size,
      read(from, length) {
        const target = allocate(size, from, length);
        for (let done = 0; done < length; ) {
          const count = readSync(descriptor, target, done, Math.min(length - done, LARGEST_READ), from + done);
          if (count === 0) throw new WeightsError('the file became shorter while it was read.');
          done += count;
        }
        return target;
      },
    };
    return naming(file, () => work(bytes));
  } finally {
    closeSync(descriptor);
  }
}

/** Memory for a piece, aligned for numbers of any type, once it is known that the piece is there. */
function allocate(size: number, from: number, length: number): Buffer {
  if (!(Number.isSafeInteger(from) && Number.isSafeInteger(length) && from >= 0 && length >= 0 && from + length <= size)) {
    throw new WeightsError(`the file is cut off or broken: it points to ${length} bytes at ${from}, but has ${size} in all.`);
  }
  return Buffer.from(new ArrayBuffer(length));
}

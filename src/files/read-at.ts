import { readSync } from 'node:fs';

/** Fills a buffer from an offset of a file on; returns how many bytes there were. */
export function readAt(descriptor: number, buffer: Uint8Array, offset: number): number {
  let got = 0;
  for (let read = -1; read !== 0 && got < buffer.length; got += read)
    read = readSync(descriptor, buffer, got, buffer.length - got, offset + got);
  return got;
}

import { writeSync } from 'node:fs';

/** Writes all bytes: the system may take fewer at once than it is given. */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
}

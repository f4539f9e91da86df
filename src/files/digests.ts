/** Bytes of a digest that is not written in hexadecimal. */
export const DIGEST_BYTES = 32;

/** The bytes of digests that are given in hexadecimal, one after the other. */
export function digestBytes(digests: readonly string[]): Buffer {
  const bytes = Buffer.alloc(digests.length * DIGEST_BYTES);
  for (const [index, digest] of digests.entries()) bytes.write(digest, index * DIGEST_BYTES, 'hex');
  return bytes;
}

/** One of many digests, in hexadecimal. */
export function digestAt(bytes: Buffer, index: number): string {
  return bytes.toString('hex', index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES);
}

/** Larger contents lie in parts of so many bytes: each is sent, proven and tried again alone, and those that arrived need not be sent again. */
export const PART = 8 * 1024 * 1024;

/** In how many parts content of a size lies. */
export function partsOf(size: number): number {
  return Math.max(1, Math.ceil(size / PART));
}

/** Bytes as pieces of a part each, the last shorter; one empty piece where there are none. */
export async function* inParts(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let pieces: Uint8Array[] = [];
  let filled = 0;
  let parts = 0;
  for await (const piece of bytes) {
    let rest = piece;
    while (filled + rest.length > PART) {
      const room = PART - filled;
      yield Buffer.concat([...pieces, rest.subarray(0, room)]);
      parts += 1;
      rest = rest.subarray(room);
      [pieces, filled] = [[], 0];
    }
    // Who gives the pieces may use their memory again.
    if (rest.length > 0) pieces.push(Buffer.from(rest));
    filled += rest.length;
  }
  if (filled > 0 || parts === 0) yield Buffer.concat(pieces);
}

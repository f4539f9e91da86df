import { createHash } from 'node:crypto';

/** Bytes of a piece: those of all that wait stay in the processor's cache, and a copy takes half as long as with pieces of a MiB. */
const PIECE = 256 * 1024;

/** Pieces that may wait to be hashed. */
const PIECES = 8;

/** So many are hashed before whoever gives them is woken: that costs both threads as much as a tenth of a piece. */
const AT_ONCE = PIECES / 2;

/** Where in `control` it stands how many pieces were given and how many of them were hashed; then the lengths of those that wait. */
const [GIVEN, HASHED, LENGTHS] = [0, 1, 2] as const;

/** Stands in place of how many were given once none will follow. */
const ENDED = -1;

/** Pieces of bytes that one thread gives and another one hashes, in memory that both see. */
export interface SharedPieces {
  readonly pieces: Uint8Array;
  readonly digest: Uint8Array;
  readonly control: Int32Array;
}

/** Hashes pieces as they are given, until no more will be. */
export function hashPieces({ pieces, digest, control }: SharedPieces): void {
  const hash = createHash('sha256');
  for (let hashed = 0; ; hashed += 1) {
    while (Atomics.load(control, GIVEN) === hashed) Atomics.wait(control, GIVEN, hashed);
    if (Atomics.load(control, GIVEN) === ENDED) return;
    const place = hashed % PIECES;
    const length = Atomics.load(control, LENGTHS + place);
    if (length > 0) hash.update(pieces.subarray(place * PIECE, place * PIECE + length));
    else digest.set(hash.digest());
    Atomics.store(control, HASHED, hashed + 1);
    if (length === 0 || (hashed + 1) % AT_ONCE === 0) Atomics.notify(control, HASHED);
    if (length === 0) return;
  }
}

/** Milliseconds in which a thread that lives hashes a piece. */
const PATIENCE = 30_000;

/** Gives pieces to be hashed in another thread, which must have started. */
export class PiecesToHash {
  readonly shared: SharedPieces = {
    pieces: new Uint8Array(new SharedArrayBuffer(PIECES * PIECE)),
    digest: new Uint8Array(new SharedArrayBuffer(32)),
    control: new Int32Array(new SharedArrayBuffer(4 * (LENGTHS + PIECES))),
  };
  private given = 0;

  /** Room for the next piece, once there is some. */
  next(): Uint8Array {
    const needed = this.given - PIECES + 1;
    if (Atomics.load(this.shared.control, HASHED) < needed) this.waitFor(Math.ceil(needed / AT_ONCE) * AT_ONCE);
    const place = this.given % PIECES;
    return this.shared.pieces.subarray(place * PIECE, (place + 1) * PIECE);
  }

  /** Gives so many bytes of what `next` gave room for; none: these were all. */
  give(length: number): void {
    const { control } = this.shared;
    Atomics.store(control, LENGTHS + (this.given % PIECES), length);
    this.given += 1;
    Atomics.store(control, GIVEN, this.given);
    Atomics.notify(control, GIVEN);
  }

  /** The SHA-256 of all that was given. */
  digest(): string {
    this.waitFor(this.given);
    return Buffer.from(this.shared.digest).toString('hex');
  }

  /** Says that nothing will follow, whatever was given. */
  end(): void {
    Atomics.store(this.shared.control, GIVEN, ENDED);
    Atomics.notify(this.shared.control, GIVEN);
  }

  /** Waits until so many pieces were hashed: a number at which the other thread wakes this one, or all. */
  private waitFor(count: number): void {
    const { control } = this.shared;
    for (let hashed = Atomics.load(control, HASHED); hashed < count; hashed = Atomics.load(control, HASHED))
      if (Atomics.wait(control, HASHED, hashed, PATIENCE) === 'timed-out') throw new Error('the thread that hashes does not move');
  }
}

import type { Random } from '../random.ts';

/** A batch being made: images as N × H × W × C bytes, labels as N × classes probabilities. */
export interface Batch {
  readonly size: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classes: number;
  readonly images: Uint8Array;
  readonly labels: Float32Array;
}

/** Mixes the images of a batch, and their labels with them, in place. Each choice in `mixing/` exports one as its default. */
export type Mixing = (batch: Batch, random: Random) => void;

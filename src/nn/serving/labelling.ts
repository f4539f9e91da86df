import { readFile } from 'node:fs/promises';
import { cropCentre } from '../images/crop.ts';
import { decodeImage } from '../images/decode.ts';
import type { Preparation } from '../images/decode.ts';
import { Normaliser } from '../images/normalise.ts';
import { softmax } from '../training/evaluate.ts';
import type { ExportedClassifier } from './runtime.ts';

/** A picture to be labelled. */
export interface Picture {
  /** Its path in the folder that it was found in, or as it was given. */
  readonly name: string;
  /** Of its encoded file. */
  readonly path: string;
}

/** What a model says of a picture, or why it can't be read. */
export interface LabelledPicture extends Picture {
  /** By class; undefined where it can't be read. */
  readonly probabilities: Float32Array | undefined;
  /** The class of the largest logit. */
  readonly label: number;
  readonly reason: string | undefined;
}

/** How pictures are labelled. */
export interface LabellingOptions {
  /** Pictures at once; as many are decoded meanwhile. */
  readonly batch: number;
  readonly signal?: AbortSignal | undefined;
}

/** A picture's prepared pixels, or why there are none. */
type Decoded = Picture & ({ readonly pixels: Uint8Array } | { readonly reason: string });

async function decode({ name, path }: Picture, preparation: Preparation): Promise<Decoded> {
  try {
    return { name, path, pixels: await decodeImage(await readFile(path), preparation) };
  } catch (error) {
    return { name, path, reason: (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] as string };
  }
}

/** Labels decoded pictures: the middle of each, normalised. */
async function label(model: ExportedClassifier, decoded: readonly Decoded[], stored: Preparation): Promise<LabelledPicture[]> {
  const { input, layout, classes } = model;
  const normaliser = new Normaliser(input);
  const extent = { height: stored.size, width: stored.size, channels: stored.channels };
  const numbers = input.size * input.size * input.channels;
  const read = decoded.flatMap((one) => ('pixels' in one ? [one] : []));
  const fed = new Float32Array(read.length * numbers);
  read.forEach(({ pixels }, place) => normaliser.write(cropCentre(pixels, extent, input.size), layout, fed, place * numbers));
  const logits = read.length === 0 ? new Float32Array() : await model.logits(fed, read.length);
  const probabilities = softmax(logits, classes.length);
  let place = 0;
  return decoded.map(({ name, path, ...one }): LabelledPicture => {
    if ('reason' in one) return { name, path, probabilities: undefined, label: -1, reason: one.reason };
    const [start, end] = [place * classes.length, (place + 1) * classes.length];
    place += 1;
    const row = logits.subarray(start, end);
    const best = row.indexOf(Math.max(...row));
    if (best < 0) return { name, path, probabilities: undefined, label: -1, reason: 'the model answers with what is no number' };
    return { name, path, probabilities: probabilities.slice(start, end), label: best, reason: undefined };
  });
}

/**
 * Labels pictures in their order, each as the stage `benchmark` labels it: prepared as the training images were, the middle cropped and
 * normalised. While the model labels a batch, the next one is decoded. One that can't be read holds up no other.
 * @throws Error where a model and a preparation don't fit together, and the signal's reason where it comes.
 */
export async function* labelPictures(
  model: ExportedClassifier,
  preparation: Preparation,
  pictures: readonly Picture[],
  { batch, signal }: LabellingOptions,
): AsyncGenerator<readonly LabelledPicture[]> {
  const { size, channels } = model.input;
  if (preparation.size < size || preparation.channels !== channels) {
    const { size: stored, channels: held } = preparation;
    throw new Error(`the model takes ${size} × ${size} × ${channels} images, but is said to be given ${stored} × ${stored} × ${held}`);
  }
  const decodeFrom = (start: number): Promise<Decoded[]> =>
    Promise.all(pictures.slice(start, start + batch).map((picture) => decode(picture, preparation)));
  let next = decodeFrom(0);
  for (let start = 0; start < pictures.length; start += batch) {
    const decoded = await next;
    signal?.throwIfAborted();
    next = decodeFrom(start + batch);
    yield await label(model, decoded, preparation);
  }
}

import type { Augmentation, Placement } from '../images/place.ts';
import { centrePlacement, placeImage, randomPlacement } from '../images/place.ts';
import type { Images } from '../data/dataset.ts';
import type { Batch, Mixing } from '../mixing/parts/mixing.ts';
import { randomFor } from '../random.ts';
import type { Sampler } from '../samplers/parts/sampler.ts';

/** Where the batches of a training come from. */
export interface BatchSource {
  readonly images: Images;
  /** The images to train on, by index. */
  readonly indices: readonly number[];
  /** Soft labels for all images of the dataset, row by row; without them labels are one-hot. */
  readonly targets?: Float32Array;
  /** A teacher's probabilities for all images of the dataset, row by row. */
  readonly teacher?: Float32Array;
  /** Images in a batch. */
  readonly batch: number;
  /** Height and width that the network sees. */
  readonly size: number;
  readonly augmentation: Augmentation;
  /** How an epoch's images are drawn. */
  readonly sampler: Sampler;
  /** Images of an epoch, rounded up to whole batches; 0 for as many as there are. */
  readonly epochLength: number;
  readonly mixing: Mixing;
  readonly seed: number;
}

/** What a training step takes of a batch. */
export type BatchArrays = Pick<Batch, 'images' | 'labels' | 'teacher'>;

/** What the numbers of a random stream are drawn for. */
const purposes = { order: 1, batch: 2 };

/** The number of steps of an epoch, with every sampler: each image's worth once unless told otherwise, the last batch filled up. */
export function stepsPerEpoch({ indices, epochLength, batch }: Pick<BatchSource, 'indices' | 'epochLength' | 'batch'>): number {
  return Math.ceil((epochLength === 0 ? indices.length : epochLength) / batch);
}

/** Room for a batch of a source. */
export function emptyArrays({ images: { info }, size, batch, teacher }: BatchSource): BatchArrays {
  return {
    images: new Uint8Array(batch * size * size * info.channels),
    labels: new Float32Array(batch * info.classes.length),
    ...(teacher === undefined ? {} : { teacher: new Float32Array(batch * info.classes.length) }),
  };
}

/**
 * Makes the batch of a step (the first is 0) in the given arrays, or in those of the call before. It depends on nothing but the source
 * and the step, so a training that was stopped sees the batches that it would have seen.
 */
export function batchMaker(source: BatchSource): (step: number, arrays?: BatchArrays) => BatchArrays {
  const { images, size, batch, seed } = source;
  const { channels, classes } = images.info;
  const mean = images.info.mean.map((share) => Math.round(255 * share));
  const extent = { size: batch, height: size, width: size, channels, classes: classes.length, mean };
  const own = emptyArrays(source);
  const reader = imageReader(images, size);
  const perEpoch = stepsPerEpoch(source);
  let order: { readonly epoch: number; readonly indices: number[] } | undefined;
  return (step, arrays = own) => {
    const made: Batch = { ...extent, ...arrays };
    const epoch = Math.floor(step / perEpoch);
    if (order?.epoch !== epoch) {
      const pool = { indices: source.indices, labels: images.labels };
      order = { epoch, indices: source.sampler(pool, perEpoch * batch, randomFor(seed, purposes.order, epoch)) };
    }
    const random = randomFor(seed, purposes.batch, step);
    const start = (step % perEpoch) * batch;
    for (let place = 0; place < batch; place++) {
      const index = order.indices[start + place] as number;
      reader(index, randomPlacement(images.info, size, source.augmentation, random), made.images, place);
      writeAnswers(made, place, index, source);
    }
    source.mixing(made, random);
    return arrays;
  };
}

/** Images as the network sees them when evaluated (the crop in the middle), in batches of a fixed size; the last is filled with zeros. */
export function* evaluationBatches(images: Images, indices: readonly number[], size: number, batch: number): Generator<Uint8Array> {
  const bytes = new Uint8Array(batch * size * size * images.info.channels);
  const reader = imageReader(images, size);
  const centre = centrePlacement(images.info, size);
  for (let start = 0; start < indices.length; start += batch) {
    bytes.fill(0);
    indices.slice(start, start + batch).forEach((index, place) => {
      reader(index, centre, bytes, place);
    });
    yield bytes;
  }
}

/** Reads an image and writes its placed part as the `place`-th of a batch. */
function imageReader(
  { info, read }: Images,
  size: number,
): (index: number, placement: Placement, target: Uint8Array, place: number) => void {
  if (size > Math.min(info.height, info.width)) {
    throw new Error(`The images are stored with ${info.height} × ${info.width} pixels, which is less than the size ${size}.`);
  }
  const stored = new Uint8Array(info.height * info.width * info.channels);
  const length = size * size * info.channels;
  return (index, placement, target, place) => {
    read(index, stored);
    placeImage(stored, info, placement, size, target.subarray(place * length, (place + 1) * length));
  };
}

/** Writes an image's label, and what the teacher says of it, as the `place`-th rows of a batch. */
function writeAnswers(batch: Batch, place: number, index: number, { images, targets, teacher }: BatchSource): void {
  const { labels, classes } = batch;
  const rowOf = (values: Float32Array): Float32Array => values.subarray(index * classes, (index + 1) * classes);
  if (targets !== undefined) {
    labels.set(rowOf(targets), place * classes);
  } else {
    labels.fill(0, place * classes, (place + 1) * classes);
    labels[place * classes + (images.labels[index] as number)] = 1;
  }
  if (teacher !== undefined) batch.teacher?.set(rowOf(teacher), place * classes);
}

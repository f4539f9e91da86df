import type { Augmentation, Placement } from '../augment/place.ts';
import { centrePlacement, placeImage, randomPlacement } from '../augment/place.ts';
import type { Images } from '../data/dataset.ts';
import type { Batch, Mixing } from '../augment/mixing.ts';
import { randomFor } from '../random.ts';
import type { Sampler } from '../sampling/sampler.ts';

/** Where the batches of a training come from. */
export interface BatchSource {
  readonly images: Images;
  /** The images to train on, by index. */
  readonly indices: readonly number[];
  /** Soft labels for all images of the dataset, row by row; without them labels are one-hot. */
  readonly targets?: Float32Array;
  /** Images in a batch. */
  readonly batch: number;
  /** Height and width that the network sees. */
  readonly size: number;
  readonly augmentation: Augmentation;
  readonly sampler: Sampler;
  readonly mixing: Mixing;
  /** The share of batches that are mixed. */
  readonly mixingProbability: number;
  readonly seed: number;
}

/** What the numbers of a random stream are drawn for. */
const purposes = { order: 1, batch: 2 };

/** The number of steps of an epoch, with every sampler: each image's worth once, the last batch filled up. */
export function stepsPerEpoch({ indices, batch }: Pick<BatchSource, 'indices' | 'batch'>): number {
  return Math.ceil(indices.length / batch);
}

/**
 * Gives the batch of a step (the first is 0). It depends on nothing but the source and the step, so a training that was stopped sees
 * the batches that it would have seen. The arrays are used again by the next call.
 */
export function batchMaker(source: BatchSource): (step: number) => Batch {
  const { images, size, batch, seed } = source;
  const { channels, classes } = images.info;
  const made: Batch = {
    size: batch,
    height: size,
    width: size,
    channels,
    classes: classes.length,
    images: new Uint8Array(batch * size * size * channels),
    labels: new Float32Array(batch * classes.length),
  };
  const reader = imageReader(images, size);
  const perEpoch = stepsPerEpoch(source);
  let order: { readonly epoch: number; readonly indices: number[] } | undefined;
  return (step) => {
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
      writeLabel(made, place, index, source);
    }
    if (random.uniform() < source.mixingProbability) source.mixing(made, random);
    return made;
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

function writeLabel({ labels, classes }: Batch, place: number, index: number, { images, targets }: BatchSource): void {
  const row = labels.subarray(place * classes, (place + 1) * classes);
  if (targets !== undefined) {
    row.set(targets.subarray(index * classes, (index + 1) * classes));
  } else {
    row.fill(0);
    row[images.labels[index] as number] = 1;
  }
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Dataset } from '../../src/nn/data/dataset.ts';
import { openDataset } from '../../src/nn/data/dataset.ts';
import cutmix from '../../src/nn/mixing/cutmix.ts';
import balanced from '../../src/nn/samplers/balanced.ts';
import type { BatchArrays, BatchSource } from '../../src/nn/training/batches.ts';
import { batchMaker } from '../../src/nn/training/batches.ts';
import type { StartThread } from '../../src/nn/training/feed.ts';
import { openFeed } from '../../src/nn/training/feed.ts';
import { quarterImages } from './rig.ts';

const count = 21;
let folder: string;
let images: Dataset;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stillroom-test-'));
  const { info, labels, read } = quarterImages(count);
  const bytes = new Uint8Array(count * 144);
  for (let index = 0; index < count; index++) read(index, bytes, index * 144);
  writeFileSync(join(folder, 'dataset.json'), JSON.stringify(info));
  writeFileSync(join(folder, 'images.bin'), bytes);
  writeFileSync(join(folder, 'labels.bin'), labels);
  images = openDataset(folder);
});
afterEach(() => {
  images.close();
  rmSync(folder, { recursive: true });
});

/** Everything that can make a batch: soft labels, a teacher, crops, flips, mixing and a filled-up last batch. */
const mixing = cutmix({ probability: 0.5, alpha: 1 });

function sourceOf(own: Dataset): BatchSource {
  return {
    images: own,
    indices: Array.from({ length: 19 }, (_, index) => index + 2),
    targets: Float32Array.from({ length: 4 * count }, (_, index) => index),
    teacher: Float32Array.from({ length: 4 * count }, (_, index) => -index),
    batch: 8,
    size: 8,
    augmentation: { padding: 1, flip: true },
    sampler: balanced,
    epochLength: 0,
    mixing,
    seed: 7,
  };
}

/** Runs a function at the other end of a channel, with its data copied as a thread's is; counts what is sent there. */
function threads(): { start: StartThread; sent: number } {
  const counted = {
    sent: 0,
    start: ((run, data) => {
      const { port1, port2 } = new MessageChannel();
      port2.on('message', () => {
        counted.sent += 1;
      });
      run(structuredClone(data), { modules: { sampling: balanced, mixing }, port: port2 });
      return { port: port1, close: async () => port1.close() };
    }) satisfies StartThread,
  };
  return counted;
}

const copyOf = ({ images: pixels, labels, teacher }: BatchArrays): string[] =>
  [pixels, labels, teacher].map((values) => (values === undefined ? '' : Buffer.from(values.buffer).toString('hex')));

describe('a feed', () => {
  test.each([
    ['with a thread', true],
    ['without one', false],
  ])('%s gives the batches of a source, in order, from any step', async (_, hasThread) => {
    for (const first of [0, 2, 5]) {
      const feed = openFeed(sourceOf(images), hasThread ? threads().start : undefined);
      const make = batchMaker(sourceOf(images));
      for (let step = first; step < first + 7; step++) expect(copyOf(await feed.next(step))).toEqual(copyOf(make(step)));
      await feed.close();
    }
  });

  test('goes on elsewhere if it is asked to', async () => {
    const feed = openFeed(sourceOf(images), threads().start);
    const make = batchMaker(sourceOf(images));
    for (const step of [0, 1, 9, 10, 3, 3]) expect(copyOf(await feed.next(step))).toEqual(copyOf(make(step)));
    await feed.close();
  });

  test('asks for two batches ahead', async () => {
    const own = threads();
    const feed = openFeed(sourceOf(images), own.start);
    for (let step = 0; step < 4; step++) {
      await feed.next(step);
      await vi.waitFor(() => expect(own.sent).toBe(step + 3));
    }
    await feed.close();
  });

  test('keeps a batch as it is until the next is asked for', async () => {
    const feed = openFeed(sourceOf(images), threads().start);
    const batch = await feed.next(0);
    const before = copyOf(batch);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(copyOf(batch)).toEqual(before);
    await feed.close();
  });

  test('rejects what is asked for once it is closed, and what waits then', async () => {
    const feed = openFeed(sourceOf(images), threads().start);
    const waiting = expect(feed.next(0)).rejects.toThrow('closed');
    await feed.close();
    await waiting;
    await expect(feed.next(1)).rejects.toThrow('closed');
  });

  test('makes batches itself where images are not on disk', async () => {
    const start: StartThread = () => {
      throw new Error('a thread was started');
    };
    const source = { ...sourceOf(images), images: quarterImages(count) };
    expect(copyOf(await openFeed(source, start).next(3))).toEqual(copyOf(batchMaker(source)(3)));
  });
});

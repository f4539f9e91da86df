import type { ExportedClassifier } from 'stillroom/nn';
import type { TestSet } from './testset.ts';
import type { Showing } from './views.ts';

/** A number measured several times. */
export interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** How images are run through a model. */
export interface Way {
  /** Images that the model is given at once. */
  readonly batch: number;
  /** Images that are decoded meanwhile by other threads; 0: each is decoded when it is wanted, and nothing else happens then. */
  readonly ahead: number;
}

/** What was measured of one way. */
export interface Speed extends Way {
  /** Images a second from encoded file to label. */
  readonly fps: Spread;
  /** Images a second of the model alone: the time in it while the rest went on as this way says. */
  readonly model_fps: Spread;
  /** Milliseconds of the model for each batch, over all rounds. */
  readonly latencies: readonly number[];
}

/** What is measured, and how much. */
export interface Measuring {
  readonly model: ExportedClassifier;
  readonly data: TestSet;
  readonly showing: Showing;
  readonly images: number;
  readonly rounds: number;
  readonly warmup: number;
}

/** The value below which a share of the numbers lies, by the nearest rank. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((left, right) => left - right);
  return sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)] ?? Number.NaN;
}

function spreadOf(numbers: readonly number[]): Spread {
  return { median: quantile(numbers, 0.5), lowest: Math.min(...numbers), highest: Math.max(...numbers) };
}

/** Decodes images in order, some of them before they are asked for. */
class Decoding {
  readonly #data: TestSet;
  readonly #count: number;
  readonly #ahead: number;
  readonly #begun: Promise<Uint8Array>[] = [];
  #next = 0;

  constructor(data: TestSet, count: number, ahead: number) {
    this.#data = data;
    this.#count = count;
    this.#ahead = ahead;
  }

  /** The pixels of the next image. */
  next(): Promise<Uint8Array> {
    while (this.#next < this.#count && this.#begun.length <= this.#ahead) {
      const pixels = this.#data.decode(this.#next++ % this.#data.info.count);
      pixels.catch(() => {}); // It is told by whoever takes it.
      this.#begun.push(pixels);
    }
    return this.#begun.shift() as Promise<Uint8Array>;
  }
}

/** The time of one round, and of each batch in the model, in milliseconds. */
interface Round {
  readonly whole: number;
  readonly latencies: readonly number[];
}

/** Runs that many batches from file to label. */
async function runRound({ model, data, showing }: Measuring, { batch, ahead }: Way, batches: number): Promise<Round> {
  const decoding = new Decoding(data, batches * batch, ahead);
  const fill = async (buffer: Float32Array): Promise<Float32Array> => {
    for (let index = 0; index < batch; index++) showing.write(await decoding.next(), buffer, index * showing.length);
    return buffer;
  };
  const [first, second] = [new Float32Array(batch * showing.length), new Float32Array(ahead > 0 ? batch * showing.length : 0)];
  const latencies: number[] = [];
  const start = performance.now();
  let filling = ahead > 0 ? fill(first) : undefined;
  for (let index = 0; index < batches; index++) {
    const input = await (filling ?? fill(first));
    if (ahead > 0 && index + 1 < batches) {
      filling = fill(input === first ? second : first);
      filling.catch(() => {}); // It is told when it is waited for.
    }
    const before = performance.now();
    const logits = await model.logits(input, batch * showing.views);
    latencies.push(performance.now() - before);
    for (let image = 0; image < batch; image++)
      showing.label(logits.subarray((image * logits.length) / batch, ((image + 1) * logits.length) / batch));
  }
  return { whole: performance.now() - start, latencies };
}

/** Measures one way: a warm-up of two batches or more, then rounds over the same images, of whole batches. */
export async function measureSpeed(measuring: Measuring, way: Way, progress: () => void): Promise<Speed> {
  const { images, rounds, warmup } = measuring;
  const batchesOf = (count: number, least: number): number => Math.max(Math.floor(count / way.batch), least);
  if (warmup > 0) await runRound(measuring, way, batchesOf(warmup, 2));
  const batches = batchesOf(images, 1);
  const perSecond = (milliseconds: number): number => (1000 * batches * way.batch) / milliseconds;
  const measured: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    measured.push(await runRound(measuring, way, batches));
    progress();
  }
  return {
    ...way,
    fps: spreadOf(measured.map(({ whole }) => perSecond(whole))),
    model_fps: spreadOf(measured.map(({ latencies }) => perSecond(latencies.reduce((sum, taken) => sum + taken, 0)))),
    latencies: measured.flatMap(({ latencies }) => latencies),
  };
}

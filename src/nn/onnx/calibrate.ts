import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { ModelInput } from '../weights/model-folder.ts';
import { Histogram, leastSquaresRange, percentileRange } from './ranges.ts';
import type { Range, RangeMethod } from './ranges.ts';

/** How the ranges of values are found. */
export interface CalibrationOptions {
  /** The values of the graph whose ranges are wanted; they are among its outputs. */
  readonly values: readonly string[];
  readonly method: RangeMethod;
  /** For `percentile`: of 100. */
  readonly percentile: number;
  readonly threads: number;
  /** Normalised images, a batch at a time, channels first; gone through twice. */
  readonly batches: () => Iterable<Float32Array>;
  readonly input: Pick<ModelInput, 'size' | 'channels'>;
}

/**
 * Finds the range of each value over the calibration images, by ONNX Runtime on the float32 model.
 * @throws where a value is not a number or infinite.
 */
export async function calibrate(model: Uint8Array, options: CalibrationOptions): Promise<ReadonlyMap<string, Range>> {
  const session = await InferenceSession.create(model, {
    executionProviders: ['cpu'],
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
  });
  try {
    const whole = new Map<string, Range>();
    await eachValue(session, options, (name, numbers) => whole.set(name, widened(whole.get(name), numbers, name)));
    if (options.method === 'min-max') return whole;
    const histograms = new Map([...whole].map(([name, range]) => [name, new Histogram(range)]));
    await eachValue(session, options, (name, numbers) => histograms.get(name)?.add(numbers));
    return new Map([...histograms].map(([name, histogram]) => [name, chosen(histogram, options)]));
  } finally {
    await session.release();
  }
}

function chosen(histogram: Histogram, { method, percentile }: CalibrationOptions): Range {
  return method === 'mse' ? leastSquaresRange(histogram) : percentileRange(histogram, percentile);
}

/** Shows all images to the model and hands on what each wanted value came out as. */
async function eachValue(
  session: InferenceSession,
  { values, batches, input: { size, channels } }: CalibrationOptions,
  take: (name: string, numbers: Float32Array) => void,
): Promise<void> {
  const inputName = session.inputNames[0] as string;
  const fetched = values.filter((name) => name !== inputName);
  for (const images of batches()) {
    if (values.includes(inputName)) take(inputName, images);
    if (fetched.length === 0) continue;
    const count = images.length / (size * size * channels);
    const found = await session.run({ [inputName]: new Tensor('float32', images, [count, channels, size, size]) }, fetched);
    for (const name of fetched) take(name, found[name]?.data as Float32Array);
  }
}

function widened(range: Range | undefined, numbers: Float32Array, name: string): Range {
  let [low, high] = [range?.low ?? Number.POSITIVE_INFINITY, range?.high ?? Number.NEGATIVE_INFINITY];
  for (let place = 0; place < numbers.length; place++) {
    const value = numbers[place] as number;
    if (!Number.isFinite(value)) throw new Error(`The layer "${name}" gives ${value} for a calibration image.`);
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}

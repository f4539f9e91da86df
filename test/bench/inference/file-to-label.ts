import { basename } from 'node:path';
import sharp from 'sharp';
import { decodeImage, decodeOneImageAThread } from 'stillroom/nn';
import type { InferenceRuntime } from 'stillroom/nn';
import { watchLoad } from '../../../stages/benchmark/load.ts';
import type { Spread } from '../../../stages/benchmark/speed.ts';
import { measureSpeeds } from '../../../stages/benchmark/speeds.ts';
import { openTestSet, type TestSet } from '../../../stages/benchmark/testset.ts';
import { placementsOf, Showing } from '../../../stages/benchmark/views.ts';

/** What one process measures. */
export interface Row {
  /** The folder of an exported model. */
  readonly model: string;
  /** The folder of a test set. */
  readonly data: string;
  /** A file of `stages/benchmark/runtimes`. */
  readonly runtime: string;
  readonly threads: number;
  readonly rounds: number;
}

const WIDEST_DECODED = 40;

const spread = ({ median, lowest, highest }: Spread): string => `${median.toFixed(0)} (${lowest.toFixed(0)} to ${highest.toFixed(0)})`;

/** Measures from file to label and returns what is to be printed; the runtime and its precision stand beside every figure. */
export async function measureRow({ model, data, runtime: name, threads, rounds }: Row): Promise<string[]> {
  const { default: runtime } = (await import(`../../../stages/benchmark/runtimes/${name}.ts`)) as { default: InferenceRuntime };
  decodeOneImageAThread();
  const set = openTestSet(data);
  const loadSince = watchLoad();
  const overlapped = Math.max(threads - 1, 1);
  const speeds = await measureSpeeds({
    ...{ data: set, images: Math.min(500, set.info.count), rounds, warmup: 100, batches: [8, 32], ahead: 4 },
    threads: { alone: threads, overlapped },
    open: (count) => runtime.open(model, { threads: count }),
    show: (opened) => new Showing(opened, set.info, placementsOf('none', set.info, opened.input.size)),
    progress: () => {},
  });
  const { others } = loadSince();
  const under = `${name} ${runtime.version}, ${runtime.precision}`;
  const lines = speeds.batches.map(
    ({ batch, fps, overlapped_fps, model_fps }) =>
      `  batch ${batch}: ${spread(fps)} images/s, ${spread(overlapped_fps)} with decoding overlapped, ${spread(model_fps)} of the model alone`,
  );
  const { p50_ms, p95_ms, p99_ms, memory_mib } = speeds;
  return [
    `${basename(data)}: ${under}, ${threads} ${threads === 1 ? 'thread' : 'threads'} (${overlapped} where decoding overlaps), others used ${Math.round(100 * others)} % of the machine`,
    ...lines,
    `  the model: p50 ${p50_ms.toFixed(2)}, p95 ${p95_ms.toFixed(2)}, p99 ${p99_ms.toFixed(2)} ms; ${memory_mib.toFixed(0)} MiB at batch 1`,
    await compareDecoding(set),
  ];
}

/** What scaled decoding, which `decodeImage` uses for large JPEGs, changes against decoding whole and resizing then. */
async function compareDecoding(set: TestSet): Promise<string> {
  let [largest, sum, numbers] = [0, 0, 0];
  const taken = { scaled: 0, whole: 0 };
  for (let image = 0; image < Math.min(WIDEST_DECODED, set.info.count); image++) {
    const file = set.encoded(image);
    const start = performance.now();
    const scaled = await decodeImage(file, set.preparation);
    const middle = performance.now();
    const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
    const whole = await decodeImage({ data, width: info.width, height: info.height, channels: 3 }, set.preparation);
    taken.scaled += middle - start;
    taken.whole += performance.now() - middle;
    for (let index = 0; index < scaled.length; index++) {
      const change = Math.abs((scaled[index] as number) - (whole[index] as number));
      largest = Math.max(largest, change);
      sum += change;
    }
    numbers += scaled.length;
  }
  const ratio = (taken.whole / taken.scaled).toFixed(1);
  return `  decoding as prepared is ${ratio} times as fast as decoding whole, and changes pixels by at most ${largest} of 255, ${(sum / numbers).toFixed(2)} on average`;
}

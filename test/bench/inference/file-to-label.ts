import { basename } from 'node:path';
import { decodeOneImageAThread } from 'stillroom/nn';
import type { InferenceRuntime } from 'stillroom/nn';
import { watchLoad } from '../../../stages/benchmark/load.ts';
import type { Spread } from '../../../stages/benchmark/speed.ts';
import { measureSpeeds } from '../../../stages/benchmark/speeds.ts';
import { changeOfPixels, openTestSet, type TestSet } from '../../../stages/benchmark/testset.ts';
import { placementsOf, Showing } from '../../../stages/benchmark/views.ts';

/** What one process measures. */
export interface Row {
  /** The folder of an exported model. */
  readonly model: string;
  /** The folder of a test set. */
  readonly data: string;
  /** A file of `stages/benchmark/runtimes`. */
  readonly runtime: string;
  /** Of a runtime that has a choice. */
  readonly precision: string;
  readonly threads: number;
  readonly rounds: number;
  /** Images before what counts. */
  readonly warmup: number;
}

/** Images of which the time to decode is compared. */
const COMPARED = 100;

const spread = ({ median, lowest, highest }: Spread): string => `${median.toFixed(0)} (${lowest.toFixed(0)} to ${highest.toFixed(0)})`;

/** A runtime by the name of its file; one that has params is told the precision. */
export async function runtimeOf(name: string, precision: string): Promise<InferenceRuntime> {
  const loaded = (await import(`../../../stages/benchmark/runtimes/${name}.ts`)) as {
    readonly default: InferenceRuntime | ((params: { readonly precision: string; readonly pinning: boolean }) => InferenceRuntime);
  };
  return typeof loaded.default === 'function' ? loaded.default({ precision, pinning: true }) : loaded.default;
}

/** Measures from file to label and returns what is to be printed; the runtime and its precision stand beside every figure. */
export async function measureRow({ model, data, runtime: name, precision, threads, rounds, warmup }: Row): Promise<string[]> {
  const runtime = await runtimeOf(name, precision);
  decodeOneImageAThread();
  const set = openTestSet(data);
  const loadSince = watchLoad();
  const overlapped = Math.max(threads - 1, 1);
  const speeds = await measureSpeeds({
    ...{ data: set, images: Math.min(500, set.info.count), rounds, warmup, batches: [8, 32], ahead: 4 },
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
    await compareDecoding(data),
  ];
}

/** What scaled decoding, which preparing uses for large JPEGs, changes against decoding whole and resizing then. */
async function compareDecoding(data: string): Promise<string> {
  const [prepared, whole] = [openTestSet(data), openTestSet(data, 'whole')];
  const time = async (set: TestSet): Promise<number> => {
    const start = performance.now();
    for (let image = 0; image < Math.min(COMPARED, set.info.count); image++) await set.decode(image);
    return performance.now() - start;
  };
  const ratio = (await time(whole)) / (await time(prepared));
  const { largest, mean } = await changeOfPixels(whole);
  prepared.close();
  whole.close();
  return `  decoding as prepared is ${ratio.toFixed(1)} times as fast as decoding whole, and changes pixels by at most ${largest} of 255, ${mean.toFixed(2)} on average`;
}

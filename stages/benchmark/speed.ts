import { cpus, loadavg } from 'node:os';
import { cropCentre, decodeImage, Normaliser } from 'stillroom/nn';
import type { ExportedClassifier } from 'stillroom/nn';
import type { TestSet } from './testset.ts';

/** A number measured several times. */
export interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** What was measured; times are of images run one after another. */
export interface Speed {
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly fps: Spread;
  readonly model_fps: Spread;
  readonly load: Load;
}

/** How busy the machine was besides this measurement. */
interface Load {
  /** Processes that ran or waited to, on average over the last minute. */
  readonly before: number;
  readonly after: number;
  /** Share of all cores that others used meanwhile. */
  readonly others: number;
}

/** How much is measured. */
interface Amount {
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

/** Milliseconds of CPU since the start: of all processes of the machine, and of this one. */
function cpuTimes(): { readonly all: number; readonly own: number } {
  const { user, system } = process.cpuUsage();
  const all = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  return { all, own: (user + system) / 1000 };
}

/** Measures a model over a test set's encoded files: a warm-up, then rounds over the same images. */
export async function measureSpeed(
  model: ExportedClassifier,
  data: TestSet,
  amount: Amount,
  progress: (round: number) => void,
): Promise<Speed> {
  const normaliser = new Normaliser(model.input);
  const { size, channels } = model.input;
  const input = new Float32Array(channels * size * size);
  const latencies: number[] = [];
  const fps: number[] = [];
  const modelFps: number[] = [];
  const infer = async (image: number): Promise<number> => {
    const pixels = await decodeImage(data.encoded(image), data.preparation);
    normaliser.write(cropCentre(pixels, data.info, size), model.layout, input);
    const start = performance.now();
    const logits = await model.logits(input, 1);
    const taken = performance.now() - start;
    logits.indexOf(Math.max(...logits));
    return taken;
  };
  for (let image = 0; image < amount.warmup; image++) await infer(image % data.info.count);
  const before = { load: loadavg()[0] ?? 0, times: cpuTimes(), at: performance.now() };
  for (let round = 0; round < amount.rounds; round++) {
    const start = performance.now();
    let inModel = 0;
    for (let image = 0; image < amount.images; image++) {
      const taken = await infer(image % data.info.count);
      latencies.push(taken);
      inModel += taken;
    }
    fps.push((1000 * amount.images) / (performance.now() - start));
    modelFps.push((1000 * amount.images) / inModel);
    progress(round + 1);
  }
  const now = cpuTimes();
  const available = (performance.now() - before.at) * cpus().length;
  const others = (now.all - before.times.all - (now.own - before.times.own)) / available;
  const load = { before: before.load, after: loadavg()[0] ?? 0, others: Math.min(Math.max(others, 0), 1) };
  return { p50_ms: quantile(latencies, 0.5), p95_ms: quantile(latencies, 0.95), fps: spreadOf(fps), model_fps: spreadOf(modelFps), load };
}

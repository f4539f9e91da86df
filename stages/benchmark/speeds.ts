import type { ExportedClassifier } from 'stillroom/nn';
import { peakMemory } from './load.ts';
import { measureSpeed, quantile } from './speed.ts';
import type { Measuring, Speed, Spread } from './speed.ts';

/** What is measured of a model, one thing after another. */
export interface Plan extends Omit<Measuring, 'model' | 'showing'> {
  /** Images at once, beside 1. */
  readonly batches: readonly number[];
  /** Images that are decoded ahead where decoding overlaps; at least as many as are run at once. */
  readonly ahead: number;
  /** Threads of the model: all, and those that it has while others decode. */
  readonly threads: { readonly alone: number; readonly overlapped: number };
  /** Opens the model. */
  readonly open: (threads: number) => Promise<ExportedClassifier>;
  /** What is shown of each image. */
  readonly show: (model: ExportedClassifier) => Measuring['showing'];
  readonly progress: (done: number, of: number) => void;
}

/** One batch size: one image after another, and with decoding overlapped. */
export interface BatchSpeed {
  readonly batch: number;
  readonly fps: Spread;
  readonly overlapped_fps: Spread;
  readonly model_fps: Spread;
}

/** All that was measured. */
export interface Speeds {
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
  /** By size of batch, ascending; the first is 1. */
  readonly batches: readonly BatchSpeed[];
  /** The peak after batch 1 was measured, in MiB. */
  readonly memory_mib: number;
}

/** Measures batch 1 both ways, then the other batches both ways. The model is opened anew for each, with the threads of its way. */
export async function measureSpeeds(plan: Plan): Promise<Speeds> {
  const others = [...new Set(plan.batches)].filter((batch) => batch !== 1).sort((left, right) => left - right);
  const steps = 2 * (1 + others.length) * plan.rounds;
  let done = 0;
  const measure = async (batches: readonly number[], ahead: number): Promise<Speed[]> => {
    const model = await plan.open(ahead > 0 ? plan.threads.overlapped : plan.threads.alone);
    const speeds: Speed[] = [];
    const measuring = { ...plan, model, showing: plan.show(model) };
    for (const batch of batches)
      speeds.push(
        await measureSpeed(measuring, { batch, ahead: ahead > 0 ? Math.max(ahead, batch) : 0 }, () => plan.progress(++done, steps)),
      );
    await model.close();
    return speeds;
  };
  const both = async (batches: readonly number[]): Promise<[Speed, Speed][]> => {
    const alone = await measure(batches, 0);
    const overlapped = await measure(batches, plan.ahead);
    return alone.map((speed, index) => [speed, overlapped[index] as Speed]);
  };
  const first = await both([1]);
  const memory_mib = peakMemory();
  const all = [...first, ...(others.length > 0 ? await both(others) : [])];
  const latencies = first[0]?.[0].latencies ?? [];
  return {
    p50_ms: quantile(latencies, 0.5),
    p95_ms: quantile(latencies, 0.95),
    p99_ms: quantile(latencies, 0.99),
    batches: all.map(([{ batch, fps, model_fps }, overlapped]) => ({ batch, fps, overlapped_fps: overlapped.fps, model_fps })),
    memory_mib,
  };
}

/** The figures of a second that metrics and the score name. */
export function figuresOf({ batches }: Speeds) {
  const [first] = batches as readonly [BatchSpeed];
  return {
    fps: first.fps.median,
    overlapped_fps: first.overlapped_fps.median,
    best_fps: Math.max(...batches.flatMap(({ fps, overlapped_fps }) => [fps.median, overlapped_fps.median])),
    model_fps: first.model_fps.median,
    best_model_fps: Math.max(...batches.map(({ model_fps }) => model_fps.median)),
  };
}

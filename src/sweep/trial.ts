import { combinations } from '../model/combinations.ts';
import type { Event } from '../model/event.ts';
import type { VariantParams, SweepSpec, TrialRun } from '../model/sweep.ts';
import { deviation, mean } from '../text/mean.ts';
import type { TrialEnd, TrialRequest } from './study.ts';
import type { PlannedVariant, Workbench } from './workbench.ts';
import type { Outcome } from '../model/problem.ts';

/** What all trials of a sweep have in common. */
export interface TrialContext {
  readonly spec: SweepSpec;
  readonly workbench: Workbench;
  /** Whether the sweep is being stopped. */
  readonly isStopping: () => boolean;
  readonly onEvent: (trial: number, repeat: VariantParams, event: Event) => void;
}

/** Plans one repeat of a request: with its budget, and as far as it goes. */
export function planRepeat(
  { params, rung, whole }: TrialRequest,
  repeat: VariantParams,
  { spec: { budget, only }, workbench }: Pick<TrialContext, 'spec' | 'workbench'>,
): Promise<Outcome<PlannedVariant>> {
  const given = budget === undefined ? {} : { [budget.param]: budget.rungs[rung] ?? 0 };
  return workbench.plan({ ...params, ...repeat, ...given }, whole || budget === undefined ? only : [budget.node]);
}

/** Runs all repeats of a request; undefined: it was stopped. */
export async function runTrial(request: TrialRequest, context: TrialContext): Promise<TrialEnd | undefined> {
  const repeats = combinations(context.spec.repeats).map((repeat) => runRepeat(request, repeat, context));
  // Where one throws, the others are awaited too: nothing runs on.
  await Promise.allSettled(repeats);
  const ends = await Promise.all(repeats);
  const runs: TrialRun[] = [];
  let error: string | undefined;
  for (const end of ends) {
    if (end === undefined) return undefined;
    error ??= end.error;
    if (end.run !== undefined) runs.push(end.run);
  }
  return { state: error === undefined ? 'done' : 'failed', ...summary(runs), runs, ...(error === undefined ? {} : { error }) };
}

/** The run of one repeat, or why there is none. Undefined: it was stopped. */
type RepeatEnd = { readonly run: TrialRun | undefined; readonly error: string | undefined } | undefined;

async function runRepeat(request: TrialRequest, repeat: VariantParams, context: TrialContext): Promise<RepeatEnd> {
  const plan = await planRepeat(request, repeat, context);
  if (!plan.ok) return { run: undefined, error: plan.problems[0]?.message };
  if (context.isStopping()) return undefined;
  const ended = await plan.value.run((event) => context.onEvent(request.trial, repeat, event), request.trial);
  if (ended.state === 'stopped') return undefined;
  const { run, hash, metrics } = ended;
  return {
    run: { run, hash, repeat, metrics, asked: plan.value.asked },
    error: ended.state === 'failed' ? (ended.error ?? 'it failed') : missingMetric(metrics, request, context.spec),
  };
}

/** Says which metric a run should have reported and did not. */
function missingMetric(
  metrics: Readonly<Record<string, number>>,
  { whole }: TrialRequest,
  { objectives, constraints, budget }: SweepSpec,
): string | undefined {
  const wanted = whole ? [...objectives, ...constraints] : budget === undefined ? [] : [budget.judge];
  const missing = wanted.find(({ metric }) => metrics[metric] === undefined);
  if (missing === undefined) return undefined;
  return `no node reported the metric "${missing.metric}" (reported: ${Object.keys(metrics).join(', ') || 'none'})`;
}

/** Means and standard deviations of metrics over runs. */
function summary(runs: readonly TrialRun[]): Pick<TrialEnd, 'metrics' | 'deviations'> {
  const metrics: Record<string, number> = {};
  const deviations: Record<string, number> = {};
  for (const name of new Set(runs.flatMap((run) => Object.keys(run.metrics)))) {
    const values = runs.flatMap((run) => run.metrics[name] ?? []);
    metrics[name] = mean(values);
    const spread = deviation(values);
    if (spread !== undefined) deviations[name] = spread;
  }
  return { metrics, deviations };
}

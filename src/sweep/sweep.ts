import { safeFileName } from '../files/file-name.ts';
import { digestOf } from '../model/canonical.ts';
import { monotonic } from '../model/clock.ts';
import { broadcast } from '../model/event.ts';
import { done, type Outcome } from '../model/problem.ts';
import type { SweepHappening, SweepWatcher } from '../model/sweep-event.ts';
import type { VariantParams, SweepResult, SweepSpec, Trial } from '../model/sweep.ts';
import { type Journal, JOURNAL_FORMAT } from './journal.ts';
import { search } from './search.ts';
import { meeting } from './space.ts';
import type { StartedTrial, Strategy, Study } from './study.ts';
import { planRepeat, runTrial, type TrialContext } from './trial.ts';
import { resultOf, standingOf, trialsOf } from './trials.ts';
import type { Workbench } from './workbench.ts';

/** A sweep that may run. */
export interface SweepSetup {
  readonly id: string;
  readonly strategy: Strategy;
  readonly spec: SweepSpec;
  /** What the pipeline says of the params of the space. */
  readonly base: VariantParams;
  readonly workbench: Workbench;
  readonly journal: Journal;
  /** Trials at once. */
  readonly parallel: number;
  /** Whether failed trials of an earlier start are tried again. */
  readonly retry: boolean;
  /** Aborted: nothing new starts. A reason that is a text is told as a notice. */
  readonly signal: AbortSignal;
  /** Stops all trials: something of the sweep's own could not be done, and it ends with the error. */
  readonly abandon: () => void;
  readonly watchers: readonly SweepWatcher[];
  /** Milliseconds that only rise, for the sweep's time to be up; default: those of this process. */
  readonly now?: () => number;
}

/** A sweep's id: how far it goes and how fast are no part of it, so that a longer one goes on from a shorter one. `asked` is what its pipeline asks. */
export function sweepId(pipeline: string, spec: SweepSpec, asked: string): string {
  const { trials: _trials, seconds: _seconds, parallel: _parallel, ...lasting } = spec;
  return `${safeFileName(pipeline)}-${digestOf({ format: JOURNAL_FORMAT, spec: JSON.parse(JSON.stringify(lasting)), asked }).slice(0, 10)}`;
}

/** Trials at once: as many as there are threads; twice as many where no trial is proposed by how others ended. */
export function parallelOf({ parallel }: SweepSpec, { needs }: Strategy, threads: number): number {
  const learns = needs.objective === true || needs.budget === true;
  return parallel ?? (learns ? threads : 2 * threads);
}

/** Values of a param that are tried before anything is executed. */
const MOST_TRIED = 50;

/** Checks that each value of a sweep can be read by itself, before anything is executed. Of variants that are written out, those that may run. */
export async function checkValues(spec: SweepSpec, workbench: Workbench): Promise<Outcome<undefined>> {
  const { space, variants, repeats, strategy, trials } = spec;
  const ofSpace = space.flatMap((dimension) => {
    const { name, domain } = dimension;
    const values = domain.kind === 'choice' ? domain.values.slice(0, MOST_TRIED) : [domain.from, domain.to];
    return values.map((value) => ({ ...meeting(dimension, space), [name]: value }));
  });
  const ofRepeats = Object.entries(repeats).flatMap(([name, values]) => values.map((value) => ({ [name]: value })));
  const tried: readonly VariantParams[] =
    strategy === 'list' && variants.length > 0 ? variants.slice(0, trials) : [...ofSpace, ...ofRepeats];
  for (const params of tried) {
    const read = await workbench.read(params);
    if (!read.ok) return read;
  }
  return done(undefined);
}

/** Runs the variants that a strategy proposes, from where the journal ends. All that happens is told; how trials ended is in the result. */
export async function runSweep(setup: SweepSetup): Promise<SweepResult> {
  const { id, strategy, spec, base, workbench, journal, signal, now = monotonic } = setup;
  const emit = broadcast<SweepHappening>(setup.watchers);
  const onStop = (): void => {
    if (typeof signal.reason === 'string') emit({ type: 'notice', level: 'warning', message: signal.reason });
  };
  signal.addEventListener('abort', onStop, { once: true });
  try {
    const deadline = now() + (spec.seconds ?? Number.POSITIVE_INFINITY) * 1000;
    const study: Study = { spec, base, window: journal.window, started: await stillTrue(setup) };
    const before = trialsOf(study.started, spec);
    emit({ type: 'sweep-started', sweep: id, spec, count: strategy.count(study), trials: before, ...standingOf(before, spec) });
    const context: TrialContext = {
      spec,
      workbench,
      isStopping: () => signal.aborted,
      onEvent: (trial, repeat, event) => emit({ type: 'trial-progress', trial, repeat, event }),
    };
    const all = await search(strategy, study, {
      parallel: setup.parallel,
      mayStart: () => !signal.aborted && now() < deadline,
      run: (request) => runTrial(request, context),
      abandon: setup.abandon,
      onNew: (request) => journal.started(request),
      onEnd: (request, end) => journal.ended(request, end),
      onChange({ request, end }, known) {
        const own = known.filter(({ request: { trial } }) => trial === request.trial);
        const trial = trialsOf(own, spec)[0] as Trial;
        if (end === undefined) return emit({ type: 'trial-started', trial });
        emit({ type: 'trial-ended', trial, ...standingOf(trialsOf(known, spec), spec) });
      },
    });
    const state = signal.aborted || all.some(({ end }) => end === undefined) ? 'stopped' : 'done';
    const result = resultOf(id, all, spec, state);
    // Where its time was up it may go on: what its trials need for that is kept.
    const isOver = state === 'done' && strategy.next({ ...study, started: all }).kind === 'end';
    journal.closed(isOver ? 'done' : 'stopped');
    emit({ type: 'sweep-ended', sweep: id, state, ...standingOf(result.trials, spec) });
    return result;
  } finally {
    signal.removeEventListener('abort', onStop);
  }
}

/** What the journal knows; what would be asked otherwise now counts as not ended, as what failed does with `retry`. */
async function stillTrue({ journal, retry, spec, workbench }: SweepSetup): Promise<StartedTrial[]> {
  const kept: StartedTrial[] = [];
  for (const started of journal.known) {
    const { request, end } = started;
    const counts = end !== undefined && !(retry && end.state === 'failed') && (await isCurrent(started, { spec, workbench }));
    kept.push({ request, end: counts ? end : undefined });
  }
  return kept;
}

/** Whether all that a request was asked is still what it would be asked now. */
async function isCurrent({ request, end }: StartedTrial, context: Pick<TrialContext, 'spec' | 'workbench'>): Promise<boolean> {
  for (const { repeat, asked } of end?.runs ?? []) {
    const plan = await planRepeat(request, repeat, context);
    if (plan.ok && plan.value.asked !== asked) return false;
  }
  return true;
}

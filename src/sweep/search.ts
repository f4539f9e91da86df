import type { Job, JobEnd, StartedJob, Strategy, Study } from './study.ts';

/** How a sweep is carried out. */
export interface SearchOptions {
  /** Jobs at once. */
  readonly parallel: number;
  /** False: nothing new starts, because time is up or the sweep is being stopped. */
  readonly mayStart: () => boolean;
  /** Carries a job out; undefined: it was stopped, and is begun again when the sweep goes on. */
  readonly carryOut: (job: Job) => Promise<JobEnd | undefined>;
  /** Called before a job that was not known starts, and after one has ended. */
  readonly onStart: (job: Job) => void;
  readonly onEnd: (job: Job, end: JobEnd) => void;
}

/**
 * Asks the strategy for jobs and carries them out until it has no more. Jobs that are known but have not ended go first. Returns the study
 * as it then stands.
 */
export async function search(strategy: Strategy, study: Study, options: SearchOptions): Promise<Study> {
  const jobs: StartedJob[] = [...study.jobs];
  const unfinished = jobs.flatMap(({ end }, index) => (end === undefined ? [index] : []));
  const running = new Map<number, Promise<void>>();
  const next = (): number | undefined => {
    const known = unfinished.shift();
    if (known !== undefined) return known;
    const step = strategy.next({ ...study, jobs });
    if (step.kind !== 'start') return undefined;
    options.onStart(step.job);
    return jobs.push({ job: step.job, end: undefined }) - 1;
  };
  const start = async (index: number): Promise<void> => {
    const { job } = jobs[index] as StartedJob;
    const end = await options.carryOut(job);
    if (end !== undefined) {
      jobs[index] = { job, end };
      options.onEnd(job, end);
    }
    running.delete(index);
  };
  for (;;) {
    while (running.size < options.parallel && options.mayStart()) {
      const index = next();
      if (index === undefined) break;
      running.set(index, start(index));
    }
    if (running.size === 0) return { ...study, jobs };
    await Promise.race(running.values());
  }
}

import type { Capacity, Executor } from '../model/executor.ts';
import { done, failed, type Outcome } from '../model/problem.ts';

/** What may be used at once: all that the executor has, or as many threads as were asked for. */
export function capacityOf(jobs: number | undefined, { capacity }: Executor): Outcome<Capacity> {
  if (jobs === undefined) return done(capacity);
  return Number.isInteger(jobs) && jobs >= 1
    ? done({ ...capacity, cpu: jobs })
    : failed({
        kind: 'usage',
        code: 'bad-option',
        message: `${jobs} is no number of threads: it must be whole and above 0`,
        hint: 'for example --jobs 2',
      });
}

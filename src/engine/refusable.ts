import { done, failed, type Outcome } from '../model/problem.ts';
import { systemProblem, type Whereabouts } from '../model/system-failure.ts';
import type { Plan } from './plan.ts';

/** Where a plan's store and project lie, for what the system says of them. */
export function placesOf({ request: { surroundings } }: Plan): Whereabouts {
  return { store: surroundings.store.location, project: surroundings.root };
}

/** Does a run's own part, which is no node's. What the system refuses is a problem of the run; any other throw is a bug. */
export function refusable<Value>(plan: Plan, work: () => Value): Outcome<Value> {
  try {
    return done(work());
  } catch (error) {
    return refusal(plan, error);
  }
}

/** What was thrown in a run's own part as a problem of the run, if the system refused something. */
export function refusal(plan: Plan, error: unknown): Outcome<never> {
  const problem = systemProblem(error, placesOf(plan));
  if (problem === undefined) throw error;
  return failed(problem);
}

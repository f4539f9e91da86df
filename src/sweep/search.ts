import type { StartedTrial, Strategy, Study, TrialEnd, TrialRequest } from './study.ts';

/** How a search is run. */
export interface SearchOptions {
  /** Requests at once. */
  readonly parallel: number;
  /** False: nothing new starts, because time is up or the sweep is being stopped. */
  readonly mayStart: () => boolean;
  /** Does what is requested; undefined: it was stopped, and is begun again when the sweep goes on. */
  readonly run: (request: TrialRequest) => Promise<TrialEnd | undefined>;
  /** Called when something threw: what runs is to be stopped. What was thrown first is thrown again when all of it has ended. */
  readonly abandon: () => void;
  /** Called before a request that was not known starts. */
  readonly onNew: (request: TrialRequest) => void;
  /** Called when a request has ended; nothing builds on that before this ends. */
  readonly onEnd: (request: TrialRequest, end: TrialEnd) => Promise<void>;
  /** Called when a request starts or has ended, with all that is known then. */
  readonly onChange: (changed: StartedTrial, all: readonly StartedTrial[]) => void;
}

/** Asks the strategy for requests and runs them until it has no more. Those that are known but have not ended go first. Returns all as they then are. */
export async function search(strategy: Strategy, study: Study, options: SearchOptions): Promise<readonly StartedTrial[]> {
  const all: StartedTrial[] = [...study.started];
  const unfinished = all.flatMap(({ end }, index) => (end === undefined ? [index] : []));
  const running = new Map<number, Promise<void>>();
  const next = (): number | undefined => {
    const known = unfinished.shift();
    if (known !== undefined) return known;
    const proposal = strategy.next({ ...study, started: all });
    if (proposal.kind !== 'start') return undefined;
    options.onNew(proposal.request);
    return all.push({ request: proposal.request, end: undefined }) - 1;
  };
  const thrown: unknown[] = [];
  const abandon = (error: unknown): undefined => {
    thrown.push(error);
    options.abandon();
  };
  const start = async (index: number): Promise<void> => {
    const { request } = all[index] as StartedTrial;
    options.onChange({ request, end: undefined }, all);
    const end = await options.run(request);
    if (end !== undefined) {
      await options.onEnd(request, end);
      all[index] = { request, end };
      options.onChange({ request, end }, all);
    }
  };
  const startNext = (): boolean => {
    try {
      const index = next();
      if (index === undefined) return false;
      const run = start(index).catch(abandon);
      running.set(
        index,
        run.finally(() => running.delete(index)).then(() => undefined),
      );
      return true;
    } catch (error) {
      abandon(error);
      return false;
    }
  };
  for (;;) {
    let isMore = true;
    while (isMore && thrown.length === 0 && running.size < options.parallel && options.mayStart()) isMore = startNext();
    if (running.size > 0) await Promise.race(running.values());
    else if (thrown.length > 0) throw thrown[0];
    else return all;
  }
}

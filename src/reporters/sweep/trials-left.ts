import type { Event, Happening, PlannedNode } from '../../model/event.ts';
import type { SweepEvent } from '../../model/sweep-event.ts';
import { type Range, TimeLeft } from '../../model/time-left/time-left.ts';

/** What all trials run on, as the time left has it. */
const PLACE = 'trials';

const nameOf = (trial: number): string => `trial[trial=${trial}]`;

/** How much time a sweep has left: its trials are to it what the instances of a node are to a run. */
export class TrialsLeft {
  private readonly timeLeft = new TimeLeft();
  private readonly begun = new Map<number, number>();
  private nodes: readonly PlannedNode[] = [];
  /** Trials at once, as far as that was seen. */
  private parallel = 1;

  report(event: SweepEvent): void {
    const { time } = event;
    const tell = (happening: Happening): void => this.timeLeft.report({ time, ...happening } as Event);
    if (event.type === 'sweep-started') {
      const numbers = Array.from({ length: event.count ?? 0 }, (_, trial) => trial);
      const takes = { executor: PLACE, cpu: 1, gpu: 0, memory: 0, alone: false };
      this.nodes = numbers.map((trial) => ({ node: nameOf(trial), action: 'run', cause: '', after: [], takes }));
      this.plan();
      tell({ type: 'nodes-reused', nodes: event.trials.filter(({ state }) => state !== 'unfinished').map(({ trial }) => nameOf(trial)) });
    } else if (event.type === 'trial-started') {
      this.begun.set(event.trial.trial, Date.parse(time));
      if (this.begun.size > this.parallel) {
        this.parallel = this.begun.size;
        this.plan();
      }
      tell({ type: 'node-started', node: nameOf(event.trial.trial), cause: '', inputs: {} });
    } else if (event.type === 'trial-ended') {
      const { trial } = event.trial;
      const seconds = (Date.parse(time) - (this.begun.get(trial) ?? Date.parse(time))) / 1000;
      this.begun.delete(trial);
      // One that failed has taken its time, and others begin all the same.
      tell({ type: 'node-ended', node: nameOf(trial), outcome: { state: 'executed', stage: '', cause: '', params: {}, seconds } });
    }
  }

  private plan(): void {
    this.timeLeft.plan(this.nodes, { [PLACE]: { cpu: this.parallel, gpu: 0, memory: 0 } });
  }

  /** Seconds from a moment to the end; undefined where nothing is known: how many trials there will be, or how long one takes. */
  at(now: number): Range | undefined {
    return this.nodes.length === 0 ? undefined : this.timeLeft.at(now);
  }
}

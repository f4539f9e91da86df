import { monotonic } from '../../model/clock.ts';

/** Milliseconds for which a machine is given no jobs after it has failed once; twice as many after each further time, up to a day. */
const FIRST = 3_600_000;
const MOST = 24 * FIRST;

/** So many are named to Slurm at most, those that failed last. */
const MOST_NAMED = 100;

/** The machines of a cluster that failed under jobs. Each comes back after a time: in a long run on a large cluster most would fail once. */
export class FailedMachines {
  private readonly known = new Map<string, { readonly times: number; readonly until: number }>();

  /** Machines, by their names, have failed; empty names are none. */
  note(machines: readonly string[]): void {
    for (const machine of machines) {
      if (machine === '') continue;
      const times = (this.known.get(machine)?.times ?? 0) + 1;
      this.known.delete(machine);
      this.known.set(machine, { times, until: monotonic() + Math.min(FIRST * 2 ** (times - 1), MOST) });
    }
  }

  /** A machine was not at fault. */
  forget(machine: string): void {
    this.known.delete(machine);
  }

  /** Those that must be given no job now. */
  excluded(): readonly string[] {
    const now = monotonic();
    return [...this.known].flatMap(([machine, { until }]) => (until > now ? [machine] : [])).slice(-MOST_NAMED);
  }
}

import { FailedMachines } from './failed-machines.ts';

/** On so many machines a work may not even begin until that is told as its own fault. */
const MOST = 3;

/** What is known of the machines of a cluster: those that failed under a job, and those on which a work did not come out. */
export class Machines {
  private readonly failed = new FailedMachines();
  private readonly avoided = new Map<string, Set<string>>();
  private readonly unbegun = new Map<string, Set<string>>();

  /** Machines that a work is not to be given. */
  excludedFor(work: string): readonly string[] {
    return [...new Set([...this.failed.excluded(), ...(this.avoided.get(work) ?? [])])];
  }

  /** It failed, whatever it had to do. */
  fail(machine: string): void {
    this.failed.note([machine]);
  }

  /** A work did not come out on a machine: its next try is elsewhere, since one bad machine, which is always free, would use up all of them. */
  avoid(work: string, machine: string): void {
    if (machine === '') return;
    const machines = this.avoided.get(work) ?? new Set();
    this.avoided.set(work, machines.add(machine));
  }

  /** A job ended before its work began. True: that may be the fault of its machine, and others are left to try. */
  isWorthAnother(work: string, machine: string): boolean {
    const known = this.unbegun.get(work) ?? new Set();
    const isNew = machine !== '' && !known.has(machine);
    this.unbegun.set(work, known.add(machine));
    if (isNew && known.size < MOST) {
      this.fail(machine);
      return true;
    }
    // It is the same everywhere: none of them is at fault.
    for (const machine of known) this.failed.forget(machine);
    this.unbegun.delete(work);
    return false;
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { exactJson } from '../../model/canonical.ts';
import { monotonic } from '../../model/clock.ts';
import type { Job } from '../../model/executor.ts';
import type { JobSpecification } from '../../model/job.ts';

/** So many nodes of a kind of which nothing is known are given jobs of their own at once; the others wait a moment for what they tell. */
const SCOUTS = 4;

/** What is known of the nodes of a kind. */
interface Kind {
  /** Those that were begun while nothing was known. */
  scouts: number;
  readonly since: number;
  count: number;
  /** Of those that ended. */
  seconds: number;
  /** One of them took too long for a job that it shared with others. */
  isLarge: boolean;
  readonly ended: Promise<void>;
  readonly end: () => void;
}

function kindOf({ program, resources }: JobSpecification): string {
  return exactJson([program.kind === 'stage' ? program.bundle : program.run, resources]);
}

/** How long nodes take, as far as it is known: whether they are so small that a job for each would cost the cluster more than the work itself. */
export class Sizes {
  private readonly kinds = new Map<string, Kind>();
  private readonly limit: number;
  private readonly patience: number;

  /** `limit`: the seconds that a small node takes at most. `patience`: the milliseconds that nodes wait to learn what they are. */
  constructor(limit: number, patience: number) {
    this.limit = limit;
    this.patience = patience;
  }

  /** The seconds that a node is expected to take; undefined: nothing is known. */
  expected({ specification, expected }: Job): number | undefined {
    const { count, seconds } = this.kinds.get(kindOf(specification)) ?? { count: 0, seconds: 0 };
    const { timeout = Number.POSITIVE_INFINITY } = specification;
    return expected ?? (count > 0 ? seconds / count : timeout <= this.limit ? timeout : undefined);
  }

  /**
   * Whether a job may execute a node among others: it is small, or nothing is known of it. One of a kind of which nothing is known waits until
   * the first have told, which have jobs of their own, but not for long.
   */
  async isShared(job: Job, signal: AbortSignal): Promise<boolean> {
    const kind = this.kindAt(job.specification);
    if (this.limit === 0 || kind.isLarge) return false;
    if (this.expected(job) === undefined) {
      kind.scouts += 1;
      if (kind.scouts <= SCOUTS) return false;
      const left = kind.since + this.patience - monotonic();
      if (left > 0) await Promise.race([kind.ended, sleep(left, undefined, { signal, ref: false }).catch(() => undefined)]);
    }
    return (this.expected(job) ?? 0) <= this.limit;
  }

  /** Takes to heart how long a node took. */
  note(specification: JobSpecification, seconds: number): void {
    const kind = this.kindAt(specification);
    kind.count += 1;
    kind.seconds += seconds;
    kind.end();
  }

  /** Says that nodes of a kind need jobs of their own, whatever they took before. */
  noteLarge(specification: JobSpecification): void {
    this.kindAt(specification).isLarge = true;
  }

  private kindAt(specification: JobSpecification): Kind {
    const key = kindOf(specification);
    const found = this.kinds.get(key);
    if (found !== undefined) return found;
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const kind: Kind = { scouts: 0, since: monotonic(), count: 0, seconds: 0, isLarge: false, ended, end };
    this.kinds.set(key, kind);
    return kind;
  }
}

import { monotonic } from '../../model/clock.ts';
import { ask } from './commands.ts';
import type { Squeue, Watched } from './squeue.ts';
import type { SlurmJob } from './watch.ts';
import { isHopeless, isOver, isRequeued, type Word } from './word.ts';

/** Milliseconds after which a job that squeue does not know and that never began is given up, where the controller cannot be asked for it alone. */
const ABSENCE = 3 * 3_600_000;

/** As many answers of squeue without a job that has ended are enough then. */
const ABSENCES = 8;

/** Milliseconds that cancelling may take where the controller is away: it is tried again, or the job ends by itself when it begins. */
const CANCELLING = 5000;

/** What is known of a job that executes one attempt and nothing else. */
export interface OwnJobOptions {
  readonly id: string;
  readonly name: string;
  readonly environment: Record<string, string>;
}

/** A job that executes one attempt and nothing else. */
export class OwnJob implements SlurmJob {
  readonly id: string;
  private readonly options: OwnJobOptions;
  private readonly squeue: Squeue;
  private readonly watched: Watched;
  private readonly since = monotonic();
  /** When it was first asked whether all is told: the attempt has ended by then. */
  private endedAt: number | undefined;

  constructor(squeue: Squeue, options: OwnJobOptions) {
    this.id = options.id;
    this.options = options;
    this.squeue = squeue;
    this.watched = squeue.watch(options.id, options.name);
  }

  get word(): Word | undefined {
    return this.watched.word;
  }

  get isLost(): boolean {
    const { word, absences, isForgotten } = this.watched;
    const isAbsent = absences > ABSENCES && monotonic() - this.since > ABSENCE;
    return isOver(word) || isHopeless(word) || isRequeued(word) || isForgotten || isAbsent;
  }

  get isTold(): boolean {
    const { word, at, absences, isForgotten } = this.watched;
    this.endedAt ??= monotonic();
    // One that waits again although it had begun was put back into the queue.
    const isBack = word?.state === 'PENDING' && at > this.endedAt;
    return isOver(word) || isRequeued(word) || isBack || isForgotten || absences > ABSENCES;
  }

  get isForgotten(): boolean {
    return this.watched.isForgotten;
  }

  cancel(): Promise<unknown> {
    // Its number may be another's by now, where a controller lost its state: the name must be its own.
    return ask(['scancel', `--name=${this.options.name}`, this.id], {
      environment: this.options.environment,
      signal: AbortSignal.timeout(CANCELLING),
    });
  }

  onNews(call: () => void): () => void {
    const { onNews } = this.watched;
    onNews.add(call);
    return () => void onNews.delete(call);
  }

  letGo(): void {
    this.squeue.letGo(this.id, this.watched);
  }
}

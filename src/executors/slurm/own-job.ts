import { ask } from './commands.ts';
import { isHopeless, isOver, type Squeue, type Watched, type Word } from './squeue.ts';
import type { SlurmJob } from './watch.ts';

/** Answers of squeue after which a job that it does not know and that has ended is given up; and milliseconds for one that never began. */
const ABSENCES = 3;
const ABSENCE = 3 * 3_600_000;

/** What is known of a job that executes one attempt and nothing else. */
export interface OwnJobOptions {
  readonly id: string;
  readonly name: string;
  readonly environment: Record<string, string>;
  /** It was left by a coordinator: what squeue does not know any more and has not begun never will. */
  readonly isLeft: boolean;
}

/** A job that executes one attempt and nothing else. */
export class OwnJob implements SlurmJob {
  readonly id: string;
  private readonly options: OwnJobOptions;
  private readonly squeue: Squeue;
  private readonly watched: Watched;
  private readonly since = performance.now();

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
    const { word, absences } = this.watched;
    const isAbsent = absences > ABSENCES && (this.options.isLeft || performance.now() - this.since > ABSENCE);
    return isOver(word) || isHopeless(word) || isAbsent;
  }

  get isTold(): boolean {
    return isOver(this.watched.word) || this.watched.absences >= ABSENCES;
  }

  cancel(): Promise<unknown> {
    return ask(['scancel', this.id], { environment: this.options.environment });
  }

  onNews(call: () => void): () => void {
    this.watched.onNews = call;
    return () => {
      this.watched.onNews = undefined;
    };
  }

  letGo(): void {
    this.squeue.letGo(this.id);
  }
}

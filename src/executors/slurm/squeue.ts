import { setTimeout as sleep } from 'node:timers/promises';
import { ask, saidBy } from './commands.ts';

/** What squeue says of a job: a hint, never the truth. */
export interface Word {
  /** As Slurm names it: PENDING, RUNNING, NODE_FAIL, … */
  readonly state: string;
  /** Why it waits or ended. */
  readonly reason: string;
  /** The nodes of the cluster that it has. */
  readonly nodes: string;
}

/** What is known of a job that is watched. */
export interface Watched {
  /** Its name: a controller that lost its state gives numbers away again. */
  readonly name: string;
  /** The last that was said of it. */
  word: Word | undefined;
  /** Answers in a row that did not know it. */
  absences: number;
  /** How many of its tasks wait or run; undefined: nothing was said of it yet. One that is no array has one. */
  tasks: number | undefined;
  /** Called when something else is said of it than before. */
  onNews?: (() => void) | undefined;
}

/** States in which nothing of a job runs any more. */
const OVER: ReadonlySet<string> = new Set([
  'BOOT_FAIL',
  'CANCELLED',
  'COMPLETED',
  'DEADLINE',
  'FAILED',
  'NODE_FAIL',
  'OUT_OF_MEMORY',
  'PREEMPTED',
  'REVOKED',
  'TIMEOUT',
]);

/** Whether a job has ended, as Slurm sees it. */
export function isOver(word: Word | undefined): word is Word {
  return word !== undefined && OVER.has(word.state);
}

/** Why a job waits that will never begin. */
const HOPELESS =
  /^(?:Bad[Cc]onstraints|Invalid(?:Account|QOS)|PartitionTimeLimit|AccountNotAllowed|QOSNotAllowed|(?:Assoc|QOS)Max\w+PerJob\w*|Reservation Deleted|DependencyNeverSatisfied)$/;

/** Whether a job waits for what will never be, or was given up by Slurm for that. */
export function isHopeless(word: Word | undefined): boolean {
  return (word?.state === 'PENDING' || word?.state === 'FAILED') && HOPELESS.test(word.reason);
}

/** The longest time between two questions to a controller that does not answer, in milliseconds. */
const LONGEST = 300_000;

/** What squeue prints of a job: the numbers of the array that it is of and its own, its task there, its name, and what is said of it. */
const FIELDS = '%F|%A|%K|%j|%T|%r|%N';

/** Tasks of a job of which the same is said. */
interface Tasks {
  readonly count: number;
  readonly word: Word;
}

/** How many tasks of an array a text such as `0-3,7%4` names; of what is no array, one. */
function countOf(tasks: string): number {
  const parts = tasks.replace(/%.*$/, '').split(',');
  const counts = parts.map((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return last - first + 1;
  });
  return counts.reduce((sum, count) => sum + (Number.isFinite(count) ? count : 1), 0);
}

/** What was said, by each number that a job goes by and its name: an array's own, its task's in it, and that of the task as a job. */
function tasksTold(printed: string): ReadonlyMap<string, readonly Tasks[]> {
  const told = new Map<string, Tasks[]>();
  for (const line of printed.split('\n')) {
    const [array = '', own = '', index = '', name = '', state = '', reason = '', nodes = ''] = line.split('|');
    const tasks: Tasks = { count: countOf(index), word: { state, reason, nodes } };
    for (const id of new Set([array, own, `${array}_${index}`])) {
      const known = told.get(`${id} ${name}`) ?? [];
      known.push(tasks);
      told.set(`${id} ${name}`, known);
    }
  }
  return told;
}

/** Asks one squeue for all jobs of an executor, as long as there are any. Where it fails it is asked less and less often, and nothing is lost. */
export class Squeue {
  private readonly environment: Record<string, string>;
  private readonly poll: number;
  private readonly jobs = new Map<string, Watched>();
  private wait: number;
  private isAsking = false;

  constructor(environment: Record<string, string>, poll: number) {
    this.environment = environment;
    this.poll = poll;
    this.wait = poll;
  }

  /** Watches a job from now on, until it is let go. */
  watch(id: string, name: string): Watched {
    const watched: Watched = { name, word: undefined, absences: 0, tasks: undefined };
    this.jobs.set(id, watched);
    void this.askOn();
    return watched;
  }

  letGo(id: string): void {
    this.jobs.delete(id);
  }

  /** The number of the living job of a name; undefined where there is none. It waits for a controller that does not answer. */
  async find(name: string, signal: AbortSignal): Promise<string | undefined> {
    for (let wait = this.poll; !signal.aborted; wait = Math.min(2 * wait, LONGEST)) {
      const answer = await ask(['squeue', '-h', '-o', '%F', `--name=${name}`], { environment: this.environment });
      if (answer.code === 0) return answer.printed.split('\n').find((line) => line !== '');
      await sleep(wait, undefined, { signal }).catch(() => undefined);
    }
    return undefined;
  }

  private async askOn(): Promise<void> {
    if (this.isAsking) return;
    this.isAsking = true;
    // A job is short at times: its first word comes early, and those that are submitted together are asked for together.
    await sleep(Math.min(this.poll, 1000));
    while (this.jobs.size > 0) {
      this.wait = (await this.askOnce()) ? this.poll : Math.min(2 * this.wait, LONGEST);
      await sleep(this.wait, undefined, { ref: false });
    }
    this.isAsking = false;
  }

  private async askOnce(): Promise<boolean> {
    const ids = [...this.jobs.keys()];
    const answer = await ask(['squeue', '-h', '-t', 'all', '-o', FIELDS, '-j', ids.join(',')], { environment: this.environment });
    // Of a single job that it has forgotten it says so by failing.
    if (answer.code !== 0 && !/Invalid job id/.test(saidBy(answer))) return false;
    const told = tasksTold(answer.printed);
    for (const id of ids) {
      const watched = this.jobs.get(id);
      if (watched === undefined) continue;
      const tasks = told.get(`${id} ${watched.name}`) ?? [];
      const alive = tasks.filter(({ word }) => !isOver(word));
      const before = watched.word;
      watched.absences = tasks.length === 0 ? watched.absences + 1 : 0;
      watched.tasks = alive.reduce((sum, { count }) => sum + count, 0);
      watched.word = (alive.find(({ word }) => word.state !== 'PENDING') ?? alive[0] ?? tasks.at(-1))?.word ?? watched.word;
      if (watched.word?.state !== before?.state) watched.onNews?.();
    }
    return true;
  }
}

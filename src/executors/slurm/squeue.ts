import { setTimeout as sleep } from 'node:timers/promises';
import { monotonic } from '../../model/clock.ts';
import { ask, saidBy } from './commands.ts';
import { LastWords } from './last-words.ts';
import { isOver, type Word } from './word.ts';

/** What is known of a job that is watched. */
export interface Watched {
  /** Its name: a controller that lost its state gives numbers away again. */
  readonly name: string;
  /** The last that was said of it. */
  word: Word | undefined;
  /** When that was asked, as `monotonic()` counts. */
  at: number;
  /** Answers in a row that did not know it. */
  absences: number;
  /** The controller itself does not know it any more, and what it says is no matter of filters. */
  isForgotten: boolean;
  /** How many of its tasks wait or run; undefined: nothing was said of it yet. One that is no array has one. */
  tasks: number | undefined;
  /** Called when something else is said of it than before. */
  readonly onNews: Set<() => void>;
  /** How many want to know: a pilot executes several attempts, one after another. */
  watchers: number;
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

/** Answers of squeue without a job after which the controller is asked for that job alone, and again after as many. */
const ABSENCES = 3;

/** So many jobs are asked for alone at most after one answer of squeue. */
const MOST_ALONE = 20;

/** Asks one squeue for all jobs of an executor, as long as there are any. Where it fails it is asked less and less often, and nothing is lost. */
export class Squeue {
  private readonly environment: Record<string, string>;
  private readonly poll: number;
  private readonly jobs = new Map<string, Watched>();
  private readonly lastWords: LastWords;
  private wait: number;
  private isAsking = false;
  private asking = new AbortController();

  constructor(environment: Record<string, string>, poll: number) {
    this.environment = environment;
    this.poll = poll;
    this.wait = poll;
    this.lastWords = new LastWords(environment);
  }

  /** Watches a job from now on, until it is let go. */
  watch(id: string, name: string): Watched {
    const known = this.jobs.get(id);
    const watched: Watched =
      known?.name === name
        ? known
        : { name, word: undefined, at: 0, absences: 0, isForgotten: false, tasks: undefined, onNews: new Set(), watchers: 0 };
    watched.watchers += 1;
    this.jobs.set(id, watched);
    void this.askOn();
    return watched;
  }

  letGo(id: string, watched: Watched): void {
    watched.watchers -= 1;
    if (watched.watchers === 0 && this.jobs.get(id) === watched) this.jobs.delete(id);
    // A controller that is away is not waited for in the name of nobody.
    if (this.jobs.size === 0) this.asking.abort();
  }

  /** The number of the living job of a name; undefined where there is none. It waits for a controller that does not answer. */
  find(name: string, signal: AbortSignal): Promise<string | undefined> {
    return this.findIn([], name, signal);
  }

  /** As `find`, and of one that has ended lately. */
  findAny(name: string, signal: AbortSignal): Promise<string | undefined> {
    return this.findIn(['-t', 'all'], name, signal);
  }

  private async findIn(states: readonly string[], name: string, signal: AbortSignal): Promise<string | undefined> {
    for (let wait = this.poll; !signal.aborted; wait = Math.min(2 * wait, LONGEST)) {
      const answer = await ask(['squeue', '-h', '-a', ...states, '-o', '%F', `--name=${name}`], { environment: this.environment });
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
    const at = monotonic();
    this.asking = new AbortController();
    const { signal } = this.asking;
    const command = ['squeue', '-h', '-a', '-t', 'all', '-o', FIELDS, '-j', ids.join(',')];
    const answer = await ask(command, { environment: this.environment, signal });
    if (signal.aborted) return true;
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
      const word = (alive.find(({ word: { state } }) => state !== 'PENDING') ?? alive[0] ?? tasks.at(-1))?.word;
      if (word !== undefined) Object.assign(watched, { word, at, isForgotten: false });
      if (watched.word?.state !== before?.state) for (const call of watched.onNews) call();
    }
    await this.askAlone();
    return true;
  }

  /** Asks the controller for those jobs alone of which squeue says nothing: it may hide them, and they may be gone. */
  private async askAlone(): Promise<void> {
    const absent = [...this.jobs].filter(([, { absences }]) => absences > 0 && absences % ABSENCES === 0);
    for (const [id, watched] of absent.slice(0, MOST_ALONE)) {
      const at = monotonic();
      const word = await this.lastWords.ask(id, watched.name);
      if (word === 'unknown') continue;
      watched.isForgotten = word === 'forgotten' || 'last' in word;
      if (word !== 'forgotten' && 'last' in word) watched.word = word.last;
      else if (word !== 'forgotten') Object.assign(watched, { word, at, absences: 0 });
      for (const call of watched.onNews) call();
    }
  }
}

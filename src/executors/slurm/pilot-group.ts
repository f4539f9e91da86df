import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { namesIn } from '../../files/folder.ts';
import { lastLines } from '../../files/last-lines.ts';
import { removeTree } from '../../files/remove.ts';
import { monotonic } from '../../model/clock.ts';
import type { Job } from '../../model/executor.ts';
import type { Problem } from '../../model/problem.ts';
import { standingOf } from '../cluster/ownership.ts';
import {
  addEntry,
  type CrewNote,
  entriesLeft,
  entriesTaken,
  lookAnewAtList,
  makeWorklist,
  noteCrew,
  withdrawEntry,
} from '../cluster/worklist.ts';
import { attemptFile } from '../job/attempt-files.ts';
import { ask } from './commands.ts';
import { ListWatch } from './list-watch.ts';
import { PilotedJob } from './piloted-job.ts';
import type { SlurmSettings } from './slurm-settings.ts';
import type { Machines } from './machines.ts';
import type { Squeue, Watched } from './squeue.ts';
import { MOST_TASKS, PILOT_LOG, pilotCommand, pilotScript } from './submission.ts';
import { handedSecrets, submit } from './submit.ts';
import { isHopeless, type Word } from './word.ts';

/** Seconds of work that a pilot is submitted for, and those that it costs to begin a node. */
const SHARE = 20;
const BEGINNING = 0.3;

/** So many times the pilots that are wanted are too many: those that have not begun are cancelled. */
const MANY = 2;

/** Milliseconds in which attempts are gathered before pilots are submitted for them. */
const GATHERING = 200;

/** So often pilots are submitted in a row of which none has taken anything. */
const MOST_FRUITLESS = 3;

/** Answers of squeue after which pilots that it does not know are gone. */
const ABSENCES = 3;

/** Milliseconds that a list stays when nothing is left on it. */
const LINGERING = 5000;

/** Lines of what a pilot printed that are told. */
const TOLD_LINES = 20;

/** What pilots need of their executor. */
export interface Piloting {
  readonly settings: SlurmSettings;
  readonly environment: Record<string, string>;
  readonly squeue: Squeue;
  readonly machines: Machines;
}

/** An attempt for pilots. */
export interface SmallJob {
  readonly job: Job;
  /** The seconds that it is expected to take; undefined: nothing is known yet. */
  readonly seconds: () => number | undefined;
  /** Told where Slurm takes no job just now. */
  readonly onWait: (message: string) => void;
}

/** Why nothing on a list will begin any more, with what Slurm said where it refused pilots. */
export interface Hopelessness {
  readonly problem?: Problem;
}

/** What an attempt waits for that no pilot has taken. */
export interface AwaitedPilots {
  /** The newest pilots; undefined: none were submitted. */
  readonly id: string | undefined;
  readonly word: Word | undefined;
  /** None will take it; undefined: one may. */
  readonly reason: Hopelessness | undefined;
}

/** Pilots that were submitted together, as one array. */
interface Crew {
  readonly id: string;
  readonly count: number;
  readonly watched: Watched;
  /** Those of it that had not begun were cancelled: there was no more work for them. */
  isThinned: boolean;
}

/** How many of a crew wait or run, as far as is known. */
function sizeOf({ count, watched: { tasks = count, absences, isForgotten, word } }: Crew): number {
  return absences > ABSENCES || isForgotten || isHopeless(word) ? 0 : tasks;
}

/** Cancels those of a crew that have not begun. */
export async function cancelWaiting({ id, name }: CrewNote, environment: Record<string, string>): Promise<void> {
  await ask(['scancel', '--state=PENDING', `--name=${name}`, id], { environment });
}

/** A list of attempts that ask for the same, and the pilots that work through it. */
export class PilotGroup {
  private readonly list: string;
  private readonly name: string;
  private readonly piloting: Piloting;
  private readonly watch: ListWatch;
  private readonly first: Job;
  /** Attempts that have not ended, by their names on the list. */
  private readonly open = new Map<string, SmallJob>();
  private readonly crews: Crew[] = [];
  private added = 0;
  private takenBefore = -1;
  private fruitless = 0;
  private isManning = false;
  private timer: NodeJS.Timeout | undefined;
  private manAt = 0;
  private stop = new AbortController();
  private readonly onExit = (): void => void removeTree(this.list);
  private reason: Hopelessness | undefined;

  constructor(first: Job, piloting: Piloting) {
    const { folder, run } = first.specification;
    const id = `pilots-${randomBytes(4).toString('hex')}`;
    // Beside the folders of attempts: it lies where they do, and gc clears it away with them.
    this.list = join(dirname(folder), id);
    this.name = `still-${run}-${id}`;
    this.first = first;
    this.piloting = piloting;
    this.watch = new ListWatch(this.list);
    makeWorklist(this.list);
    process.once('exit', this.onExit);
  }

  /** More may be put on its list. */
  get isOpen(): boolean {
    return this.reason === undefined;
  }

  /** Puts an attempt on the list. */
  add(small: SmallJob): PilotedJob {
    const { specification } = small.job;
    this.added += 1;
    const entry = `${String(this.added).padStart(6, '0')}-${specification.attempt}`;
    this.open.set(entry, small);
    this.enter(entry, small);
    this.manIn(GATHERING);
    const { squeue, environment } = this.piloting;
    return new PilotedJob(specification.folder, {
      list: this.list,
      squeue,
      environment,
      awaited: () => this.awaited(entry),
      isTaken: () => entriesTaken(this.list).includes(entry),
      onNews: (call) => this.watch.onNews(entry, call),
      end: () => this.end(entry),
    });
  }

  private enter(entry: string, { job: { specification, lock } }: SmallJob): void {
    addEntry(this.list, entry, { folder: specification.folder, lock: lock?.path ?? '' });
  }

  /** What an attempt that has not begun waits for: told of the first on the list, since all wait for the same. */
  private awaited(entry: string): AwaitedPilots {
    const crew = this.crews.at(-1);
    const isTold = this.reason !== undefined || this.watch.first === entry;
    return { id: crew?.id, word: isTold ? crew?.watched.word : undefined, reason: this.reason };
  }

  private end(entry: string): void {
    this.open.delete(entry);
    withdrawEntry(this.list, entry);
    if (this.open.size > 0) return;
    this.stop.abort();
    this.manIn(LINGERING);
    this.thinOut();
  }

  /** Cancels pilots that have not begun. Those that run look for a while whether more comes. */
  private thinOut(): void {
    const crews = this.crews.filter((crew) => !crew.isThinned && sizeOf(crew) > 0);
    for (const crew of crews) crew.isThinned = true;
    for (const { id, watched } of crews) void cancelWaiting({ id, name: watched.name }, this.piloting.environment);
  }

  /** Looks after pilots in a while, or sooner if that was said before. */
  private manIn(milliseconds: number): void {
    const at = monotonic() + milliseconds;
    if (this.timer !== undefined && this.manAt <= at && this.open.size > 0) return;
    clearTimeout(this.timer);
    this.manAt = at;
    this.timer = setTimeout(() => void this.man(), milliseconds);
    if (this.open.size === 0) this.timer.unref();
  }

  /** Sees to it that there are as many pilots as what is left is worth. */
  private async man(): Promise<void> {
    this.timer = undefined;
    if (this.isManning || this.reason !== undefined) return;
    if (this.open.size === 0) return this.close({});
    this.isManning = true;
    const problem = await this.manOnce();
    this.isManning = false;
    if (problem !== undefined) this.close(problem);
    else this.manIn(this.open.size === 0 ? LINGERING : this.piloting.settings.poll);
  }

  /** What keeps the list from being worked through; undefined: nothing. */
  private async manOnce(): Promise<Hopelessness | undefined> {
    const alive = this.crews.reduce((sum, crew) => sum + sizeOf(crew), 0);
    if (alive === 0 && this.crews.length > 0) this.enterAgain();
    lookAnewAtList(this.list);
    const left = entriesLeft(this.list);
    const shares = left.reduce((sum, entry) => sum + this.shareOf(entry), 0);
    const wanted = Math.min(Math.max(1, Math.ceil(shares)), left.length, MOST_TASKS, this.piloting.settings.jobs);
    if (alive > MANY * wanted) this.thinOut();
    if (wanted <= alive) return undefined;
    return alive === 0 && this.isFruitless(left.length) ? {} : this.submit(wanted - alive);
  }

  /** The part of a pilot's work that an attempt is: all of it, as long as nothing is known. */
  private shareOf(entry: string): number {
    const seconds = this.open.get(entry)?.seconds();
    return seconds === undefined ? 1 : Math.min(1, (seconds + BEGINNING) / SHARE);
  }

  /** Whether new pilots would come to as little as those before, none of which lives. */
  private isFruitless(left: number): boolean {
    const taken = this.added - left;
    this.fruitless = taken > this.takenBefore ? 0 : this.fruitless + 1;
    this.takenBefore = taken;
    const last = this.crews.findLast(({ isThinned }) => !isThinned)?.watched.word;
    // That may be the fault of a machine: the next ones are not given it.
    const isElsewhere = this.fruitless > 0 && this.piloting.machines.isWorthAnother(this.name, last?.nodes ?? '');
    return this.fruitless >= MOST_FRUITLESS || isHopeless(last) || (last?.state === 'CANCELLED' && !isElsewhere);
  }

  /** Puts attempts on the list again that a pilot took which ended before it had begun them. */
  private enterAgain(): void {
    const left = new Set(entriesLeft(this.list));
    for (const [entry, small] of this.open)
      if (!left.has(entry) && standingOf(small.job.specification.folder) === 'waiting') this.enter(entry, small);
  }

  private async submit(count: number): Promise<Hopelessness | undefined> {
    const { settings, environment, squeue, machines } = this.piloting;
    const { specification, secrets } = this.first;
    const [waits] = this.open.values();
    // Names of their own, by which pilots are found whose number was not told.
    const name = `${this.name}-${this.crews.length}`;
    const request = { list: this.list, name, resources: specification.resources, count, excluded: machines.excludedFor(this.name) };
    this.stop = new AbortController();
    const submitted = await submit(
      {
        name,
        node: waits?.job.specification.node ?? specification.node,
        command: pilotCommand(request, settings),
        script: pilotScript(this.list, settings),
        handed: handedSecrets(secrets),
      },
      { settings, environment, squeue, onWait: (message) => waits?.onWait(message), signal: this.stop.signal },
    );
    if (!submitted.ok) return { problem: submitted.problems[0] as Problem };
    const { value: id } = submitted;
    if (id === undefined) return undefined;
    this.crews.push({ id, count, watched: squeue.watch(id, name), isThinned: false });
    noteCrew(this.list, { id, name });
    if (this.open.size === 0) this.thinOut();
    return undefined;
  }

  private close(reason: Hopelessness): void {
    this.reason = reason;
    process.off('exit', this.onExit);
    const words = this.wordsOfPilots();
    if (words !== '') for (const { job } of this.open.values()) appendFileSync(attemptFile(job.specification.folder, 'output'), words);
    for (const { id, watched } of this.crews) this.piloting.squeue.letGo(id, watched);
    if (this.open.size === 0) removeTree(this.list);
  }

  /** What pilots printed themselves that came to nothing. */
  private wordsOfPilots(): string {
    const log = namesIn(this.list).findLast((name) => name.endsWith(PILOT_LOG));
    return log === undefined ? '' : lastLines(join(this.list, log), TOLD_LINES).join('\n');
  }
}

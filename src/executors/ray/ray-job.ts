import { setTimeout as sleep } from 'node:timers/promises';
import { monotonic } from '../../model/clock.ts';
import type { JobSpecification } from '../../model/job.ts';
import { type Standing, standingOf } from '../cluster/ownership.ts';
import type { ClusterJob } from '../cluster/watch.ts';
import { isOver, type RayApi, type Word } from './api.ts';
import { saidBy } from './answers.ts';
import { askedText, fits, jobName, type Submitted } from './submission.ts';

/** Milliseconds between two looks at whether Ray is to be asked, and between two questions about what has ended. */
const PAUSE = 500;

/** The longest time between two questions to a Ray that does not answer, in milliseconds. */
const LONGEST = 120_000;

/** Answers in a row after which a job that Ray does not know is believed to be gone with a Ray that is no more. */
const ABSENCES = 2;

/** Milliseconds that a job which is not wanted any more is given to be told so. */
const PATIENCE = 5000;

/** Milliseconds after which a Ray that does not answer is not waited for any longer to say how an attempt ended. */
const SILENCE = 60_000;

/** What is known of a job beside what Ray says. */
export interface RayJobOptions {
  readonly attempt: JobSpecification;
  readonly submitted: Submitted;
  /** Milliseconds. */
  readonly poll: number;
  /** Gives the attempt to Ray once more, where Ray has given its job up before it began. False: Ray does not take it. */
  readonly again: (next: Submitted) => Promise<boolean>;
}

/** A job of Ray. It is asked for only as long as the folder of its attempt tells nothing. */
export class RayJob implements ClusterJob<Word> {
  word: Word | undefined;
  private submitted: Submitted;
  private readonly api: RayApi;
  private readonly options: RayJobOptions;
  private absences = 0;
  /** When Ray stopped answering. */
  private silentSince: number | undefined;
  private silence = '';
  private standing: Standing = 'waiting';
  private isCancelled = false;
  private isLetGo = false;
  private lacking: string | undefined;

  constructor(api: RayApi, options: RayJobOptions) {
    this.api = api;
    this.options = options;
    this.submitted = options.submitted;
    void this.askOn();
  }

  /** The name by which Ray knows it. */
  get id(): string {
    return jobName(this.options.attempt, this.submitted.times);
  }

  /** Ray does not end a job that it has not begun: its attempt is taken back instead. */
  get isLost(): boolean {
    return isOver(this.word) || this.absences >= ABSENCES || this.isCancelled;
  }

  get isTold(): boolean {
    const isSilent = this.silentSince !== undefined && monotonic() - this.silentSince > SILENCE;
    return isOver(this.word) || this.absences >= ABSENCES || isSilent;
  }

  /** Why it has not begun, for people. Told how the attempt stands, it asks no more than it must. */
  readonly waits = (standing: Standing): string | undefined => {
    this.standing = standing;
    if (standing !== 'waiting') return undefined;
    if (this.silence !== '') return this.silence;
    if (this.word?.state !== 'PENDING') return undefined;
    return this.lacking;
  };

  async cancel(): Promise<void> {
    this.isCancelled = true;
    // Nobody waits for long for a Ray that does not answer: without its folder a job does nothing.
    await Promise.race([this.api.stop(this.id), sleep(PATIENCE, undefined, { ref: false })]);
  }

  letGo(): void {
    this.isLetGo = true;
  }

  private async askOn(): Promise<void> {
    let wait = Math.min(this.options.poll, 1000);
    let asked = monotonic();
    while (!this.isLetGo) {
      await sleep(Math.min(PAUSE, this.options.poll), undefined, { ref: false });
      const { standing } = this;
      const isDue = monotonic() - asked >= (standing === 'ended' ? Math.min(wait, 1000) : wait);
      if (standing === 'alive' || !isDue || this.isLetGo) continue;
      const answers = await this.askOnce();
      asked = monotonic();
      wait = answers ? this.options.poll : Math.min(2 * wait, LONGEST);
    }
  }

  /** False: Ray did not answer. */
  private async askOnce(): Promise<boolean> {
    const answer = await this.api.job(this.id);
    if (answer !== 'unknown' && 'status' in answer) {
      this.silentSince ??= monotonic();
      this.silence = `waits for Ray at ${this.api.address}, which does not answer: ${saidBy(answer)}`;
      return false;
    }
    this.silentSince = undefined;
    this.silence = '';
    if (answer === 'unknown') this.absences += 1;
    else {
      this.absences = 0;
      if (answer.state === 'PENDING' && this.word?.state === 'PENDING') this.lacking ??= await this.whatIsLacking();
      if (!isGivenUp(answer) || !(await this.isGivenAgain())) this.word = answer;
    }
    return true;
  }

  /** Why no machine takes it: none is free, or none is large enough. */
  private async whatIsLacking(): Promise<string> {
    const { asked } = this.submitted;
    return (await this.isTooLarge())
      ? `waits in Ray as job ${this.id}: no machine that Ray has now is as large as it asks for (${askedText(asked)})`
      : `waits in Ray as job ${this.id} for a machine with room for it (${askedText(asked)})`;
  }

  /** False also where Ray does not say what its machines have. */
  private async isTooLarge(): Promise<boolean> {
    const machines = await this.api.machines();
    return machines !== undefined && !machines.some((machine) => fits(this.submitted.asked, machine));
  }

  /** Ray gives up what finds no machine for a quarter of an hour. If there is one that is only busy, the job is given to it again. */
  private async isGivenAgain(): Promise<boolean> {
    if (this.isCancelled || standingOf(this.options.attempt.folder) !== 'waiting' || (await this.isTooLarge())) return false;
    const next = { ...this.submitted, times: this.submitted.times + 1 };
    if (!(await this.options.again(next))) return false;
    this.submitted = next;
    return true;
  }
}

/** Whether Ray gave a job up that had not begun, only since it waited for too long. */
export function isGivenUp({ state, failure, message }: Word): boolean {
  return state === 'FAILED' && (failure === 'JOB_SUPERVISOR_ACTOR_START_TIMEOUT' || /failed to start within/.test(message));
}

import { setTimeout as sleep } from 'node:timers/promises';
import { monotonic } from '../../model/clock.ts';
import { done, failed, type Outcome } from '../../model/problem.ts';
import { type Answer, ask, saidBy } from './commands.ts';
import { placeOptions } from './submission.ts';
import type { SlurmSettings } from './slurm-settings.ts';
import { Squeue } from './squeue.ts';
import { isRefusal, refused, RETRYING } from './submit.ts';
import { isHopeless, isOver, type Word } from './word.ts';

/** A job that executes no node: it looks at its machine, or sets something up there. */
export interface PlaceJob {
  /** By its name it is found again. */
  readonly name: string;
  /** What it is for, in words. */
  readonly purpose: string;
  readonly script: string;
  readonly settings: SlurmSettings;
  /** True: it asks for a device. */
  readonly usesDevice: boolean;
  readonly environment: Record<string, string>;
  /** Told why it waits, each time that this is another reason. */
  readonly tell: (message: string) => void;
  /** Aborted: nobody waits for it any more. */
  readonly signal: AbortSignal;
}

/** A job that is there. */
export interface Begun {
  readonly id: string;
  /** It was found in the queue: another process submitted it. */
  readonly isFound?: true;
}

/** How such a job stands when nobody waits for it any more. */
export interface PlaceEnd {
  readonly word: Word | undefined;
  /** The code that it ended with, where it has ended and Slurm knows. */
  readonly code: number | undefined;
}

/** Milliseconds between two questions to squeue, and between two looks at what the job writes. */
const POLL = 3000;
const PAUSE = 100;

/** Milliseconds between two looks whatever this machine keeps of earlier ones. */
const ANEW = 1000;

/** Milliseconds after its end in which what a job wrote may still come to be seen: a network drive keeps folders in mind. */
const LATE = 60_000;

/** Memory that loading an engine takes, where nothing else is asked for. */
const MEMORY = '2G';

/** Milliseconds for which a controller that is away is waited for, and those that cancelling may take. */
const PATIENCE = 60_000;
const WITHDRAWING = 5000;

/** Submits such a job, unless one of its name is in the queue. */
export async function beginPlaceJob(job: PlaceJob): Promise<Outcome<Begun>> {
  const { name, purpose, script, environment, tell, signal } = job;
  const end = monotonic() + PATIENCE;
  for (let before: Answer | undefined; ; ) {
    // Where nobody answers, sbatch says why.
    const queued = await ask(['squeue', '-h', '-a', '-o', '%i', `--name=${name}`], { environment, signal });
    const [found = ''] = queued.printed.split('\n');
    if (found !== '') return done({ id: found, isFound: true });
    const answer = await ask(placeCommand(job), { environment, input: script, signal, enough: RETRYING });
    if (answer.code === 0) return done({ id: answer.printed.trim().split(';')[0] ?? '' });
    if (signal.aborted) await withdraw(job);
    if (signal.aborted || isRefusal(answer) || monotonic() > end) return failed(refused(purpose, before ?? answer));
    if (before === undefined) tell(`Slurm takes no job now: ${saidBy(answer)}`);
    before = answer;
    await sleep(POLL, undefined, { signal }).catch(() => undefined);
  }
}

/** Cancels such a job, for which nobody waits any more. */
export async function withdraw({ name, environment }: PlaceJob): Promise<void> {
  await ask(['scancel', `--name=${name}`], { environment, signal: AbortSignal.timeout(WITHDRAWING) });
}

function placeCommand({ name, settings, usesDevice }: PlaceJob): string[] {
  const { sbatch, memory, time, gres } = settings;
  const isSized = sbatch.some((option) => option.startsWith('--mem'));
  return [
    ...['sbatch', '--parsable', '--no-requeue', `--job-name=${name}`, '--output=/dev/null', '--chdir=/'],
    ...(isSized ? [] : [`--mem=${memory > 0 ? `${Math.ceil(memory / 1024)}K` : MEMORY}`]),
    ...(usesDevice ? [`--gres=${gres}:1`] : []),
    ...(time === undefined ? [] : [`--time=${time}`]),
    ...placeOptions(settings),
    ...sbatch,
    '--export=ALL',
  ];
}

/** Looks again and again for what such a job makes, until it is there or can no longer come: then, how the job stands. */
export async function followPlaceJob<Value>(
  { name, environment, tell, signal }: PlaceJob,
  { id }: Begun,
  look: (isAnew: boolean) => Value | undefined,
): Promise<Value | PlaceEnd> {
  const squeue = new Squeue(environment, POLL);
  const watched = squeue.watch(id, name);
  let told = '';
  let late: number | undefined;
  let code: number | undefined;
  let anewAt = monotonic() + ANEW;
  try {
    for (;;) {
      const { word } = watched;
      if (isOver(word) && late === undefined) {
        code = await exitCodeOf(id, environment);
        late = monotonic() + (word?.state === 'COMPLETED' && code === 0 ? LATE : 0);
      }
      const isLast = signal.aborted || isHopeless(word) || (late !== undefined && monotonic() >= late);
      // Of what waits in the queue nothing is to be seen.
      const isAnew = word?.state !== 'PENDING' && monotonic() >= anewAt;
      if (isAnew) anewAt = monotonic() + ANEW;
      const value = look(isAnew || isLast);
      if (value !== undefined) return value;
      if (isLast) return { word, code };
      if (word?.state === 'PENDING' && word.reason !== told && word.reason !== 'None') tell(`job ${id} waits in the queue: ${word.reason}`);
      told = word?.reason ?? told;
      await sleep(PAUSE, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    squeue.letGo(id, watched);
  }
}

/** The code that a job ended with, while the controller remembers it. */
async function exitCodeOf(id: string, environment: Record<string, string>): Promise<number | undefined> {
  const { printed } = await ask(['scontrol', 'show', 'job', id, '--oneliner'], { environment });
  const [, code] = /\bExitCode=(\d+):/.exec(printed) ?? [];
  return code === undefined ? undefined : Number(code);
}

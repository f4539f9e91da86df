import { setTimeout as sleep } from 'node:timers/promises';
import { monotonic } from '../../model/clock.ts';
import { done, failed, type Outcome } from '../../model/problem.ts';
import { shellWord } from '../../text/shell-word.ts';
import { isTaken, refused } from './answers.ts';
import { isOver, type RayApi, type Word } from './api.ts';
import type { RaySettings } from './ray-settings.ts';
import { resourcesOf } from './submission.ts';

/** A job that executes no node: it looks at its machine, or sets something up there. */
export interface PlaceJob {
  /** By its name it is found again. */
  readonly id: string;
  /** The executor that it is for. */
  readonly name: string;
  /** What it does, in words. */
  readonly purpose: string;
  /** Ray shows it to anyone. */
  readonly script: string;
  readonly settings: RaySettings;
  /** Told once that it waits. */
  readonly tell: (message: string) => void;
  /** Aborted: nobody waits for it any more. */
  readonly signal: AbortSignal;
}

/** Milliseconds between two questions, and after its end in which what a job wrote may still come to be seen on a network drive. */
const PAUSE = 500;
const LATE = 60_000;

/** Questions after which it is told that a job waits: Ray takes a few seconds to begin one. */
const MANY = 20;

/** The part of a processor, a device and the like that such a job asks for: so it finds room beside others. */
const LITTLE = 0.001;

/** Submits such a job, or finds one of its name that waits or runs. */
export async function beginPlaceJob(
  api: RayApi,
  { id, name, purpose, script, settings }: PlaceJob,
): Promise<Outcome<'submitted' | 'found'>> {
  const before = await api.job(id);
  if (before !== 'unknown' && 'state' in before && isOver(before)) await api.forget(id);
  const little = (count: number): number => Math.min(count, LITTLE);
  const asked = {
    cpus: LITTLE,
    gpus: little(settings.gpus),
    memory: 0,
    resources: Object.fromEntries(Object.entries(settings.resources).map(([name, count]) => [name, little(count)])),
  };
  const metadata = { job_name: purpose };
  const answer = await api.submit({
    ...{ entrypoint: `exec bash -c ${shellWord(script)}`, submission_id: id, metadata },
    ...resourcesOf(asked),
  });
  if (isTaken(answer)) return done('found');
  return answer.status === 200 ? done('submitted') : failed(refused(name, answer, api.address));
}

/** Looks again and again for what such a job makes, until it is there or can no longer come: then, Ray's last word on the job. */
export async function followPlaceJob<Value>(
  api: RayApi,
  { id, tell, signal }: PlaceJob,
  look: (word: Word | undefined) => Value | undefined,
): Promise<Value | { readonly word: Word | undefined }> {
  let late: number | undefined;
  let word: Word | undefined;
  for (let asked = 0; ; asked += 1) {
    if (late === undefined) {
      const answer = await api.job(id);
      word = answer !== 'unknown' && 'state' in answer ? answer : word;
      if (isOver(word)) late = monotonic() + (word.state === 'SUCCEEDED' ? LATE : 0);
      if (asked === MANY && word?.state === 'PENDING') tell(`job ${id} waits in Ray for a machine with room for it`);
    }
    const isLast = signal.aborted || (late !== undefined && monotonic() >= late);
    const value = look(word);
    if (value !== undefined) return value;
    if (isLast) return { word };
    await sleep(PAUSE, undefined, { signal }).catch(() => undefined);
  }
}

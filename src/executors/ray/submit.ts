import { setTimeout as sleep } from 'node:timers/promises';
import { isObject, parseJson } from '../../files/json.ts';
import type { JsonObject } from '../../model/json.ts';
import { done, failed, type Outcome } from '../../model/problem.ts';
import { isTaken, passes, refused, saidBy } from './answers.ts';
import type { RayApi } from './api.ts';

/** Milliseconds between two tries: few at first. */
const PAUSES = { first: 1000, last: 120_000 };

/** What submitting needs beside what is submitted. */
export interface Submitting {
  /** What is submitted, for messages. */
  readonly what: string;
  /** Told once where it has to wait. */
  readonly onWait: (message: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Gives a job to Ray. False: the signal came first, and it is not known whether Ray has it. What passes is waited for; since Ray takes a name
 * once, no job is begun twice by that.
 */
export async function submit(api: RayApi, job: JsonObject, { what, onWait, signal }: Submitting): Promise<Outcome<boolean>> {
  for (let wait = PAUSES.first; !signal.aborted; wait = Math.min(2 * wait, PAUSES.last)) {
    const answer = await unlessAborted(api.submit(job), signal);
    if (answer === undefined) break;
    const isAccepted = answer.status === 200 && parseJson(answer.text, isObject) !== undefined;
    if (isAccepted || isTaken(answer)) return done(true);
    if (!passes(answer)) return failed(refused(`${what} cannot be given to Ray`, answer, api.address));
    if (wait === PAUSES.first) onWait(`${what} waits for Ray at ${api.address}, which takes no job now: ${saidBy(answer)}`);
    await sleep(wait, undefined, { signal }).catch(() => undefined);
  }
  return done(false);
}

/** What a promise comes to; undefined: the signal came first. */
async function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value | undefined> {
  const settled = new AbortController();
  const aborted = new Promise<undefined>((resolve) =>
    signal.addEventListener('abort', () => resolve(undefined), { once: true, signal: settled.signal }),
  );
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    settled.abort();
  }
}

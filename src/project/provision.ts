import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Provision, Uv } from '../code/python/uv.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';

/** How environments are locked. */
export interface Locking {
  /** Locks that are missing are made, with the network: what is planned is run at once. */
  readonly makesLocks?: boolean;
  /** What no file locks is locked anew. */
  readonly refreshes?: boolean;
  readonly tell?: Provision['tell'] | undefined;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** The user's folder of environments that were built, shared by projects: any of them may be removed while no node uses it. */
export function environmentsFolder(environment: Variables): string {
  return join(environment['XDG_CACHE_HOME'] || join(environment['HOME'] ?? homedir(), '.cache'), 'stillroom', 'environments');
}

/** What locks and builds the environments of commands. Nothing is looked for before it is needed. */
export function provisionOf(
  environment: Variables,
  { makesLocks = false, refreshes = false, tell = () => undefined }: Locking = {},
): Provision {
  return { uv, folder: environmentsFolder(environment), makesLocks, refreshes, tell };
}

let brought: string | undefined;

/** Under way: whoever else needs it meanwhile waits for the same. */
let bringing: Promise<Outcome<string>> | undefined;

const uv: Uv = {
  async here() {
    const { findUv } = await import('../setup/uv.mjs');
    brought ??= findUv()?.path;
    return brought;
  },
  async bring(signal) {
    if (brought !== undefined) return done(brought);
    bringing ??= bringNow(signal).finally(() => (bringing = undefined));
    return bringing;
  },
};

async function bringNow(signal: AbortSignal): Promise<Outcome<string>> {
  const [{ bringUv }, { SetupProblem }] = await Promise.all([import('../setup/uv.mjs'), import('../setup/problem.mjs')]);
  try {
    brought = (await bringUv(() => undefined, signal)).path;
    return done(brought);
  } catch (error) {
    if (signal.aborted) return failed(notBrought('it was stopped', 'run it again'));
    if (!(error instanceof SetupProblem)) throw error;
    return failed(notBrought(error.message, error.remedy.map((line) => line.trim()).join('\n  ')));
  }
}

function notBrought(why: string, hint: string): Problem {
  const message = `uv, which builds environments of Python, is not to be had: ${why}`;
  return { kind: 'stage', code: 'environment-failed', message, ...(hint === '' ? {} : { hint }) };
}

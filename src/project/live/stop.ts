import { hostname, userInfo } from 'node:os';
import { done, failed, type Outcome } from '../../model/problem.ts';
import type { StopWord } from '../../model/stop-word.ts';
import type { Store } from '../../model/store.ts';
import { thingMeant } from './things.ts';

/** What was told to end. */
export interface ToldToStop {
  readonly kind: 'run' | 'sweep';
  readonly id: string;
  /** Whether it lived, so that it was told. */
  readonly wasLive: boolean;
}

/** Who says so, as other machines can read it. */
function me(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // This user has no name here.
    return `user ${process.getuid?.() ?? ''}@${hostname()}`;
  }
}

/**
 * Tells a run or a sweep to end, wherever it is executed: asked, what runs may save its checkpoint; with `kill`, it may not. Fails where there is
 * none such, and where it does not listen.
 */
export async function stopThing(store: Store, word: string | undefined, how: StopWord): Promise<Outcome<ToldToStop>> {
  const meant = await thingMeant(store, word, 'stop');
  if (!meant.ok) return meant;
  const { kind, id } = meant.value;
  const record = kind === 'run' ? store.runs.read(id) : undefined;
  const wasLive = kind === 'run' ? record?.state === 'live' : store.sweeps.read(id)?.isLive === true;
  if (!wasLive) return done({ kind, id, wasLive });
  if (store.stops.tell(id, { word: how, by: me() })) return done({ kind, id, wasLive });
  const { sweep } = record ?? {};
  return failed({
    kind: 'usage',
    code: 'cannot-stop',
    message: sweep === undefined ? `the ${kind} ${id} takes no word from elsewhere` : `the run ${id} is a trial of the sweep ${sweep.id}`,
    hint: sweep === undefined ? 'stop it where it was started, by Ctrl-C' : `stop that: stillroom stop ${sweep.id}`,
  });
}

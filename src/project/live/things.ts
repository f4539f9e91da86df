import { done, failed, type Outcome, type Problem } from '../../model/problem.ts';
import type { Store } from '../../model/store.ts';
import { recordedSweep } from '../../sweep/recorded.ts';
import { noRuns } from '../../records/find.ts';
import { thingNamed } from '../tags.ts';

/** A run or a sweep that something is asked of while it lives. */
interface LiveThing {
  readonly kind: 'run' | 'sweep';
  readonly id: string;
  readonly pipeline: string;
}

/** How many live ones a hint lists. */
const LISTED = 8;

/** All that runs now, a sweep as one. */
function liveThings(store: Store): readonly LiveThing[] {
  const sweeps = store.sweeps.ids().flatMap((id): LiveThing[] => {
    const kept = store.sweeps.read(id);
    if (kept?.isLive !== true) return [];
    return [{ kind: 'sweep', id, pipeline: recordedSweep(id, kept.lines)?.pipeline ?? '' }];
  });
  const runs = [...store.runs.rows()]
    .filter(({ state, sweep }) => state === 'live' && sweep === null)
    .map(({ run: id, pipeline }): LiveThing => ({ kind: 'run', id, pipeline }));
  return [...runs, ...sweeps];
}

/** The run or sweep that is meant: the one of the name, or else the only one that lives. `verb`: what is asked of it, for hints. */
export async function thingMeant(store: Store, word: string | undefined, verb: string): Promise<Outcome<Pick<LiveThing, 'kind' | 'id'>>> {
  store.runs.lookAnew();
  store.sweeps.lookAnew();
  if (word !== undefined) return thingNamed(store, word);
  const live = liveThings(store);
  const [only, ...others] = live;
  if (only === undefined) return failed(nothingLive(store));
  return others.length === 0 ? done(only) : failed(severalLive(live, verb));
}

function nothingLive(store: Store): Problem {
  const [newest] = store.runs.ids();
  if (newest === undefined) return noRuns;
  const state = store.runs.read(newest)?.state ?? 'damaged';
  const hint = `the newest run (${state}): stillroom show ${newest}`;
  return { kind: 'usage', code: 'nothing-live', message: 'nothing runs here now', hint };
}

function severalLive(live: readonly LiveThing[], verb: string): Problem {
  const shown = live.slice(0, LISTED).map(({ id, pipeline }) => `stillroom ${verb} ${id} (${pipeline})`);
  const more = live.length > LISTED ? `; and ${live.length - LISTED} more` : '';
  const message = `${live.length} runs and sweeps live here`;
  return { kind: 'usage', code: 'several-live', message, hint: `say which: ${shown.join('; ')}${more}` };
}

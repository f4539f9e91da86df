import { pause } from '../../files/lock.ts';
import { done, type Outcome, type Problem } from '../../model/problem.ts';
import type { Store } from '../../model/store.ts';
import type { SweepEvent } from '../../model/sweep-event.ts';
import { outlineOf } from '../../model/sweep-journal.ts';
import { shellWord } from '../../text/shell-word.ts';
import { type ShownSweep, showSweep } from '../sweep-records.ts';
import { SweepTail } from './sweep-tail.ts';

/** Milliseconds between two looks at what came, and how many of them pass between two looks at what else there is. */
const PAUSE = { events: 200, looks: 5 } as const;

/** Looks at whether the process is gone, once the sweep has said that it has ended. */
const PARTING = 150;

/** How a sweep is watched that another process runs. */
export interface SweepWatch {
  /** Aborted: watches no longer, and what runs goes on. */
  readonly signal: AbortSignal;
  /** Told once what has happened since it was started last. */
  readonly onPast: (events: readonly SweepEvent[]) => void;
  readonly onEvent: (event: SweepEvent) => void;
}

/** A sweep that was watched. */
export interface AttachedSweep {
  readonly kind: 'sweep';
  /** How it ended, or as it stands. */
  readonly sweep: ShownSweep;
  /** That its process is gone, where it did not say how the sweep ended. */
  readonly problems: readonly Problem[];
  /** Whether it was live when watching began. */
  readonly wasLive: boolean;
}

/** Watches a sweep to its end, as long as the signal lets it. Fails where its journal is gone. */
export async function attachToSweep(store: Store, id: string, watch: SweepWatch): Promise<Outcome<AttachedSweep>> {
  const wasLive = store.sweeps.isLive(id);
  if (wasLive) {
    let past: SweepEvent[] = [];
    let tell = (event: SweepEvent): void => {
      past = event.type === 'sweep-started' ? [event] : [...past, event];
    };
    const tail = new SweepTail(store, id, (event) => tell(event));
    tail.read();
    // It has been started anew, and has not said so yet.
    if (tail.hasEnded) past = [];
    watch.onPast(past);
    tell = watch.onEvent;
    tail.hasEnded = false;
    await follow(store, id, tail, watch.signal);
  }
  store.sweeps.lookAnew();
  const sweep = showSweep(store, id);
  if (!sweep.ok) return sweep;
  const isGone = sweep.value.state !== 'live' && outlineOf(store.sweeps.read(id)?.lines ?? [])?.isClosed === false;
  return done({ kind: 'sweep', sweep: sweep.value, problems: isGone ? [interrupted(sweep.value)] : [], wasLive });
}

function interrupted({ sweep, file, set }: ShownSweep): Problem {
  const words = ['sweep', file, ...set.flatMap((one) => ['--set', one])].map(shellWord).join(' ');
  const message = `the sweep ${sweep} was interrupted: its process is gone`;
  return { kind: 'stage', code: 'run-interrupted', message, hint: `start it again as it was started to go on: stillroom ${words} …` };
}

/** Tells what happens until the sweep has ended, its process is gone, or the signal comes. */
async function follow({ sweeps }: Store, id: string, tail: SweepTail, signal: AbortSignal): Promise<void> {
  for (let look = 0; !signal.aborted && !tail.hasEnded; look += 1) {
    const isLook = look % PAUSE.looks === 0;
    if (isLook) tail.lookForTrials();
    const isGone = isLook && !sweeps.isLive(id);
    tail.read();
    if (isGone) break;
    await pause(PAUSE.events, signal);
  }
  tail.end();
  // What it does last, as its plots, is not told by events.
  for (let look = 0; look < PARTING && !signal.aborted && sweeps.isLive(id); look += 1) await pause(PAUSE.events, signal);
}

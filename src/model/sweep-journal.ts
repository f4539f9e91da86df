/** Which trial of which sweep a run is of. */
export interface OfSweep {
  /** The sweep's id. */
  readonly id: string;
  readonly trial: number;
}

/** What a sweep's journal tells without knowing how sweeps work. */
export interface SweepOutline {
  /** When it was first asked for (ISO 8601, UTC); undefined where a former Stillroom began it. */
  readonly started: string | undefined;
  /** The trial of each run. */
  readonly runs: ReadonlyMap<string, number>;
  /** Whether it has come to its end: nothing of it is left to be begun. */
  readonly isOver: boolean;
  /** Whether whoever ran it last has said how it ended; a former Stillroom did not. */
  readonly isClosed: boolean;
  /** When something of it last began, as ids of runs begin (`20261126T093000`), or the id of its last run: later ones sort last. */
  readonly active: string;
}

type Told = Readonly<Record<string, unknown>>;

function members(value: unknown): Told {
  return value !== null && typeof value === 'object' ? (value as Told) : {};
}

/** A time as the ids of runs begin with it. */
function stampOf(time: string): string {
  return time.replaceAll(/[-:]|\.\d+/g, '').replace(/Z$/, '');
}

/** Sums a journal up; undefined where it holds no sweep. */
export function outlineOf(lines: readonly unknown[]): SweepOutline | undefined {
  const [first, ...rest] = lines.map(members);
  if (first?.['type'] !== 'sweep') return undefined;
  const runs = new Map<string, number>();
  const begun = new Set<string>();
  const started = typeof first['started'] === 'string' ? first['started'] : undefined;
  let [isOver, active] = [false, started === undefined ? '' : stampOf(started)];
  for (const line of rest) {
    const { trial, rung } = line['type'] === 'start' ? members(line['request']) : line;
    if (line['type'] === 'start') begun.add(`${trial}/${rung}`);
    else if (line['type'] === 'end') begun.delete(`${trial}/${rung}`);
    for (const { run } of Array.isArray(line['runs']) ? line['runs'].map(members) : []) {
      if (typeof run !== 'string') continue;
      runs.set(run, Number(trial));
      if (run > active) active = run;
    }
    if (line['type'] === 'opened' && typeof line['time'] === 'string' && stampOf(line['time']) > active) active = stampOf(line['time']);
    isOver = line['type'] === 'closed' && line['state'] === 'done';
  }
  const isClosed = rest.at(-1)?.['type'] === 'closed';
  // A former Stillroom did not say whether it was done.
  return { started, runs, isOver: started === undefined ? begun.size === 0 : isOver, isClosed: started === undefined || isClosed, active };
}

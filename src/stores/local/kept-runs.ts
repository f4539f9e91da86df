import type { RunRecord } from '../../model/run.ts';
import type { KeepPolicy } from '../../model/upkeep.ts';
import { outlineOf } from '../../model/sweep-journal.ts';
import type { LocalSweeps } from './sweeps.ts';
import type { LocalTags } from './tags.ts';

/** What names runs and sweeps, and what says which runs are of which sweep. */
interface Named {
  readonly tags: LocalTags;
  readonly sweeps: LocalSweeps;
}

/** Why runs stay, by id. */
type Reasons = ReadonlyMap<string, string>;

const DAY = 24 * 60 * 60 * 1000;

/** When runs started, newest first: none before one that is older, though the clock may have said so. */
function startsOf(records: readonly RunRecord[]): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  let latest = 0;
  for (const { id, started } of records.toReversed()) {
    latest = Math.max(latest, Date.parse(started));
    times.set(id, latest);
  }
  return times;
}

/** Why the runs of a sweep stay: it is tagged, pinned or the newest. */
function sweepReasons({ tags, sweeps }: Named, records: readonly RunRecord[]): { readonly firm: Reasons; readonly newest: Reasons } {
  const names = new Map(tags.all().map(({ name, run }) => [run, name]));
  const pins = new Set(tags.pins());
  const outlines = sweeps.ids().flatMap((id) => {
    const outline = outlineOf(sweeps.read(id)?.lines ?? []);
    return outline === undefined ? [] : [{ id, ...outline }];
  });
  const [newest] = outlines.toSorted((a, b) => (a.active < b.active ? 1 : -1));
  const firm = new Map<string, string>();
  const ofNewest = new Map<string, string>();
  for (const outline of outlines) {
    const { id, runs } = outline;
    // Those that were stopped stand in no journal.
    const all = [...runs.keys(), ...records.flatMap(({ id: run, sweep }) => (sweep?.id === id ? [run] : []))];
    const name = names.get(id);
    for (const run of all) {
      if (name !== undefined) firm.set(run, `of the sweep tagged ${name}`);
      else if (pins.has(id)) firm.set(run, 'of a pinned sweep');
      else if (outline === newest) ofNewest.set(run, 'of the newest sweep');
    }
  }
  return { firm, newest: ofNewest };
}

/** Which runs stay, with why. */
export function chooseRuns(named: Named, records: readonly RunRecord[], { runs, days, without = [] }: KeepPolicy): Map<string, string> {
  const kept = new Map<string, string>();
  const tags = new Map(named.tags.all().map(({ name, run }) => [run, name]));
  const pins = new Set(named.tags.pins());
  const ofSweeps = sweepReasons(named, records);
  const since = days === undefined ? Number.POSITIVE_INFINITY : Date.now() - days * DAY;
  const times = startsOf(records);
  for (const [index, record] of records.entries()) {
    const tag = tags.get(record.id);
    const why =
      record.state === 'live'
        ? 'live'
        : tag !== undefined
          ? `tagged ${tag}`
          : pins.has(record.id)
            ? 'pinned'
            : (ofSweeps.firm.get(record.id) ??
              (without.includes(record.id)
                ? undefined
                : runs === undefined && days === undefined
                  ? 'every run is kept'
                  : runs !== undefined && index < runs
                    ? `among the newest ${runs}`
                    : (times.get(record.id) ?? 0) >= since
                      ? `of the last ${days} days`
                      : ofSweeps.newest.get(record.id)));
    if (why !== undefined) kept.set(record.id, why);
  }
  return kept;
}

/** Whether a run stays whatever is asked for. */
export function isProtected(why: string): boolean {
  return /^(?:live$|tagged |pinned$|of the sweep tagged |of a pinned sweep$)/.test(why);
}

import type { RunRecord } from '../../model/run.ts';
import type { KeepPolicy } from '../../model/upkeep.ts';
import type { LocalTags } from './tags.ts';

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

/** Which runs stay, with why. */
export function chooseRuns(named: LocalTags, records: readonly RunRecord[], { runs, days, without = [] }: KeepPolicy): Map<string, string> {
  const kept = new Map<string, string>();
  const tags = new Map(named.all().map(({ name, run }) => [run, name]));
  const pins = new Set(named.pins());
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
            : without.includes(record.id)
              ? undefined
              : runs === undefined && days === undefined
                ? 'every run is kept'
                : runs !== undefined && index < runs
                  ? `among the newest ${runs}`
                  : (times.get(record.id) ?? 0) >= since
                    ? `of the last ${days} days`
                    : undefined;
    if (why !== undefined) kept.set(record.id, why);
  }
  return kept;
}

/** Whether a run stays whatever is asked for. */
export function isProtected(why: string): boolean {
  return /^(?:live$|tagged |pinned$)/.test(why);
}

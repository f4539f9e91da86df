import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import { type OfSweep, outlineOf } from '../model/sweep-journal.ts';
import type { Tags } from '../model/store.ts';
import type { Sweeps } from '../model/workplace.ts';
import { suggestion } from '../text/suggestion.ts';

/** Where sweeps are looked for. */
export interface SweepStore {
  readonly sweeps: Pick<Sweeps, 'ids' | 'read'>;
  readonly tags: Pick<Tags, 'read' | 'all'>;
}

/** How many candidates an ambiguous word lists. */
const LISTED = 8;

/** The ids of all sweeps, the one that was at work last first. */
export function newestSweeps({ sweeps }: Pick<SweepStore, 'sweeps'>): string[] {
  const active = sweeps.ids().flatMap((id) => {
    const outline = outlineOf(sweeps.read(id)?.lines ?? []);
    return outline === undefined ? [] : [{ id, active: outline.active }];
  });
  return active.sort((a, b) => (a.active < b.active ? 1 : -1)).map(({ id }) => id);
}

/** The sweep that a word says as it is: its id, a tag of it, or `@latest-sweep`. */
export function sweepSaid(store: SweepStore, word: string): string | undefined {
  if (word === '@latest-sweep') return newestSweeps(store)[0];
  const named = store.tags.read(word) ?? word;
  return store.sweeps.ids().includes(named) ? named : undefined;
}

/** The sweeps whose ids begin with a word. */
export function sweepsBeginning({ sweeps }: Pick<SweepStore, 'sweeps'>, word: string): readonly string[] {
  return word === '' ? [] : sweeps.ids().filter((id) => id.startsWith(word));
}

/** Finds a sweep by its id, the beginning of it, a tag, or `@latest-sweep`. Fails where none or several fit, naming the candidates. */
export function findSweep(store: SweepStore, word: string): Outcome<string> {
  const said = sweepSaid(store, word);
  if (said !== undefined) return done(said);
  const found = sweepsBeginning(store, word);
  if (found.length === 1) return done(found[0] as string);
  return failed(found.length > 1 ? ambiguous(word, found) : unknown(store, word));
}

function ambiguous(word: string, candidates: readonly string[]): Problem {
  const more = candidates.length > LISTED ? ` and ${candidates.length - LISTED} more` : '';
  const hint = `write more of it: ${candidates.slice(0, LISTED).join(', ')}${more}`;
  return { kind: 'usage', code: 'ambiguous-sweep', message: `"${word}" begins ${candidates.length} sweeps`, hint };
}

function unknown(store: SweepStore, word: string): Problem {
  const ids = store.sweeps.ids();
  if (ids.length === 0)
    return {
      kind: 'usage',
      code: 'unknown-sweep',
      message: `there is no sweep "${word}": none has run here yet`,
      hint: 'stillroom sweep --help',
    };
  const hint = `${suggestion(word, sweepNames(store))}; see all: stillroom sweeps`;
  return { kind: 'usage', code: 'unknown-sweep', message: `no sweep has the id or tag "${word}"`, hint };
}

/** All that sweeps are called: tags and ids. */
function sweepNames({ sweeps, tags }: SweepStore): readonly string[] {
  const ids = sweeps.ids();
  const tagged = tags.all().filter(({ run }) => ids.includes(run));
  return [...tagged.map(({ name }) => name), ...ids];
}

/** The trials that runs are of, as far as only journals say so: a former Stillroom did not write it into the records of runs. */
export function formerTrials({ sweeps }: Pick<SweepStore, 'sweeps'>): ReadonlyMap<string, OfSweep> {
  const found = new Map<string, OfSweep>();
  for (const id of sweeps.ids()) {
    const outline = outlineOf(sweeps.read(id)?.lines ?? []);
    if (outline === undefined || outline.started !== undefined) continue;
    for (const [run, trial] of outline.runs) found.set(run, { id, trial });
  }
  return found;
}

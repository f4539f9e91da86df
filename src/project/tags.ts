import { findRun } from '../records/find.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import { isTagName, type Store, type Tag } from '../model/store.ts';
import { suggestion } from '../text/suggestion.ts';
import type { Context } from './context.ts';

/** All names and pins. */
export interface NamedRuns {
  readonly tags: readonly Tag[];
  /** The ids of the pinned runs. */
  readonly pins: readonly string[];
  readonly sweeps: {
    readonly tags: readonly { readonly name: string; readonly sweep: string }[];
    /** The ids of the pinned sweeps. */
    readonly pins: readonly string[];
  };
}

/** A run, or a sweep, as it is named. */
export interface NamedThing {
  readonly kind: 'run' | 'sweep';
  readonly id: string;
  /** Of a done run. */
  readonly hash: string | null;
}

/** A name that was given. */
export interface GivenTag extends Tag, Omit<NamedThing, 'id'> {
  /** The id that it named before. */
  readonly before: string | null;
}

/** The run or the sweep that a word names. */
export async function thingNamed(store: Store, word: string): Promise<Outcome<NamedThing>> {
  const { sweepMeant } = await import('./sweep-records.ts');
  const sweep = sweepMeant(store, word);
  if (!sweep.ok) return sweep;
  if (sweep.value !== undefined) return done({ kind: 'sweep', id: sweep.value, hash: null });
  const run = findRun(store, word);
  return run.ok ? done({ kind: 'run', id: run.value.id, hash: run.value.hash ?? null }) : run;
}

/** Names and pins of runs and sweeps. Both keep a run, or all runs of a sweep, from `gc`. */
export class TagBook {
  private readonly context: Context;

  constructor(context: Context) {
    this.context = context;
  }

  /** All of them. */
  async list(): Promise<Outcome<NamedRuns>> {
    return this.context.withStore(({ tags, sweeps }) => {
      const ids = sweeps.ids();
      const named = tags.all();
      return done({
        tags: named.filter(({ run }) => !ids.includes(run)),
        pins: tags.pins().filter((id) => !ids.includes(id)),
        sweeps: {
          tags: named.flatMap(({ name, run }) => (ids.includes(run) ? [{ name, sweep: run }] : [])),
          pins: tags.pins().filter((id) => ids.includes(id)),
        },
      });
    });
  }

  /** Gives a run or a sweep a name; takes it from what had it. */
  async set(word: string, name: string): Promise<Outcome<GivenTag>> {
    return this.context.withWritableStore(async (store) => {
      const found = await thingNamed(store, word);
      if (!found.ok) return found;
      if (!isTagName(name))
        return failed({
          kind: 'usage',
          code: 'bad-tag',
          message: `"${name}" cannot be a tag`,
          hint: 'letters, digits, - _ and dots, beginning with a letter, and no hash',
        });
      const before = store.tags.read(name) ?? null;
      store.tags.set(name, found.value.id);
      const { kind, id: run, hash } = found.value;
      return done({ kind, name, run, hash, before });
    });
  }

  /** Takes a name away; returns what it named. */
  async delete(name: string): Promise<Outcome<Tag>> {
    return this.context.withWritableStore((store) => {
      const { tags } = store;
      const run = tags.read(name);
      if (run === undefined) {
        const names = tags.all().map((tag) => tag.name);
        return failed({ kind: 'usage', code: 'unknown-tag', message: `there is no tag "${name}"`, hint: suggestion(name, names) });
      }
      tags.delete(name);
      return done({ name, run });
    });
  }

  /** Keeps a run, or the runs of a sweep, from `gc` without a name, or no longer does. */
  async pin(word: string, isPinned = true): Promise<Outcome<NamedThing>> {
    return this.context.withWritableStore(async (store) => {
      const found = await thingNamed(store, word);
      if (!found.ok) return found;
      if (isPinned) store.tags.pin(found.value.id);
      else store.tags.unpin(found.value.id);
      return found;
    });
  }
}

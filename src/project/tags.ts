import { findRun } from '../records/find.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import type { RunRecord } from '../model/run.ts';
import { isTagName, type Tag } from '../model/store.ts';
import { suggestion } from '../text/suggestion.ts';
import type { Context } from './context.ts';

/** All names and pins of runs. */
export interface NamedRuns {
  readonly tags: readonly Tag[];
  /** The ids of the pinned runs. */
  readonly pins: readonly string[];
}

/** A name that was given to a run. */
export interface GivenTag extends Tag {
  readonly hash: string | null;
  /** The run that it named before. */
  readonly before: string | null;
}

/** Names and pins of runs. Both keep a run from `gc`. */
export class TagBook {
  private readonly context: Context;

  constructor(context: Context) {
    this.context = context;
  }

  /** All of them. */
  async list(): Promise<Outcome<NamedRuns>> {
    return this.context.withStore(({ tags }) => done({ tags: tags.all(), pins: tags.pins() }));
  }

  /** Gives a run a name; takes it from the run that had it. */
  async set(word: string, name: string): Promise<Outcome<GivenTag>> {
    return this.context.withWritableStore((store) => {
      const found = findRun(store, word);
      if (!found.ok) return found;
      if (!isTagName(name))
        return failed({
          kind: 'usage',
          code: 'bad-tag',
          message: `"${name}" cannot be a tag`,
          hint: 'letters, digits, - _ and dots, beginning with a letter, and no hash',
        });
      const before = store.tags.read(name) ?? null;
      const { id, hash = null } = found.value;
      store.tags.set(name, id);
      return done({ name, run: id, hash, before });
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

  /** Keeps a run from `gc` without a name, or no longer does. */
  async pin(word: string, isPinned = true): Promise<Outcome<RunRecord>> {
    return this.context.withWritableStore((store) => {
      const found = findRun(store, word);
      if (!found.ok) return found;
      if (isPinned) store.tags.pin(found.value.id);
      else store.tags.unpin(found.value.id);
      return found;
    });
  }
}

import { monotonic } from '../../model/clock.ts';
import { entriesLeft, entriesTaken, lookAnewAtList } from '../cluster/worklist.ts';

/** Milliseconds between two looks at a list: one for all that are on it. */
const PAUSE = 500;

type Stage = 'left' | 'taken' | 'gone';

/** Looks at a list of attempts in the name of all who wait for something on it. */
export class ListWatch {
  private readonly list: string;
  private readonly calls = new Map<string, () => void>();
  private stages = new Map<string, Stage>();
  private left: readonly string[] = [];
  private lookedAt = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;

  constructor(list: string) {
    this.list = list;
  }

  /** The first of those that nobody had taken a moment ago. */
  get first(): string | undefined {
    if (monotonic() - this.lookedAt >= PAUSE) this.look();
    return this.left[0];
  }

  /** Calls back when one is taken off the list, and when who took it has done with it; returns what ends that. */
  onNews(entry: string, call: () => void): () => void {
    this.calls.set(entry, call);
    this.timer ??= setTimeout(() => this.tell(), PAUSE);
    return () => void this.calls.delete(entry);
  }

  private look(): ReadonlyMap<string, Stage> {
    lookAnewAtList(this.list);
    this.left = entriesLeft(this.list);
    this.lookedAt = monotonic();
    const stages = new Map(this.left.map((entry): [string, Stage] => [entry, 'left']));
    for (const entry of entriesTaken(this.list)) stages.set(entry, 'taken');
    return stages;
  }

  private tell(): void {
    this.timer = undefined;
    const stages = this.look();
    const before = this.stages;
    this.stages = new Map();
    for (const [entry, call] of [...this.calls]) {
      const stage = stages.get(entry) ?? 'gone';
      this.stages.set(entry, stage);
      if (before.has(entry) && before.get(entry) !== stage) call();
    }
    if (this.calls.size > 0) this.timer ??= setTimeout(() => this.tell(), PAUSE);
  }
}

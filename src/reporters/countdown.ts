import { monotonic } from '../model/clock.ts';
import type { Range } from '../model/time-left/time-left.ts';
import { timeLeftText } from '../text/time-left.ts';

/** Milliseconds for which what was found of the time left holds at least, and how many times longer than finding it took. */
const PAUSE = { least: 1000, times: 50 } as const;

/** Tells how much time is left, however often it is asked: it is looked for now and then, and goes down in between. */
export class Countdown {
  private readonly find: (now: number) => Range | undefined;
  private found: { readonly range: Range | undefined; readonly at: number; readonly cost: number } | undefined;
  private isOld = false;

  /** `find`: the seconds that are left at a moment (milliseconds since 1970), which may take long to say. */
  constructor(find: (now: number) => Range | undefined) {
    this.find = find;
  }

  /** Something has begun or ended: it is looked for again as soon as that costs little. */
  age(): void {
    this.isOld = true;
  }

  private mustFind({ at, cost }: { readonly at: number; readonly cost: number }, now: number): boolean {
    const passed = now - at;
    return passed < 0 || passed >= Math.max(this.isOld ? 0 : PAUSE.least, PAUSE.times * cost);
  }

  /** In words. */
  at(now: number): string {
    if (this.found === undefined || this.mustFind(this.found, now)) {
      const start = monotonic();
      const range = this.find(now);
      this.found = { range, at: now, cost: monotonic() - start };
      this.isOld = false;
    }
    const { range, at } = this.found;
    const passed = (now - at) / 1000;
    return timeLeftText(range === undefined ? undefined : { low: Math.max(0, range.low - passed), high: Math.max(0, range.high - passed) });
  }
}

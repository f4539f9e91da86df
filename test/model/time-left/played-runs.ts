import type { Event, Happening, PlannedNode } from '../../../src/model/event.ts';
import type { RunNode } from '../../../src/model/run.ts';
import { TimeLeft } from '../../../src/model/time-left/time-left.ts';
import { roundedRange } from '../../../src/text/time-left.ts';

/** Random numbers from a seed: from 0 to 1, and those of the standard normal distribution. */
export class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = seed + 1;
  }

  share(): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return ((this.state ^ (this.state >>> 15)) >>> 0) / 4_294_967_296;
  }

  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.share())) * Math.cos(2 * Math.PI * this.share());
  }
}

/** A node of a played pipeline, and what it takes without noise. */
export interface Played {
  readonly node: string;
  readonly seconds: number;
  readonly after: readonly string[];
}

/** Seconds with noise: of each node on its own, and of the run. */
export function noisy(
  nodes: readonly Played[],
  dice: Dice,
  { own, run }: { readonly own: number; readonly run: number },
): ReadonlyMap<string, number> {
  const together = run * dice.normal();
  return new Map(nodes.map(({ node, seconds }) => [node, seconds * Math.exp(together + own * dice.normal())]));
}

/** The events of a run of these nodes, so many at once, in which each takes so long. */
export function eventsOf(
  nodes: readonly Played[],
  taken: ReadonlyMap<string, number>,
  { planned, slots, tells = 0 }: { readonly planned: readonly PlannedNode[]; readonly slots: number; readonly tells?: number },
): readonly Event[] {
  const events: Event[] = [];
  const say = (seconds: number, happening: Happening): void =>
    void events.push({ time: new Date(seconds * 1000).toISOString(), ...happening });
  const capacities = { local: { cpu: slots, gpu: 0, memory: 0 } };
  say(0, { type: 'run-started', run: 'r', pipeline: 'p', nodes: planned, capacities } as unknown as Happening);
  const ended = new Set<string>();
  const running = new Map<string, number>();
  const waiting = new Set(nodes);
  let now = 0;
  while (waiting.size > 0 || running.size > 0) {
    for (const one of waiting) {
      if (running.size >= slots || !one.after.every((name) => ended.has(name))) continue;
      waiting.delete(one);
      const seconds = taken.get(one.node) ?? 0;
      say(now, { type: 'node-started', node: one.node, cause: '', inputs: {} });
      for (let told = 1; told <= tells; told += 1)
        say(now + (seconds * told) / tells, { type: 'node-progress', node: one.node, done: told, total: tells });
      running.set(one.node, now + seconds);
    }
    const [node, end] = [...running].reduce((first, one) => (one[1] < first[1] ? one : first));
    now = end;
    running.delete(node);
    ended.add(node);
    say(now, { type: 'node-ended', node, outcome: { state: 'executed', seconds: taken.get(node) } as unknown as RunNode });
  }
  return events.sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
}

/** How often the end of a run lay in the range that was told of it, of so many moments spread over it. */
export interface Told {
  readonly moments: number;
  readonly known: number;
  readonly inside: number;
  /** Those of which the true end lay below, and above. */
  readonly below: number;
  readonly above: number;
  /** Sum of the widths of the ranges, as shares of what was left. */
  readonly widths: number;
}

/** Asks at moments that are spread over a run when it will end, and sees whether it did. */
export function judged(events: readonly Event[], moments = 20): Told {
  const [start, end] = [Date.parse(events[0]?.time ?? ''), Date.parse(events.at(-1)?.time ?? '')];
  const timeLeft = new TimeLeft();
  const told = { moments, known: 0, inside: 0, below: 0, above: 0, widths: 0 };
  let next = 0;
  for (let moment = 0; moment < moments; moment += 1) {
    const now = start + ((end - start) * (moment + 0.5)) / moments;
    for (let event = events[next]; event !== undefined && Date.parse(event.time) <= now; event = events[next]) {
      timeLeft.report(event);
      next += 1;
    }
    const range = timeLeft.at(now);
    if (range === undefined || range.high === Number.POSITIVE_INFINITY) continue;
    const { low, high } = roundedRange(range);
    const left = (end - now) / 1000;
    told.known += 1;
    told.widths += (high - low) / left;
    if (left < low) told.below += 1;
    else if (left > high) told.above += 1;
    else told.inside += 1;
  }
  return told;
}

/** Several judgements as one. */
export function together(all: readonly Told[]): Told {
  const sum = (of: (one: Told) => number): number => all.reduce((total, one) => total + of(one), 0);
  return {
    moments: sum((one) => one.moments),
    known: sum((one) => one.known),
    inside: sum((one) => one.inside),
    below: sum((one) => one.below),
    above: sum((one) => one.above),
    widths: sum((one) => one.widths),
  };
}

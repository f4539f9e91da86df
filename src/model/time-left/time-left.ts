import type { Capacities, Event, Expected, PlannedNode } from '../event.ts';
import { inStartingOrder } from '../starting-order.ts';
import { splitName } from '../instance-name.ts';
import {
  type Belief,
  beliefFromSiblings,
  beliefOf,
  combined,
  deviationOf,
  fromProgress,
  logOf,
  type Normal,
  type Scatter,
  scatterOf,
  TOGETHER,
  updated,
} from './belief.ts';
import { Draws } from './draws.ts';
import { secondsUntilEnd } from './simulation.ts';

/** Seconds: a tenth of what may come lies below, a tenth above. */
export interface Range {
  readonly low: number;
  /** Infinite where nothing is known of something that will run. */
  readonly high: number;
}

/** A node under way. */
interface Begun {
  /** Milliseconds since 1970. */
  readonly since: number;
  /** How much of its work was done, and when that was told. */
  readonly told?: { readonly share: number; readonly at: number };
}

/** Seconds that a node takes beside its work, to begin with, and how many nodes that counts as. */
const BESIDE = { seconds: 0.05, nodes: 2 } as const;

/** Before this share of its work is done, a node tells nothing of others. */
const TELLING = 0.05;

/** What may be reused in the end is, so often. */
const REUSED = 0.5;

/** The part of a name that instances of one node have in common. */
function nodeOf(name: string): string {
  return splitName(name)?.node ?? name;
}

/** Nodes of a plan in the order in which they begin. */
export function asTheyBegin(nodes: readonly PlannedNode[]): PlannedNode[] {
  return inStartingOrder(nodes, ({ node, after, action, expected }) => ({
    name: node,
    after,
    seconds: action === 'reuse' ? 0 : expected?.seconds,
  }));
}

/** When a run will end, as far as earlier ones and its own events say. */
export class TimeLeft {
  private planned = new Map<string, PlannedNode>();
  private capacities: Capacities = {};
  /** By how much earlier executions of each node deviate. */
  private scatters: readonly Scatter[] = [];
  private readonly begun = new Map<string, Begun>();
  private readonly ended = new Map<string, number | undefined>();
  private readonly draws = new Draws();
  /** What nodes took beside their work, in all, and how many those are. */
  private beside = { seconds: BESIDE.seconds * BESIDE.nodes, nodes: BESIDE.nodes as number };
  /** Nothing begins any more but what has begun, as long as nothing else is seen to. */
  private isEnding = false;

  report(event: Event): void {
    const at = Date.parse(event.time);
    if (event.type === 'run-started') {
      this.plan(event.nodes, event.capacities ?? {});
    } else if (event.type === 'nodes-reused') for (const node of event.nodes) this.ended.set(node, undefined);
    else if (event.type === 'node-started') {
      this.ended.delete(event.node);
      this.begun.set(event.node, { since: at });
      this.isEnding = false;
    } else if (event.type === 'node-progress' && event.total > 0) {
      const begun = this.begun.get(event.node);
      const share = Math.min(1, event.done / event.total);
      if (begun !== undefined) this.begun.set(event.node, { ...begun, told: { share, at } });
    } else if (event.type === 'node-ended') this.end(event, at);
  }

  /** Takes a plan up, or another one of the same nodes. */
  plan(nodes: readonly PlannedNode[], capacities: Capacities): void {
    this.planned = new Map(asTheyBegin(nodes).map((node) => [node.node, node]));
    this.capacities = capacities;
    this.scatters = nodes.flatMap(({ expected }) => (expected?.of === 'same' ? [scatterOf(expected)] : []));
  }

  private end({ node, outcome }: Event & { readonly type: 'node-ended' }, at: number): void {
    const begun = this.begun.get(node);
    const { state, seconds = 0 } = outcome;
    this.begun.delete(node);
    this.ended.set(node, state === 'executed' ? seconds : undefined);
    if (state === 'failed') this.isEnding = true;
    if (state !== 'executed' || begun === undefined) return;
    const beside = Math.max(0, (at - begun.since) / 1000 - seconds);
    this.beside = { seconds: this.beside.seconds + beside, nodes: this.beside.nodes + 1 };
  }

  /** Seconds from a moment (milliseconds since 1970) to the end; undefined where nothing is known of any node that will run. */
  at(now: number): Range | undefined {
    const left = [...this.planned.values()].filter(({ node }) => !this.ended.has(node) && (!this.isEnding || this.begun.has(node)));
    if (left.length === 0) return this.planned.size === 0 ? undefined : { low: 0, high: 0 };
    const course = this.course();
    const known = left.map((node) => this.durationOf(node, course, now));
    if (known.every((one) => one === undefined)) return undefined;
    const places = new Map(left.map(({ node }, index) => [node, index]));
    const works = left.map(({ node, after, takes }) => ({
      isRunning: this.begun.has(node),
      after: this.begun.has(node) ? [] : after.flatMap((name) => places.get(name) ?? []),
      takes,
    }));
    const beside = this.beside.seconds / this.beside.nodes;
    const count = this.draws.countFor(left.length);
    const totals = Array.from({ length: count }, (_, draw) => {
      const seconds = known.map((one) => one?.({ draw, count, beside }) ?? 0);
      return secondsUntilEnd(works, seconds, this.capacities);
    }).sort((a, b) => a - b);
    const isWhole = known.every((one) => one !== undefined);
    return { low: quantile(totals, 0.1), high: isWhole ? quantile(totals, 0.9) : Number.POSITIVE_INFINITY };
  }

  /** What this run tells of how long its nodes take, so far. */
  private course(): Course {
    const usual = deviationOf([...this.scatters, ...this.residuals()]);
    const deviations = new Map<string, Normal[]>();
    const seconds = new Map<string, number[]>();
    const observed = new Map<Expected['of'], Normal[]>();
    for (const { name, took, expected } of this.executed()) {
      add(seconds, nodeOf(name), took);
      if (expected === undefined) continue;
      const { mean, own, shared } = beliefOf(expected, usual);
      const deviation = logOf(took) - mean;
      add(deviations, nodeOf(name), { mean: deviation, variance: own ** 2 });
      add(observed, expected.of, { mean: deviation, variance: own ** 2 + shared ** 2 });
    }
    // Those that are far enough tell it before they end.
    for (const [name, { since, told }] of this.begun)
      if (told !== undefined && told.share >= TELLING) add(seconds, nodeOf(name), (told.at - since) / 1000 / told.share);
    const together = (of: Expected['of']): Normal => updated({ mean: 0, variance: TOGETHER[of] ** 2 }, observed.get(of) ?? []);
    return {
      usual,
      together: { same: together('same'), former: together('former'), siblings: together('siblings') },
      // Put together once, however many nodes ask for it.
      deviations: new Map([...deviations].map(([node, values]) => [node, combined(values)])),
      siblings: new Map([...seconds].map(([node, took]) => [node, beliefFromSiblings(took, usual)])),
    };
  }

  private *executed(): Iterable<{ readonly name: string; readonly took: number; readonly expected: Expected | undefined }> {
    for (const [name, took] of this.ended) if (took !== undefined) yield { name, took, expected: this.planned.get(name)?.expected };
  }

  /** By how much executions of this run deviate from earlier ones of the same work: of others it is not known what they should take. */
  private residuals(): Scatter[] {
    const found: Scatter[] = [];
    for (const { took, expected } of this.executed()) {
      if (expected?.of !== 'same') continue;
      const { mean } = beliefOf(expected, 1);
      found.push({ squares: (logOf(took) - mean) ** 2 / (1 + 1 / expected.took.length), degrees: 1 });
    }
    return found;
  }

  /** How long a node takes from now on, drawn anew each time; undefined where nothing is known. */
  private durationOf(planned: PlannedNode, course: Course, now: number): Duration | undefined {
    const { node: name, action } = planned;
    const begun = this.begun.get(name);
    const believed = believedOf(planned, course);
    const { told, since = now } = begun ?? {};
    const progress = told === undefined || told.share <= 0 ? [] : [fromProgress(told.share, Math.max(0, told.at - since) / 1000)];
    if (believed === undefined && progress.length === 0) return undefined;
    const elapsed = Math.max(0, now - since) / 1000;
    const { draws } = this;
    return ({ draw, count, beside }) => {
      if (begun === undefined && action === 'maybe' && draws.share(`${name} maybe`, draw, count) < REUSED) return 0;
      const drawn = (of: string): number => draws.normal(of, draw, count);
      const [first, ...others] = [...(believed === undefined ? [] : [believed((kind) => drawn(`all ${kind}`), drawn)]), ...progress];
      if (first === undefined) return 0;
      const whole = updated(first, others);
      const share = draws.share(name, draw, count);
      return begun === undefined ? beside + draws.drawn(whole, share) : draws.drawnBeyond(whole, share, elapsed) + beside / 2;
    };
  }
}

/** What is believed of a node's duration, as drawn for all nodes and for all instances of its own. */
type Believed = (ofAll: (kind: Expected['of']) => number, ofNode: (node: string) => number) => Normal;

function believedOf({ node: name, expected }: PlannedNode, { usual, together, deviations, siblings }: Course): Believed | undefined {
  const node = nodeOf(name);
  if (expected === undefined) {
    const believed = siblings.get(node);
    if (believed === undefined) return undefined;
    const { mean, own, shared } = believed;
    return (_, ofNode) => ({ mean: mean + shared * ofNode(node), variance: own ** 2 });
  }
  const { mean, own, shared } = beliefOf(expected, usual);
  const all = together[expected.of];
  const deviation = deviations.get(node);
  const observed = deviation === undefined ? [] : [deviation];
  return (ofAll, ofNode) => {
    const shift = updated({ mean: all.mean + Math.sqrt(all.variance) * ofAll(expected.of), variance: shared ** 2 }, observed);
    return { mean: mean + shift.mean + Math.sqrt(shift.variance) * ofNode(node), variance: own ** 2 };
  };
}

/** What a run tells of how long its nodes take. */
interface Course {
  /** By how much executions of equal work deviate. */
  readonly usual: number;
  /** By how much all nodes deviate from earlier runs, by what was executed then. */
  readonly together: Readonly<Record<Expected['of'], Normal>>;
  /** By how much instances of a node did. */
  readonly deviations: ReadonlyMap<string, Normal>;
  /** What instances of a node tell of the others. */
  readonly siblings: ReadonlyMap<string, Belief>;
}

function add<Name, Value>(lists: Map<Name, Value[]>, name: Name, value: Value): void {
  const known = lists.get(name);
  if (known === undefined) lists.set(name, [value]);
  else known.push(value);
}

/** A duration in seconds, drawn: `beside` is what nodes take beside their work. */
type Duration = (drawing: { readonly draw: number; readonly count: number; readonly beside: number }) => number;

function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)] ?? 0, sorted[Math.ceil(place)] ?? 0];
  return below + (above - below) * (place - Math.floor(place));
}

/** Seconds that nodes take which have not begun; undefined where nothing is known of any of them. */
export function rangeBefore(nodes: readonly PlannedNode[], capacities: Capacities): Range | undefined {
  const timeLeft = new TimeLeft();
  timeLeft.plan(nodes, capacities);
  return timeLeft.at(0);
}

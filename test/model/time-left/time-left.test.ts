import { describe, expect, test } from 'vitest';
import type { Event, Happening, PlannedNode } from '../../../src/model/event.ts';
import type { RunNode } from '../../../src/model/run.ts';
import { secondsUntilEnd } from '../../../src/model/time-left/simulation.ts';
import { type Range, TimeLeft } from '../../../src/model/time-left/time-left.ts';
import { Dice, eventsOf, judged, noisy, type Played, together } from './played-runs.ts';

const takes = { executor: 'local', cpu: 1, gpu: 0, memory: 0, alone: false };
const capacities = { local: { cpu: 2, gpu: 0, memory: 0 } };

function planned(node: string, took: readonly number[], more: Partial<PlannedNode> = {}): PlannedNode {
  const expected = { took, of: 'same' } as unknown as NonNullable<PlannedNode['expected']>;
  return { node, action: 'run', cause: '', after: [], takes, ...(took.length > 0 ? { expected } : {}), ...more };
}

/** What is told at a second after these happenings. */
function toldAt(
  second: number,
  nodes: readonly PlannedNode[],
  happenings: readonly (readonly [second: number, Happening])[],
): Range | undefined {
  const timeLeft = new TimeLeft();
  const at = (seconds: number, happening: Happening): Event => ({ time: new Date(seconds * 1000).toISOString(), ...happening });
  timeLeft.report(at(0, { type: 'run-started', run: 'r', pipeline: 'p', nodes, capacities } as unknown as Happening));
  for (const [seconds, happening] of happenings) timeLeft.report(at(seconds, happening));
  return timeLeft.at(second * 1000);
}

const started = (node: string): Happening => ({ type: 'node-started', node, cause: '', inputs: {} });
const ended = (node: string, seconds: number, state = 'executed'): Happening => ({
  type: 'node-ended',
  node,
  outcome: { state, seconds } as unknown as RunNode,
});

const middle = (range: Range | undefined): number => (range === undefined ? Number.NaN : (range.low + range.high) / 2);

describe('how much time is left', () => {
  test('is what the longest way through the nodes takes that are left', () => {
    const chain = [planned('a', [10, 10, 10]), planned('b', [60, 60, 60], { after: ['a'] }), planned('c', [20, 20, 20])];
    const before = toldAt(0, chain, []);
    expect(before?.low).toBeGreaterThan(55);
    expect(before?.high).toBeLessThan(90);
    const after = toldAt(11, chain, [
      [0, started('a')],
      [0, started('c')],
      [10, ended('a', 10)],
      [10, started('b')],
    ]);
    expect(middle(after)).toBeGreaterThan(45);
    expect(middle(after)).toBeLessThan(70);
  });

  test('is not known as long as nothing is known of a node that will run, but for the least that others take', () => {
    const nodes = [planned('a', [10]), planned('b', [])];
    expect(toldAt(0, [planned('b', [])], [])).toBeUndefined();
    expect(toldAt(0, nodes, [])?.high).toBe(Number.POSITIVE_INFINITY);
    expect(toldAt(0, nodes, [])?.low).toBeGreaterThan(7);
    const told: Happening = { type: 'node-progress', node: 'b', done: 1, total: 2 };
    const both = [0, 0].map((second, index): [number, Happening] => [second, started(index === 0 ? 'a' : 'b')]);
    expect(toldAt(30, nodes, [...both, [10, ended('a', 10)]])).toBeUndefined();
    // Half of it took 30 s.
    expect(middle(toldAt(30, nodes, [...both, [10, ended('a', 10)], [30, told]]))).toBeGreaterThan(20);
    expect(middle(toldAt(30, nodes, [...both, [10, ended('a', 10)], [30, told]]))).toBeLessThan(45);
  });

  test('is learned from the first instance that ends', () => {
    const folds = [0, 1, 2, 3].map((fold) => `teacher[fold=${fold}]`);
    const unknown = folds.map((node) => planned(node, []));
    const events: (readonly [number, Happening])[] = [
      [0, started(folds[0] as string)],
      [50, ended(folds[0] as string, 50)],
      [50, started(folds[1] as string)],
    ];
    // Three are left, two at once.
    expect(middle(toldAt(50, unknown, events))).toBeGreaterThan(80);
    expect(middle(toldAt(50, unknown, events))).toBeLessThan(140);
    // Each took ten seconds before: now it takes five times as long.
    const former = folds.map((node) => {
      const { expected, ...rest } = planned(node, [10, 10]);
      return { ...rest, expected: { ...expected, of: 'former' } as NonNullable<PlannedNode['expected']> };
    });
    expect(middle(toldAt(50, former, events))).toBeGreaterThan(60);
  });

  test('of what takes longer than it ever did is a part of that, not nothing', () => {
    expect(toldAt(100, [planned('a', [10, 10])], [[0, started('a')]])?.high).toBeGreaterThan(20);
  });

  test('after a failure is that of what runs, unless something begins all the same', () => {
    const nodes = [planned('a', [10]), planned('b', [10]), planned('c', [100])];
    const failed: (readonly [number, Happening])[] = [
      [0, started('a')],
      [0, started('b')],
      [5, ended('a', 5, 'failed')],
    ];
    expect(toldAt(5, nodes, failed)?.high).toBeLessThan(20);
    expect(toldAt(5, nodes, [...failed, [5, started('c')]])?.low).toBeGreaterThan(50);
  });

  test('counts what may be reused as half', () => {
    const maybe = toldAt(0, [planned('a', [100, 100, 100], { action: 'maybe' })], []);
    expect(maybe?.low).toBe(0);
    expect(maybe?.high).toBeGreaterThan(80);
  });

  test('is nothing at the end', () => {
    expect(
      toldAt(
        9,
        [planned('a', [10])],
        [
          [0, started('a')],
          [9, ended('a', 9)],
        ],
      ),
    ).toEqual({ low: 0, high: 0 });
  });
});

test('works begin in their order as soon as there is room; one that measures alone, and one that is too large too', () => {
  const work = (cpu: number, after: readonly number[] = [], alone = false): Parameters<typeof secondsUntilEnd>[0][number] => ({
    isRunning: false,
    after,
    takes: { ...takes, cpu, alone },
  });
  expect(secondsUntilEnd([work(1), work(1), work(1)], [4, 3, 2], capacities)).toBe(5);
  expect(secondsUntilEnd([work(1), work(1), work(1)], [4, 3, 2], { local: { ...capacities.local, nodes: 1 } })).toBe(9);
  expect(secondsUntilEnd([work(1), work(2), work(1)], [4, 3, 2], capacities)).toBe(7);
  expect(secondsUntilEnd([work(1), work(1, [], true), work(1)], [4, 3, 2], capacities)).toBe(7);
  // What comes after those that ran when it came waits until it has measured.
  expect(secondsUntilEnd([work(1), work(1, [], true), work(1), work(1, [2])], [4, 3, 2, 9], capacities)).toBe(14);
  expect(secondsUntilEnd([work(1), work(1, [], true), work(1), work(1, [2])], [1, 3, 2, 9], capacities)).toBe(14);
  expect(secondsUntilEnd([work(8), work(1, [0])], [4, 3], capacities)).toBe(7);
  expect(secondsUntilEnd([], [], capacities)).toBe(0);
});

const shapes: Readonly<Record<string, readonly Played[]>> = {
  chain: [30, 60, 20, 90, 10].map((seconds, index) => ({ node: `c${index}`, seconds, after: index > 0 ? [`c${index - 1}`] : [] })),
  folds: [
    { node: 'data', seconds: 20, after: [] },
    ...[0, 1, 2, 3, 4].map((fold) => ({ node: `teach[fold=${fold}]`, seconds: 100, after: ['data'] })),
    { node: 'student', seconds: 80, after: [0, 1, 2, 3, 4].map((fold) => `teach[fold=${fold}]`) },
  ],
  wide: Array.from({ length: 24 }, (_, index) => ({ node: `w${index}`, seconds: 10 + ((index * 7) % 30), after: [] })),
};

test.each(Object.entries(shapes))('of a %s the end lies in the told range in four cases of five, after three noisy runs', (_, nodes) => {
  const noise = { own: 0.2, run: 0.05 };
  const all = Array.from({ length: 12 }, (_unused, seed) => {
    const dice = new Dice(seed * 977);
    const past = [0, 1, 2].map(() => noisy(nodes, dice, noise));
    const plan = nodes.map(({ node, after }) =>
      planned(
        node,
        past.map((one) => one.get(node) ?? 0),
        { after },
      ),
    );
    return judged(eventsOf(nodes, noisy(nodes, dice, noise), { planned: plan, slots: 2 }));
  });
  const { moments, known, inside, widths } = together(all);
  expect(known).toBe(moments);
  expect(inside / known).toBeGreaterThan(0.7);
  // A range in which everything lies tells nothing.
  expect(widths / known).toBeLessThan(2);
});

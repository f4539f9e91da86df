import { describe, expect, test } from 'vitest';
import type { Expected } from '../../src/model/event.ts';
import { startingOrder } from '../../src/engine/starting-order.ts';
import { instanceOf, planOf } from './plans.ts';

const took = (seconds: Readonly<Record<string, number>>): ReadonlyMap<string, Expected> =>
  new Map(Object.entries(seconds).map(([name, one]) => [name, { seconds: one } as Expected]));

const chain = [
  instanceOf('side'),
  instanceOf('first'),
  instanceOf('second', { after: ['first'] }),
  instanceOf('third', { after: ['second'] }),
];

const orderOf = (...asked: Parameters<typeof startingOrder>): string[] => [...startingOrder(...asked).keys()];

describe('nodes begin in the order of', () => {
  test('how many depend on each other from there on, where nothing is known of them', () => {
    expect(orderOf(planOf(chain))).toEqual(['first', 'second', 'side', 'third']);
  });

  test('the seconds from there to the end', () => {
    expect(orderOf(planOf(chain), took({ side: 50, first: 10, second: 10, third: 20 }))).toEqual(['side', 'first', 'second', 'third']);
    expect(orderOf(planOf(chain), took({ side: 35, first: 10, second: 10, third: 20 }))).toEqual(['first', 'side', 'second', 'third']);
  });

  test('what is usual, where something is known of others', () => {
    expect(orderOf(planOf(chain), took({ second: 10 }))).toEqual(['first', 'second', 'side', 'third']);
    expect(orderOf(planOf(chain), took({ side: 50, second: 1, third: 2 }))).toEqual(['side', 'first', 'second', 'third']);
  });

  test('the plan, where nothing else decides, and what is reused takes nothing', () => {
    expect(orderOf(planOf([instanceOf('b'), instanceOf('a')]))).toEqual(['b', 'a']);
    expect(orderOf(planOf(chain, { reused: ['first', 'second'] }))).toEqual(['side', 'first', 'second', 'third']);
  });
});

import { describe, expect, test } from 'vitest';
import { OpenNodes } from '../../src/engine/open-nodes.ts';
import type { NodePlan } from '../../src/engine/plan.ts';
import { executor, instanceOf } from './plans.ts';

const planOf = (name: string, cpu = 1): NodePlan =>
  ({ prepared: { instance: instanceOf(name, { cpu }), executor } }) as unknown as NodePlan;

function opened(...names: readonly string[]): OpenNodes {
  const open = new OpenNodes(new Map(names.map((name, place) => [name, place])));
  for (const name of names) open.add(name, planOf(name, name.startsWith('wide') ? 2 : 1));
  return open;
}

describe('open nodes', () => {
  test('are met in their order, whenever they came', () => {
    const names = Array.from({ length: 3000 }, (_, index) => `n${index}`);
    const open = new OpenNodes(new Map(names.map((name, place) => [name, place])));
    for (const [index, name] of names.entries()) open.add(names[(index * 7) % 3000] ?? name, planOf(name));
    for (const name of names) {
      expect(open.next()?.name).toBe(name);
      open.delete(name);
    }
    expect([open.next(), open.size]).toEqual([undefined, 0]);
  });

  test('are met one by one', () => {
    const open = opened('b', 'a');
    expect(open.next()).toMatchObject({ name: 'b', isAsked: false });
    open.delete('b');
    expect(open.next()).toMatchObject({ name: 'a' });
    open.delete('a');
    expect([open.next(), open.size]).toEqual([undefined, 0]);
  });

  test('that ask for the same wait behind the first of them that finds no place, others do not', () => {
    const open = opened('wide 1', 'slim', 'wide 2');
    open.waitForSlots('wide 1');
    expect(open.next()).toMatchObject({ name: 'slim' });
    open.delete('slim');
    expect(open.next()).toMatchObject({ name: 'wide 2', isAsked: false });
    open.waitForSlots('wide 2');
    expect([open.next(), open.size]).toEqual([undefined, 2]);
    expect(open.freed('work')).toBe(false);
    expect(open.freed(undefined)).toBe(true);
    expect(open.next()).toMatchObject({ name: 'wide 1', isAsked: true });
    open.waitForSlots('wide 1');
    expect(open.next()).toBeUndefined();
  });

  test('begin in their order, whichever waited for slots', () => {
    const open = opened('wide', 'slim');
    open.waitForSlots('wide');
    open.freed(undefined);
    expect(open.next()).toMatchObject({ name: 'wide' });
  });

  test('whose work another run does are looked at anew when that has ended', () => {
    const open = opened('same');
    open.waitForWork('same', 'work');
    expect([open.freed('another'), open.next()]).toEqual([false, undefined]);
    expect(open.freed('work')).toBe(true);
    expect(open.next()).toMatchObject({ name: 'same', isAsked: false });
  });

  test('may be added anew and deleted wherever they wait', () => {
    const open = opened('a', 'b', 'c');
    open.waitForSlots('a');
    open.waitForWork('b', 'work');
    for (const name of ['a', 'b', 'c']) open.delete(name);
    expect([open.freed('work'), open.size]).toEqual([false, 0]);
    open.add('a', planOf('a'));
    expect(open.next()).toMatchObject({ name: 'a', isAsked: false });
  });
});

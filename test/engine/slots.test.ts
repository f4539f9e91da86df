import { describe, expect, test } from 'vitest';
import type { Capacity } from '../../src/model/executor.ts';
import { Slots } from '../../src/engine/slots.ts';
import { instanceOf } from './plans.ts';

const here = { name: 'here', capacity: { cpu: 0, gpu: 0, memory: 0 } };
const slotsOf = (capacity: Capacity): Slots => new Slots({ name: here.name, capacity });
const one = instanceOf('one');
const gpu = instanceOf('gpu', { gpu: 1 });

describe('slots', () => {
  test('are taken up to the capacity and given back', () => {
    const slots = slotsOf({ cpu: 2, gpu: 1, memory: 100 });
    expect(slots.take(one, here, 'a')).toBe('taken');
    expect(slots.take(gpu, here, 'b')).toBe('taken');
    expect(slots.take(one, here, 'c')).toBe('full');
    slots.release(one, here, 'a');
    expect(slots.take(gpu, here, 'd')).toBe('full');
    expect(slots.take(one, here, 'c')).toBe('taken');
  });

  test('are counted for each executor by itself', () => {
    const slots = slotsOf({ cpu: 1, gpu: 0, memory: 100 });
    const there = { name: 'there', capacity: { cpu: 2, gpu: 0, memory: 100 } };
    expect(slots.take(one, here, 'a')).toBe('taken');
    expect(slots.take(one, there, 'a')).toBe('busy');
    expect(slots.take(one, there, 'b')).toBe('taken');
    expect(slots.take(one, there, 'c')).toBe('taken');
    expect(slots.take(one, there, 'd')).toBe('full');
    slots.release(one, there, 'b');
    expect(slots.take(one, here, 'd')).toBe('full');
    expect(slots.take(one, there, 'd')).toBe('taken');
  });

  test('end where an executor takes no more nodes, whatever they ask for', () => {
    const slots = slotsOf({ cpu: 9, gpu: 0, memory: 100, nodes: 2 });
    const measures = { ...one, measures: true };
    expect(slots.take(measures, here, 'a')).toBe('taken');
    expect(slots.take(one, here, 'b')).toBe('taken');
    expect(slots.take(one, here, 'c')).toBe('full');
    expect(slots.take(measures, here, 'd')).toBe('full');
    slots.release(measures, here, 'a');
    expect(slots.take(measures, here, 'd')).toBe('taken');
  });

  test.each([
    ['threads', { cpu: 3 }],
    ['accelerators', { gpu: 2 }],
    ['memory', { memory: 101 }],
  ])('cannot hold a node that asks for more %s than there is, alone or not', (_, more) => {
    const slots = slotsOf({ cpu: 2, gpu: 1, memory: 100 });
    const node = (resources: Partial<Capacity>) => ({ ...one, resources: { ...one.resources, ...resources } });
    expect(slots.isTooLarge(node({ cpu: 2, gpu: 1, memory: 100 }), here)).toBe(false);
    expect(slots.isTooLarge(node(more), here)).toBe(true);
    expect(slots.take(node(more), here, 'large')).toBe('taken');
    expect(slots.take(node({ cpu: 0 }), here, 'none')).toBe('full');
    slots.release(node(more), here, 'large');
    expect(slots.take(node({ cpu: 2, gpu: 1, memory: 100 }), here, 'all')).toBe('taken');
  });

  test('remember why work failed', () => {
    const slots = slotsOf({ cpu: 1, gpu: 0, memory: 0 });
    const problem = { kind: 'stage', code: 'exit-code', message: 'a failed' } as const;
    slots.noteFailure('a', problem);
    expect([slots.failureOf('a'), slots.failureOf('b')]).toEqual([problem, undefined]);
  });

  test('count memory in bytes', () => {
    const slots = slotsOf({ cpu: 8, gpu: 0, memory: 100 });
    const large = instanceOf('large');
    const node = (memory: number) => ({ ...large, resources: { ...large.resources, memory } });
    expect(slots.take(node(60), here, 'a')).toBe('taken');
    expect(slots.take(node(60), here, 'b')).toBe('full');
    expect(slots.take(node(40), here, 'c')).toBe('taken');
  });

  test('let no work be done twice at once, however much is free', () => {
    const slots = slotsOf({ cpu: 8, gpu: 0, memory: 100 });
    expect(slots.take(one, here, 'same')).toBe('taken');
    expect(slots.take(one, here, 'same')).toBe('busy');
    slots.release(one, here, 'same');
    expect(slots.take(one, here, 'same')).toBe('taken');
  });

  test('are not taken by a node that measures: its executor gives it all of the machine', () => {
    const slots = slotsOf({ cpu: 1, gpu: 0, memory: 100 });
    const measuring = instanceOf('measuring', { measures: true });
    expect(slots.take(measuring, here, 'a')).toBe('taken');
    expect(slots.take(measuring, here, 'a')).toBe('busy');
    expect(slots.take(one, here, 'b')).toBe('taken');
    slots.release(measuring, here, 'a');
    expect(slots.take(one, here, 'c')).toBe('full');
  });

  test('keep everything else away from a node that is larger than the machine', () => {
    const slots = slotsOf({ cpu: 8, gpu: 0, memory: 100 });
    const alone = instanceOf('large', { cpu: 9 });
    expect(slots.take(one, here, 'a')).toBe('taken');
    expect(slots.take(alone, here, 'b')).toBe('full');
    slots.release(one, here, 'a');
    expect(slots.take(alone, here, 'b')).toBe('taken');
    expect(slots.take(one, here, 'a')).toBe('full');
    slots.release(alone, here, 'b');
    expect(slots.take(one, here, 'a')).toBe('taken');
  });

  test('tell all who watch that slots are free and which work has ended, until they watch no more', () => {
    const slots = slotsOf({ cpu: 1, gpu: 0, memory: 100 });
    const told: [string, string | undefined][] = [];
    const ends = ['first', 'second'].map((name) => slots.watch((work) => void told.push([name, work])));
    slots.take(one, here, 'a');
    slots.release(one, here, 'a');
    for (const end of ends) end();
    slots.release(one, here, 'a');
    const both = (work: string | undefined) => ['first', 'second'].map((name) => [name, work]);
    expect(told).toEqual([...both(undefined), ...both('a')]);
  });

  test('can be given back before the work has ended, once', () => {
    const slots = slotsOf({ cpu: 1, gpu: 0, memory: 100 });
    slots.take(one, here, 'a');
    slots.free(one, here, 'a');
    expect([slots.take(one, here, 'a'), slots.take(one, here, 'b')]).toEqual(['busy', 'taken']);
    slots.release(one, here, 'a');
    expect([slots.take(one, here, 'a'), slots.take(one, here, 'c')]).toEqual(['full', 'full']);
    slots.release(one, here, 'b');
    expect(slots.take(one, here, 'a')).toBe('taken');
  });
});

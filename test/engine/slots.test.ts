import { describe, expect, test } from 'vitest';
import { Slots } from '../../src/engine/slots.ts';
import { instanceOf } from './plans.ts';

const one = instanceOf('one');
const gpu = instanceOf('gpu', { gpu: 1 });

describe('slots', () => {
  test('are taken up to the capacity and given back', () => {
    const slots = new Slots({ cpu: 2, gpu: 1, memory: 100 });
    expect(slots.take(one, 'a')).toBe('taken');
    expect(slots.take(gpu, 'b')).toBe('taken');
    expect(slots.take(one, 'c')).toBe('full');
    slots.release(one, 'a');
    expect(slots.take(gpu, 'd')).toBe('full');
    expect(slots.take(one, 'c')).toBe('taken');
  });

  test('count memory in bytes', () => {
    const slots = new Slots({ cpu: 8, gpu: 0, memory: 100 });
    const large = instanceOf('large');
    const node = (memory: number) => ({ ...large, resources: { ...large.resources, memory } });
    expect(slots.take(node(60), 'a')).toBe('taken');
    expect(slots.take(node(60), 'b')).toBe('full');
    expect(slots.take(node(40), 'c')).toBe('taken');
  });

  test('let no work be done twice at once, however much is free', () => {
    const slots = new Slots({ cpu: 8, gpu: 0, memory: 100 });
    expect(slots.take(one, 'same')).toBe('taken');
    expect(slots.take(one, 'same')).toBe('busy');
    slots.release(one, 'same');
    expect(slots.take(one, 'same')).toBe('taken');
  });

  test.each([
    ['is larger than the machine', instanceOf('large', { cpu: 9 })],
    ['measures it', instanceOf('measuring', { measures: true })],
  ])('keep everything else away from a node that %s', (_, alone) => {
    const slots = new Slots({ cpu: 8, gpu: 0, memory: 100 });
    expect(slots.take(one, 'a')).toBe('taken');
    expect(slots.take(alone, 'b')).toBe('full');
    slots.release(one, 'a');
    expect(slots.take(alone, 'b')).toBe('taken');
    expect(slots.take(one, 'a')).toBe('full');
    slots.release(alone, 'b');
    expect(slots.take(one, 'a')).toBe('taken');
  });

  test('wake all who wait when something is given back', async () => {
    const slots = new Slots({ cpu: 1, gpu: 0, memory: 100 });
    slots.take(one, 'a');
    const waiting = [slots.changed(), slots.changed()];
    slots.release(one, 'a');
    await Promise.all(waiting);
  });
});

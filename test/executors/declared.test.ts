import { MessageChannel } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { refusingOthers, UndeclaredName } from '../../src/executors/job/declared.ts';

interface Inputs {
  readonly text: string;
  readonly images: readonly string[];
  readonly teacher?: string;
}

const inputs = (): Inputs => refusingOthers('inputs', { text: '/in/text', images: ['/a', '/b'] }, ['teacher']);

/** The same, as code that no compiler has checked sees it. */
const unchecked = (): Record<string, unknown> => inputs() as unknown as Record<string, unknown>;

describe('a name that is not declared', () => {
  test.each<[string, (given: Record<string, unknown>) => unknown]>([
    ['by a dot', (given) => given['txet']],
    ['taken apart', ({ txet }) => txet],
    ['taken apart with a default', ({ txet = 1 }) => txet],
    ['by a computed name', (given) => given[['t', 'xet'].join('')]],
    ['of an object made from it', (given) => Object.create(given).txet],
  ])('is refused: %s', (_, read) => {
    expect(() => read(unchecked())).toThrow(UndeclaredName);
    expect(() => read(unchecked())).toThrow('the work reads inputs.txet, which is not declared');
  });

  test('is told with those that are', () => {
    try {
      expect(unchecked()['txet']).toBe('never reached');
    } catch (error) {
      expect(error).toMatchObject({ used: 'txet', known: ['text', 'images', 'teacher'] });
    }
  });
});

describe('what else is done with such an object goes on as with any', () => {
  test('an optional name is undefined, and its default holds', () => {
    expect(inputs().teacher).toBeUndefined();
    const { teacher = 'none', text, ...others } = inputs();
    expect([teacher, text, others]).toEqual(['none', '/in/text', { images: ['/a', '/b'] }]);
  });

  test('a name may be looked for', () => {
    expect('txet' in inputs()).toBe(false);
    expect('text' in inputs()).toBe(true);
    expect(Object.hasOwn(inputs(), 'teacher')).toBe(false);
  });

  test('it is listed, spread, copied, compared and written', () => {
    const plain = { text: '/in/text', images: ['/a', '/b'] };
    expect(Object.entries(inputs())).toEqual(Object.entries(plain));
    expect({ ...inputs() }).toStrictEqual(plain);
    expect(Object.assign({}, inputs())).toStrictEqual(plain);
    expect(structuredClone(inputs())).toStrictEqual(plain);
    expect(JSON.stringify({ inputs: inputs() })).toBe(JSON.stringify({ inputs: plain }));
    const names: string[] = [];
    for (const name in inputs()) names.push(name);
    expect(names).toEqual(['text', 'images']);
    expect(`${String(inputs())} ${Object.hasOwn(inputs(), 'text')}`).toBe('[object Object] true');
  });

  test('it is awaited and shown', async () => {
    expect(await Promise.resolve(inputs())).toMatchObject({ text: '/in/text' });
    const { inspect } = await import('node:util');
    expect(inspect(inputs())).toContain("text: '/in/text'");
  });

  test('it is sent to a thread', async () => {
    const { port1, port2 } = new MessageChannel();
    const arrived = new Promise((resolve) => port2.once('message', resolve));
    port1.postMessage(inputs());
    expect(await arrived).toStrictEqual({ text: '/in/text', images: ['/a', '/b'] });
    port1.close();
  });
});

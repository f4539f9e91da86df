import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fingerprintOf } from '../../src/model/fingerprint.ts';
import { type Prepared, ingredientsOf, prepare } from '../../src/engine/fingerprint.ts';
import { inputIngredients } from '../../src/engine/inputs.ts';
import { arbitraryIngredients } from './arbitrary-ingredients.ts';
import type { Instance } from '../../src/model/pipeline.ts';
import type { Json } from '../../src/model/json.ts';
import type { Snapshot, Store } from '../../src/model/store.ts';
import type { Ingredients } from '../../src/model/result.ts';
import { FakeExecutor, only } from '../executors/fake.ts';

/** All paths to a value that is neither a list nor a mapping. */
function leaves(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (value === null || typeof value !== 'object') return [path];
  return Object.entries(value).flatMap(([key, member]) => leaves(member, [...path, key]));
}

function withLeaf(value: unknown, [step, ...rest]: readonly string[], to: unknown): unknown {
  if (step === undefined) return to;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) };
  (copy as Record<string, unknown>)[step] = withLeaf((copy as Record<string, unknown>)[step], rest, to);
  return copy;
}

/** Whether the free values of both have their keys in one order. */
function sameOrder(a: Ingredients, b: Ingredients): boolean {
  const free = ({ params, inputs }: Ingredients): string[] => [
    ...Object.keys(params)
      .sort()
      .map((name) => JSON.stringify(params[name])),
    ...Object.keys(inputs)
      .sort()
      .map((port) => JSON.stringify(inputs[port]?.elements.map(({ key }) => key))),
  ];
  return isDeepStrictEqual(free(a), free(b));
}

/** The same value with the keys of each mapping in another order. */
function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, reversed(member)]),
  );
}

describe('a fingerprint', () => {
  test('counts the order of keys within a value, and not that of names', () => {
    fc.assert(
      fc.property(arbitraryIngredients, (before) => {
        const turned = { ...before, params: Object.fromEntries(Object.entries(before.params).toReversed()) };
        expect(fingerprintOf(turned)).toBe(fingerprintOf(before));
        for (const [name, value] of Object.entries(before.params)) {
          const after = { ...before, params: { ...before.params, [name]: reversed(value) } };
          const same = JSON.stringify(value) === JSON.stringify(reversed(value));
          expect(fingerprintOf(after) === fingerprintOf(before)).toBe(same);
        }
      }),
    );
  });

  test('changes with each ingredient, whichever leaf it is', () => {
    fc.assert(
      fc.property(arbitraryIngredients, fc.nat(), (before, pick) => {
        const paths = leaves(before);
        const path = paths[pick % paths.length] ?? [];
        const after = withLeaf(before, path, 'something else') as Ingredients;
        expect(fingerprintOf(after)).not.toBe(fingerprintOf(before));
      }),
    );
  });

  test('is equal exactly where the ingredients are', () => {
    fc.assert(
      fc.property(arbitraryIngredients, arbitraryIngredients, (a, b) => {
        expect(fingerprintOf(structuredClone(a))).toBe(fingerprintOf(a));
        expect(fingerprintOf(JSON.parse(JSON.stringify(a)) as Ingredients)).toBe(fingerprintOf(a));
        expect(fingerprintOf(a) === fingerprintOf(b)).toBe(isDeepStrictEqual(a, b) && sameOrder(a, b));
      }),
    );
  });
});

const snapshot: Snapshot = { kind: 'file', digest: 'a'.repeat(64), size: 1, suffix: '.txt' };
const base: Instance = {
  node: 'card',
  key: { fold: 0 },
  name: 'card[fold=0]',
  work: { kind: 'command', run: 'echo', tools: [], paths: { out: 'out.txt' } },
  params: { size: 32 },
  inputs: [{ port: 'text', many: false, elements: [{ key: {}, origin: { kind: 'source', source: 'poem' } }] }],
  outputs: { out: { kind: 'file', suffix: '.txt', measured: false } },
  metrics: {},
  resources: { cpu: 1, gpu: 0, memory: 0 },
  env: [{ name: 'GREETING', secret: false }],
  measures: false,
  retries: 0,
};

async function fingerprintOfInstance(
  instance: Instance,
  { read = snapshot, greeting = 'hello', machine = 'this machine' } = {},
): Promise<string> {
  const prepared = await prepare(instance, {
    root: '/',
    store: {} as Store,
    engines: [],
    executors: only(new FakeExecutor(() => ({}), { facts: { machine: { cpu: machine } } })),
    environment: { PATH: '', GREETING: greeting, TOKEN: greeting },
  });
  if (!prepared.ok) throw new Error(prepared.problems[0]?.message);
  const { inputs } = inputIngredients(instance, { snapshots: new Map([['poem', read]]), settled: new Map() });
  return fingerprintOf(ingredientsOf(prepared.value satisfies Prepared, inputs));
}

describe('of a node', () => {
  const element = { key: { fold: 0 }, origin: { kind: 'source' as const, source: 'poem' } };

  test.each<[string, Partial<Instance>]>([
    ['the name', { node: 'other', name: 'other[fold=0]' }],
    ['its own matrix point', { key: { fold: 1 } }],
    ['the time it may take', { timeout: 10 }],
    ['retries', { retries: 3 }],
    ['memory and accelerators', { resources: { cpu: 1, gpu: 1, memory: 1024 } }],
    ['a metric', { metrics: { accuracy: { goal: 'maximize' } } }],
    ['a secret', { env: [...base.env, { name: 'TOKEN', secret: true }] }],
    ['the key of a single input', { inputs: [{ port: 'text', many: false, elements: [element] }] }],
  ])('%s does not count', async (_, change) => {
    expect(await fingerprintOfInstance({ ...base, ...change })).toBe(await fingerprintOfInstance(base));
  });

  test.each<[string, Partial<Instance>]>([
    ['the command', { work: { kind: 'command', run: 'echo ', tools: [], paths: { out: 'out.txt' } } }],
    ['the list form', { work: { kind: 'command', run: ['echo'], tools: [], paths: { out: 'out.txt' } } }],
    ['the metrics file', { work: { kind: 'command', run: 'echo', tools: [], paths: { out: 'out.txt' }, metrics: 'm.json' } }],
    ['where an output is written', { work: { kind: 'command', run: 'echo', tools: [], paths: { out: 'o.txt' } } }],
    ['a param', { params: { size: 33 } }],
    ['a param that is a text now', { params: { size: '32' } }],
    ['one more param', { params: { size: 32, more: null } }],
    ['the name of a port', { inputs: [{ port: 'other', many: false, elements: [element] }] }],
    ['a list in place of one', { inputs: [{ port: 'text', many: true, elements: [element] }] }],
    ['where an input stands', { inputs: [{ port: 'text', at: 'here.txt', many: false, elements: [element] }] }],
    ['one more output', { outputs: { ...base.outputs, more: { kind: 'dir', suffix: '', measured: false } } }],
    ['the threads', { resources: { cpu: 2, gpu: 0, memory: 0 } }],
    ['a declared variable', { env: [] }],
    ['a declared variable of the file', { env: [{ name: 'GREETING', value: 'hi', secret: false }] }],
    ['that it measures the machine', { measures: true }],
  ])('%s counts', async (_, change) => {
    expect(await fingerprintOfInstance({ ...base, ...change })).not.toBe(await fingerprintOfInstance(base));
  });

  test('the content of an input, its suffix, and the value of a declared variable count', async () => {
    const before = await fingerprintOfInstance(base);
    expect(await fingerprintOfInstance(base, { read: { ...snapshot, digest: 'b'.repeat(64) } })).not.toBe(before);
    expect(await fingerprintOfInstance(base, { read: { ...snapshot, suffix: '.md' } })).not.toBe(before);
    expect(await fingerprintOfInstance(base, { greeting: 'good day' })).not.toBe(before);
  });

  test('the machine counts only where it is measured', async () => {
    const elsewhere = { machine: 'another machine' };
    expect(await fingerprintOfInstance(base, elsewhere)).toBe(await fingerprintOfInstance(base));
    const measuring = { ...base, measures: true };
    expect(await fingerprintOfInstance(measuring, elsewhere)).not.toBe(await fingerprintOfInstance(measuring));
  });

  test('the keys of a list of inputs count, and so does their order', async () => {
    const elements = [0, 1].map((fold) => ({ ...element, key: { fold } }));
    const many = (list: typeof elements): Instance => ({ ...base, inputs: [{ port: 'text', many: true, elements: list }] });
    const before = await fingerprintOfInstance(many(elements));
    expect(await fingerprintOfInstance(many(elements.toReversed()))).not.toBe(before);
    expect(await fingerprintOfInstance(many(elements.map((one) => ({ ...one, key: { fold: 2 } }))))).not.toBe(before);
  });
});

import fc from 'fast-check';
import type { ElementIngredient, Ingredients } from '../../src/model/result.ts';

const hex = fc.stringMatching(/^[0-9a-f]{8}$/);
const name = fc.stringMatching(/^[a-z]{1,3}$/);
const plain = fc.oneof(fc.integer(), fc.string({ maxLength: 3 }), fc.boolean(), fc.constant(null));
const small = fc.dictionary(name, plain, { maxKeys: 2, noNullPrototype: true });
/** Free values, whose keys have an order. */
const free = fc.dictionary(name, fc.oneof(plain, small, fc.array(small, { maxLength: 2 })), { maxKeys: 2, noNullPrototype: true });

const element: fc.Arbitrary<ElementIngredient> = fc
  .tuple(fc.record({ key: free, content: hex, suffix: fc.constantFrom('', '.txt') }, { noNullPrototype: true }), fc.boolean())
  .map(([one, executable]) => ({ ...one, ...(executable ? { executable } : {}) }));

/** All kinds of ingredients, small enough that two of them may be equal. */
export const arbitraryIngredients: fc.Arbitrary<Ingredients> = fc.record({
  format: fc.constantFrom(2, 3),
  stageApi: fc.constantFrom(1, 2),
  work: fc.oneof(
    fc.record({
      kind: fc.constant('stage' as const),
      code: hex,
      packages: fc.dictionary(name, fc.record({ version: hex, integrity: hex }), { maxKeys: 2 }),
    }),
    fc.record({
      kind: fc.constant('command' as const),
      run: fc.oneof(fc.string(), fc.array(fc.string(), { maxLength: 3 })),
      tools: fc.dictionary(name, hex, { maxKeys: 2 }),
      at: fc.dictionary(name, hex, { maxKeys: 2 }),
      metrics: fc.option(hex),
    }),
  ),
  params: free,
  inputs: fc.dictionary(name, fc.record({ many: fc.boolean(), elements: fc.array(element, { maxLength: 3 }) }), { maxKeys: 2 }),
  outputs: fc.dictionary(name, hex, { maxKeys: 2 }),
  env: fc.dictionary(name, fc.option(hex), { maxKeys: 2 }),
  cpu: fc.integer({ min: 1, max: 4 }),
  platform: fc.option(hex),
  engines: fc.dictionary(
    name,
    fc.record({ device: fc.constantFrom('cpu' as const, 'gpu' as const), environment: fc.dictionary(name, hex, { maxKeys: 2 }) }),
    { maxKeys: 2 },
  ),
  machine: fc.option(small),
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Difference, differences, sentence } from '../../src/engine/differences.ts';
import { fingerprintOf } from '../../src/model/fingerprint.ts';
import type { ElementIngredient, Ingredients } from '../../src/model/result.ts';
import type { Store } from '../../src/model/store.ts';
import { arbitraryIngredients } from '../model/arbitrary-ingredients.ts';

const store = { bundles: { read: () => undefined } } as unknown as Store;
const between = (from: Ingredients, to: Ingredients): Difference[] => differences(from, to, [], store);

const base: Ingredients = {
  format: 2,
  stageApi: 1,
  work: { kind: 'command', run: 'cat "$in"', tools: {}, at: {}, metrics: null },
  params: { size: 32, cfg: { a: 1, b: 2 } },
  inputs: { in: { many: false, elements: [{ key: {}, content: 'a'.repeat(64), suffix: '.txt' }] } },
  outputs: { out: 'file out.txt' },
  env: {},
  cpu: 1,
  platform: null,
  engines: {},
  machine: null,
};

function withElement(change: Partial<ElementIngredient>, from: Ingredients = base): Ingredients {
  const [element] = from.inputs['in']?.elements ?? [];
  return { ...from, inputs: { in: { many: false, elements: [{ ...(element as ElementIngredient), ...change }] } } };
}

function withParams(params: Ingredients['params']): Ingredients {
  return { ...base, params: { ...base.params, ...params } };
}

describe('what differs', () => {
  test('is found wherever fingerprints differ, and told apart', () => {
    fc.assert(
      fc.property(arbitraryIngredients, arbitraryIngredients, (from, to) => {
        const found = between(from, to);
        expect(found.length === 0).toBe(fingerprintOf(from) === fingerprintOf(to));
        for (const { from: before, to: after } of found) expect(before).not.toBe(after);
      }),
    );
  });

  test('is found in one leaf of otherwise equal ingredients', () => {
    fc.assert(
      fc.property(arbitraryIngredients, arbitraryIngredients, (from, other) => {
        for (const key of Object.keys(from) as (keyof Ingredients)[]) {
          const to = { ...from, [key]: other[key] };
          expect(between(from, to).length === 0).toBe(fingerprintOf(from) === fingerprintOf(to));
        }
      }),
    );
  });

  test.each<[string, Ingredients, string]>([
    ['a suffix', withElement({ suffix: '.md' }), 'suffix of input in changed: .txt → .md'],
    ['a bit', withElement({ executable: true }), 'mode of input in changed: not executable → executable'],
    ['a content', withElement({ content: 'b'.repeat(64) }), `input in changed: ${'a'.repeat(12)} → ${'b'.repeat(12)}`],
    ['a text that looks like a number', withParams({ size: '32' }), 'param size changed: 32 → "32"'],
    ['the order of keys', withParams({ cfg: { b: 2, a: 1 } }), 'param cfg changed: {"a":1,"b":2} → {"b":2,"a":1}'],
    ['null', withParams({ more: null }), 'param more changed: none → null'],
    ['a format', { ...base, format: 3 }, "Stillroom's own format changed: 2 → 3"],
  ])('in %s is said plainly', (_, to, expected) => {
    expect(sentence(between(base, to))).toBe(expected);
  });

  test('is shown where long values part', () => {
    const text = 'word '.repeat(50);
    const [found] = between(withParams({ text: `${text}a` }), withParams({ text: `${text}b` }));
    expect(found).toEqual({ what: 'param text', from: '…word word a', to: '…word word b' });
  });

  test('from a former format is that format first, and then only what it kept', () => {
    const former: Ingredients = { ...base, format: 1, params: { size: 31, cfg: { b: 2, a: 1 } } };
    const now = withElement({ executable: true });
    expect(sentence(between(former, now))).toBe("Stillroom's own format changed: 1 → 2; param size changed: 31 → 32");
  });
});

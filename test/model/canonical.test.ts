import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, digestOf } from '../../src/model/canonical.ts';

/** The same value with the keys of each mapping in another order. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, shuffled(member)]),
  );
}

const json = fc.jsonValue({ stringUnit: 'binary', depthSize: 'medium' });

describe('canonical JSON', () => {
  test('is JSON of the same value', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(canonicalJson(shuffled(value))).toBe(canonicalJson(value));
      }),
    );
  });

  test('differs where the values do', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
        const areEqual = (() => {
          try {
            expect(plain(a)).toEqual(plain(b));
            return true;
          } catch {
            return false;
          }
        })();
        expect(canonicalJson(a) === canonicalJson(b)).toBe(areEqual);
      }),
    );
  });

  test('sorts keys by UTF-16 units and writes numbers and texts as RFC 8785 does', () => {
    const value = { '\u20ac': 'Euro', '\r': 'CR', '\ufb33': 'Dalet', '1': 'One', '\ud83d\ude00': 'Smile', '\u0080': 'Control', ö: 'o' };
    expect(Object.keys(JSON.parse(canonicalJson(value)) as object)).toHaveLength(7);
    expect(canonicalJson(value)).toBe(
      '{"\\r":"CR","1":"One","\u0080":"Control","ö":"o","\u20ac":"Euro","\ud83d\ude00":"Smile","\ufb33":"Dalet"}',
    );
    expect(canonicalJson([1e30, 4.5, 2e-3, 1e-27, -0, '\u000f\n"\\/'])).toBe('[1e+30,4.5,0.002,1e-27,0,"\\u000f\\n\\"\\\\/"]');
    expect(digestOf({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
  });

  test.each([
    ['undefined', undefined],
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a lone surrogate', '\ud800'],
    ['a lone surrogate in a key', { '\udc00': 1 }],
    ['a date', new Date(0)],
    ['a map', new Map()],
    ['bytes', new Uint8Array(1)],
    ['a bigint', 1n],
    ['a function', () => 1],
    ['a hole in a list', [1, undefined, 2]],
    ['an undefined member', { a: undefined }],
  ])('rejects %s, at any depth', (_, value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
    expect(() => canonicalJson({ a: [1, { b: value }] })).toThrow(TypeError);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instanceName, parseInstanceName, splitList, splitName } from '../../src/model/instance-name.ts';
import type { Key } from '../../src/model/pipeline.ts';

const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,5}$/);
const awkward = fc.constantFrom(
  '',
  ' ',
  '1',
  '1e3',
  '-0.5',
  '007',
  'true',
  'null',
  "'a'",
  '"a"',
  'a,b',
  'a=b',
  '[a]',
  'a]',
  '{',
  'a/b',
  'a%2fb',
);
/** As a matrix has them: without negative zero, which YAML's integers do not have and JSON cannot tell. */
const value = fc
  .oneof(fc.string(), fc.string({ unit: 'binary' }), awkward, fc.jsonValue({ stringUnit: 'binary' }))
  .map((one) => JSON.parse(JSON.stringify(one)) as Key[string]);
const key: fc.Arbitrary<Key> = fc.dictionary(name, value, { maxKeys: 3, noNullPrototype: true });

describe('the name of an instance', () => {
  test('is read back as the node and the point that it was made of', () => {
    fc.assert(
      fc.property(name, key, (node, point) => {
        const read = parseInstanceName(instanceName(node, point));
        expect(JSON.stringify(read)).toBe(JSON.stringify({ node, key: point }));
      }),
    );
  });

  test('differs where the points do', () => {
    fc.assert(
      fc.property(name, name, value, value, (node, variable, a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b);
        expect(instanceName(node, { [variable]: a }) === instanceName(node, { [variable]: b })).toBe(same);
      }),
    );
  });

  test('holds no control characters', () => {
    fc.assert(fc.property(name, key, (node, point) => void expect(instanceName(node, point)).not.toMatch(/\p{Cc}/u)));
  });

  test('ends where it ends, whatever follows', () => {
    fc.assert(
      fc.property(name, key, (node, point) => {
        expect(splitName(`${instanceName(node, point)}.lr=1`)?.rest).toBe('.lr=1');
      }),
    );
  });

  test.each<[Key, string]>([
    [{}, 'x'],
    [{ fold: 0, seed: 1 }, 'x[fold=0,seed=1]'],
    [{ size: 'small' }, 'x[size=small]'],
    [{ path: 'a/b.txt' }, 'x[path=a/b.txt]'],
    [{ v: '007' }, 'x[v=007]'],
    [{ v: '1' }, 'x[v="1"]'],
    [{ v: 'true' }, 'x[v="true"]'],
    [{ v: 'a, b' }, 'x[v="a, b"]'],
    [{ v: "it's" }, "x[v=it's]"],
    [{ v: { level: 15 } }, 'x[v={"level":15}]'],
    [{ v: [1, '2'] }, 'x[v=[1,"2"]]'],
  ])('of %j is %s', (point, expected) => {
    expect(instanceName('x', point)).toBe(expected);
  });

  test.each(['', 'x[', 'x[]', 'x[v]', 'x[v=1', 'x[v="1]', 'x[v={]', 'x[v=1]y', 'x.y', '[v=1]', 'x[v=1,v=2]', 'x[v={"a"}]'])(
    'is not %j',
    (text) => {
      expect(parseInstanceName(text)).toBeUndefined();
    },
  );
});

test('a list is split at its own commas', () => {
  expect(splitList('a, [1, 2],{a: {b: 1, c: "}"}, d: [3]},"x, y",it\'s, ')).toEqual([
    'a',
    '[1, 2]',
    '{a: {b: 1, c: "}"}, d: [3]}',
    '"x, y"',
    "it's",
    '',
  ]);
  expect(splitList('')).toEqual(['']);
});

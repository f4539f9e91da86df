import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findTooMuch } from '../../src/load/yaml/nesting.ts';
import { topologicalOrder } from '../../src/load/pipeline/order.ts';
import { type BadReference, fillIn } from '../../src/load/pipeline/references.ts';
import { suggestion } from '../../src/text/suggestion.ts';
import { readYaml } from '../../src/load/yaml/document.ts';
import type { Json } from '../../src/model/json.ts';

const scope = { values: new Map<string, Json>(Object.entries({ size: 32, title: 'Poem', list: [1, { a: 2 }], 'mix-ratio': 0.5 })) };

function filled(value: Json): { value: Json; bad: (BadReference & { path: readonly (string | number)[] })[] } {
  const bad: (BadReference & { path: readonly (string | number)[] })[] = [];
  return { value: fillIn(value, scope, (one, path) => bad.push({ ...one, path })), bad };
}

describe('references', () => {
  test('leave a value without a dollar as it is', () => {
    const withoutDollar = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('$'));
    fc.assert(
      fc.property(withoutDollar, (value) => {
        expect(filled(value as Json)).toEqual({ value, bad: [] });
      }),
    );
  });

  test('write $$ as a dollar, so that any text can be written', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        const text = `${before}$${after}`;
        expect(filled(text.replaceAll('$', '$$$$'))).toEqual({ value: text, bad: [] });
      }),
    );
  });

  test('write a value into a text where ${name} stands, and nothing else', () => {
    const plain = fc.string().map((text) => text.replaceAll('$', ''));
    fc.assert(
      fc.property(plain, plain, (before, after) => {
        expect(filled(`${before}\${size}${after}`)).toEqual({
          value: `${before}32${after}`,
          bad: [],
        });
      }),
    );
  });

  test('never throw, and tell of each dollar that refers to nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('$', '{', '}', 'a', 'size', ' ', '-') }), (text) => {
        const { bad } = filled(text);
        const dollars = text.replaceAll('$$', '').replaceAll('${size}', '');
        if (!/^\$[a-z]/.test(text)) expect(bad.length > 0).toBe(dollars.includes('$'));
      }),
    );
  });

  test.each<[Json, Json]>([
    ['$size', 32],
    ['$list', [1, { a: 2 }]],
    ['$mix-ratio', 0.5],
    ['${size}', '32'],
    ['a ${title} of ${size}', 'a Poem of 32'],
    ['${list}', '[1,{"a":2}]'],
    ['$${size}', '${size}'],
    ['$$$$', '$$'],
    [{ a: ['$size', { b: '$title' }] }, { a: [32, { b: 'Poem' }] }],
  ])('%j gives %j', (value, expected) => {
    expect(filled(value)).toEqual({ value: expected, bad: [] });
  });

  test.each<[Json, string, readonly (string | number)[]]>([
    ['$seize', 'unknown-reference', []],
    ['${seize}', 'unknown-reference', []],
    ['$Size', 'unknown-reference', []],
    ['$cfg.lrr', 'unknown-reference', []],
    ['a $size', 'stray-dollar', []],
    ['${size', 'stray-dollar', []],
    ['5 $', 'stray-dollar', []],
    [{ a: ['x', '$seize'] }, 'unknown-reference', ['a', 1]],
  ])('%j is an error', (value, code, path) => {
    expect(filled(value).bad).toMatchObject([{ code, path }]);
  });
});

describe('the guard before the YAML parser', () => {
  const yamlish = fc.string({
    unit: fc.constantFrom('a', ':', ' ', '\n', '-', '[', ']', '{', '}', '"', "'", '#', '&a', '*a', '!', '|', '>', '?', ',', '\t', '$', '%'),
    maxLength: 400,
  });

  test('never throws, nor does reading, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), yamlish), (text) => {
        findTooMuch(text);
        const { value, problems } = readYaml('any.yaml', text);
        for (const { place, hint } of problems) {
          expect(place?.line).toBeGreaterThan(0);
          expect(place?.column).toBeGreaterThan(0);
          expect(hint).toBeTruthy();
        }
        if (problems.length === 0) JSON.stringify(value);
      }),
      { numRuns: 500 },
    );
  });

  test('refuses any mix of brackets deeper than its bound, and lets a shallower one through', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('[', '{ a: '), { minLength: 1, maxLength: 120 }), (open) => {
        const close = open.map((one) => (one === '[' ? ']' : ' }')).toReversed();
        const tooMuch = findTooMuch(`a: ${open.join('')}1${close.join('')}\n`);
        expect(tooMuch !== undefined).toBe(open.length + 1 > 64);
      }),
    );
  });

  test('counts block nesting by columns, not by lines', () => {
    expect(findTooMuch('a:\n  - b: 1\n  - c: 2\n'.repeat(500))).toBeUndefined();
    expect(findTooMuch(Array.from({ length: 70 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join(''))).toBeDefined();
    expect(findTooMuch(`a: |\n${Array.from({ length: 200 }, (_, depth) => `${' '.repeat(depth + 1)}text\n`).join('')}`)).toBeUndefined();
    expect(findTooMuch(`a: "${'['.repeat(500)}"\nb: '${'{'.repeat(500)}' # ${'['.repeat(500)}\n`)).toBeUndefined();
  });
});

describe('order and suggestions', () => {
  test('every node comes after those it needs', () => {
    const graphs = fc.array(fc.array(fc.nat(20), { maxLength: 3 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(graphs, (lists) => {
        const needs = new Map(lists.map((list, index) => [`n${index}`, list.filter((other) => other < index).map((other) => `n${other}`)]));
        const sorted = topologicalOrder(new Map([...needs].toReversed()));
        const order = 'order' in sorted ? sorted.order : [];
        expect([...order].sort()).toEqual([...needs.keys()].sort());
        for (const [name, before] of needs) for (const one of before) expect(order.indexOf(one)).toBeLessThan(order.indexOf(name));
      }),
    );
  });

  test('a circle is returned as a path around it', () => {
    const sorted = topologicalOrder(
      new Map([
        ['a', ['b']],
        ['b', ['c']],
        ['c', ['d', 'b']],
        ['d', []],
      ]),
    );
    expect('cycle' in sorted ? sorted.cycle : []).toEqual(['b', 'c', 'b']);
    expect(topologicalOrder(new Map([['a', ['a']]]))).toEqual({ cycle: ['a', 'a'] });
  });

  test('a long chain does not exhaust the stack', () => {
    const needs = new Map(Array.from({ length: 20_000 }, (_, index) => [`n${index}`, index === 19_999 ? [] : [`n${index + 1}`]] as const));
    expect('order' in topologicalOrder(needs)).toBe(true);
  });

  test.each([
    ['leest', 'did you mean "least"?'],
    ['elast', 'did you mean "least"?'],
    ['LEAST', 'did you mean "least"?'],
    ['raet', 'did you mean "rate"?'],
    ['completely-else', 'known: least, rate'],
  ])('for %s: %s', (name, hint) => {
    expect(suggestion(name, ['least', 'rate'])).toBe(hint);
  });
});

import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Blotter } from '../../src/text/blotter.ts';

const secret = fc
  .string({ unit: 'grapheme', minLength: 8, maxLength: 40 })
  .filter((text) => text.isWellFormed() && text.trim().length >= 8);

describe('a secret is blotted out', () => {
  test('in each form in which it may stand', () => {
    fc.assert(
      fc.property(secret, fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 }), (hidden, before, after) => {
        const blotter = new Blotter([hidden]);
        const forms = {
          plain: hidden,
          json: JSON.stringify(hidden).slice(1, -1),
          quoted: inspect(hidden).slice(1, -1),
          url: encodeURIComponent(hidden),
          hex: Buffer.from(hidden).toString('hex'),
        };
        for (const form of Object.values(forms)) expect(blotter.clean(`${before}${form}${after}`)).not.toContain(form);
        expect(blotter.clean(hidden)).toBe('[secret]');
      }),
    );
  });

  test('in base64, whatever stands around it', () => {
    fc.assert(
      fc.property(secret, fc.uint8Array({ maxLength: 5 }), fc.uint8Array({ maxLength: 5 }), (hidden, before, after) => {
        const text = Buffer.concat([before, Buffer.from(hidden), after]).toString('base64');
        const left = new Blotter([hidden]).clean(text).replaceAll('[secret]', '');
        // A letter at each end holds bits of what stands beside it.
        expect(left.length).toBeLessThanOrEqual(Math.ceil((before.length * 8) / 6) + Math.ceil((after.length * 8) / 6) + 4);
      }),
    );
  });

  test('line by line, where it has many', () => {
    const key = '-----BEGIN KEY-----\nabcdefgh\nijklmnop\n-----END KEY-----';
    const blotter = new Blotter([key]);
    expect(blotter.clean(key)).toBe('[secret]');
    expect(key.split('\n').map((line) => blotter.clean(`> ${line}`))).toEqual(Array(4).fill('> [secret]'));
  });

  test('whole, where several overlap or one holds another', () => {
    const blotter = new Blotter(['abcdef', 'defghi', 'cdefgh', 'abcdefghi-long']);
    expect(blotter.clean('x abcdefghi y')).toBe('x [secret] y');
    expect(blotter.clean('x abcdefghi-long y abcdef')).toBe('x [secret] y [secret]');
    expect(new Blotter(['aaaa']).clean('aaaaaaaab')).toBe('[secret]b');
  });

  test('in all texts of a value, names among them', () => {
    const value = { 'abcd-1': ['abcd', 1, null, { deep: 'x abcd' }], ['__proto__']: 'abcd' };
    expect(JSON.stringify(new Blotter(['abcd']).cleanAll(JSON.parse(JSON.stringify(value))))).not.toContain('abcd');
  });

  test('but not one that is empty, or too short to be told from other text', () => {
    expect(new Blotter(['', ' ', 'a', 'abc', '\n']).clean('abc a\n')).toBe('abc a\n');
  });
});

import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { legalFileName, safeFileName } from '../../src/files/file-name.ts';
import { emptyFolder } from '../rig.ts';

const long = fc.tuple(fc.constantFrom('朝', 'x', '%', '/', '😀'), fc.integer({ min: 50, max: 400 }), fc.string({ maxLength: 2 }));
/** Letters that some file systems take for one another, and what they drop. */
const alike = fc.array(
  fc.constantFrom('a', 'A', 'é', 'e\u0301', 'E\u0301', 'ß', 'SS', 'ss', '\u212A', 'k', '.', ' ', '\u200D', '=', '~', '%'),
  {
    minLength: 1,
    maxLength: 200,
  },
);
const name = fc
  .oneof(
    alike.map((parts) => parts.join('')),
    fc.constantFrom('constructor', '__proto__', 'CONSTRUCTOR', 'a\nb', 'a\rb', 'con', 'a.', 'a ', '😀'),
    fc.string({ unit: 'binary', minLength: 1 }),
    fc.constantFrom('.', '..', 'a/b', 'a%2fb', '~', 'a~b', '%2e', '%7e'),
    long.map(([unit, times, end]) => unit.repeat(times) + end),
  )
  .filter((one) => one.isWellFormed());

describe.each([
  ['safeFileName', safeFileName],
  ['legalFileName', legalFileName],
])('%s', (_, toFileName) => {
  test('is a legal name, and leaves room for a suffix', () => {
    fc.assert(
      fc.property(name, (one) => {
        const file = toFileName(one);
        expect(Buffer.byteLength(file)).toBeLessThan(200);
        expect(file).not.toMatch(/[/\0]|^\.{0,2}$/);
        expect(file.isWellFormed()).toBe(true);
      }),
    );
  });

  test('differs where the names do', () => {
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(toFileName(a) === toFileName(b)).toBe(a === b);
      }),
    );
  });

  test('keeps plain names, and none is its own shortening', () => {
    expect(toFileName('teacher[fold=0,size=small]')).toBe('teacher[fold=0,size=small]');
    const shortened = toFileName('x'.repeat(1000));
    expect(toFileName(shortened)).not.toBe(shortened);
  });

  test('is taken by the file system', () => {
    const folder = emptyFolder();
    const names = ['朝'.repeat(300), 'a/b', '..', 'a\nb', 'x'.repeat(300), `${'x'.repeat(299)}y`];
    for (const one of names) mkdirSync(join(folder, `.${toFileName(one)}-12345678.json`));
    expect(readdirSync(folder)).toHaveLength(names.length);
  });
});

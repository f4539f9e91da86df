import { expect, test } from 'vitest';
import { printable } from '../../src/text/printable.ts';

test('shows what a terminal would obey, and leaves all else', () => {
  expect(printable('a\u001b[31mred\u0007\r\u009b2J')).toBe('a\\x1b[31mred\\x07\\x0d\\x9b2J');
  expect(printable('\u202Eevil')).toBe('\\u202eevil');
  expect(printable('lines\n\tand 朝 😀')).toBe('lines\n\tand 朝 😀');
});

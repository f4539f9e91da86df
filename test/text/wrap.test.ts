import { expect, test } from 'vitest';
import { widthOf } from '../../src/text/width.ts';
import { wrap } from '../../src/text/wrap.ts';

test('text is broken between words, and nothing of it is lost', () => {
  const text = 'A command reads a shell variable that nothing sets: 全角文字 too, and averyveryverylongword.';
  const lines = wrap(text, 16);
  expect(lines.join(' ')).toBe(text);
  for (const line of lines) expect(widthOf(line) <= 16 || !line.includes(' ')).toBe(true);
  expect(lines.length).toBeLessThan(10);
  expect(wrap('', 16)).toEqual(['']);
});

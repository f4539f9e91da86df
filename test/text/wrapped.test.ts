import { describe, expect, test } from 'vitest';
import { ansiText, bad, plainText } from '../../src/text/styled.ts';
import { widthOf } from '../../src/text/width.ts';
import { wrapBelow, wrapLine, wrappedTable } from '../../src/text/wrapped.ts';

const plain = (lines: ReturnType<typeof wrapLine>): string[] => lines.map(plainText);

describe('a line that is too long', () => {
  test('is broken between words, and within one that is wider; nothing is lost', () => {
    expect(plain(wrapLine('a long line of words', 9))).toEqual(['a long', 'line of', 'words']);
    expect(plain(wrapLine('一二三四五六', 5))).toEqual(['一二', '三四', '五六']);
    expect(plain(wrapLine('short', 9))).toEqual(['short']);
    expect(plain(wrapLine('  indented words here', 12))).toEqual(['  indented', 'words here']);
  });

  test('keeps its styles, also in a word that changes them on its way', () => {
    expect(wrapLine(['it ', bad('has failed'), ', again'], 7).map(ansiText)).toEqual([
      'it \u001b[31mhas\u001b[39m',
      '\u001b[31mfailed\u001b[39m,',
      'again',
    ]);
  });

  test('goes on below a column', () => {
    expect(plain(wrapBelow('key: one two three', 12, 5))).toEqual(['key: one two', '     three']);
    expect(plain(wrapBelow('key: one two three', undefined, 5))).toEqual(['key: one two three']);
  });
});

describe('a table with wrapped cells', () => {
  const rows = [
    ['run', 'one, two, three', 'a cause that is long'],
    ['reuse', 'x', 'short'],
  ];

  test('fits its width, each cell below itself', () => {
    for (const width of [8, 20, 26, 80]) {
      const lines = plain(wrappedTable(rows, { width }));
      expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(width);
      if (width >= 26) expect(lines.join(' ').split(/ +/).sort().join(' ')).toBe(rows.flat().join(' ').split(' ').sort().join(' '));
    }
    expect(plain(wrappedTable(rows, { width: 32 }))).toEqual([
      'run    one, two,  a cause that',
      '       three      is long',
      'reuse  x          short',
    ]);
  });

  test('is as wide as it is where nothing says how wide it may be', () => {
    expect(plain(wrappedTable(rows, { width: undefined, most: [undefined, 4] }))).toEqual([
      'run    one, two, three  a cause that is long',
      'reuse  x     short',
    ]);
  });
});

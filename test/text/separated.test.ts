import { describe, expect, test } from 'vitest';
import { TextProblem } from '../../src/text/decoded.ts';
import { readTable } from '../../src/text/separated.ts';

const read = (text: string | Uint8Array, form = {}): unknown[] =>
  readTable(typeof text === 'string' ? Buffer.from(text) : text, 'labels.csv', form).map(({ line, fields }) => [line, ...fields]);

/** What is wrong with bytes, and what to do. */
function problemOf(bytes: string | Uint8Array): readonly [string, string] {
  try {
    read(bytes);
  } catch (problem) {
    if (problem instanceof TextProblem) return [problem.message, problem.hint];
    throw problem;
  }
  throw new Error('nothing is wrong');
}

describe('the rows of a table', () => {
  test.each([
    ['commas', 'a,b\n1,2\n'],
    ['semicolons, with commas in numbers', 'a;b\n1;2\n'],
    ['tabs', 'a\tb\n1\t2\n'],
    ['bars', 'a|b\n1|2\n'],
    ['what its first line says', 'sep=;\na;b\n1;2\n'],
  ])('are separated by %s', (what, text) => {
    const from = what.startsWith('what') ? 2 : 1;
    expect(read(text)).toEqual([
      [from, 'a', 'b'],
      [from + 1, '1', '2'],
    ]);
  });

  test('are separated by what stands in each of them, not by what a field holds', () => {
    expect(read('image;score\na,b.png;0,5\n"c;d, e.png";1,5\n')).toEqual([
      [1, 'image', 'score'],
      [2, 'a,b.png', '0,5'],
      [3, 'c;d, e.png', '1,5'],
    ]);
  });

  test('are separated by blanks where that is asked for and nothing else separates them', () => {
    const lists = 'cells/1.png   1.0  mono\ncells/2.png\t0.0\tpoly\n';
    expect(read('cells/1.png   1.0  mono\n\n cells/2.png 0.0  poly\n', { blanks: true })).toEqual([
      [1, 'cells/1.png', '1.0', 'mono'],
      [3, 'cells/2.png', '0.0', 'poly'],
    ]);
    expect(read('one name\ntwo', { blanks: true })).toEqual([
      [1, 'one name'],
      [2, 'two'],
    ]);
    expect(read(lists.split('\n')[0] ?? '')).toEqual([[1, 'cells/1.png   1.0  mono']]);
  });

  test.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ])('end with %s and carry the line that they begin in, over line breaks in quotes and blank lines', (_, end) => {
    expect(read(['a,"b', '""c"""', '', 'd,e', 'f,g'].join(end))).toEqual([
      [1, 'a', 'b\n"c"'],
      [4, 'd', 'e'],
      [5, 'f', 'g'],
    ]);
  });

  test('end with whatever each line ends with', () => {
    expect(read('a,b\r\nc,d\re,f\ng,h')).toEqual([
      [1, 'a', 'b'],
      [2, 'c', 'd'],
      [3, 'e', 'f'],
      [4, 'g', 'h'],
    ]);
  });

  test('are the same in every common encoding', () => {
    const text = 'Bild;Größe\nÄpfel.png;1\n';
    const bigEndian = Buffer.from(text, 'utf16le').swap16();
    const expected = read(text);
    expect(expected).toEqual([
      [1, 'Bild', 'Größe'],
      [2, 'Äpfel.png', '1'],
    ]);
    for (const bytes of [
      Buffer.from(`\u{feff}${text}`),
      Buffer.from(`\u{feff}${text}`, 'utf16le'),
      Buffer.from(text, 'utf16le'),
      Buffer.concat([Buffer.from([0xfe, 0xff]), bigEndian]),
      bigEndian,
    ])
      expect(read(bytes)).toEqual(expected);
  });
});

describe('a table is refused by line', () => {
  test.each([['\n'], ['\r\n'], ['\r']])('where a byte is not UTF-8: it is never replaced (%j)', (end) => {
    const [message, hint] = problemOf(Buffer.from(['image,label', 'a.png,Äpfel', 'b.png,B\u00e4r', ''].join(end), 'latin1'));
    expect(message).toBe('labels.csv, line 2: the byte 0xC4 is not UTF-8; the file is probably in Windows-1252 or Latin-1');
    expect(hint).toBe('convert it: iconv -f WINDOWS-1252 -t UTF-8 labels.csv > converted.csv');
  });

  test.each([
    ['a quote that is never closed', 'a,b\nc,"d\ne,f\n', 'labels.csv, line 2: a quote is opened and never closed'],
    ['a quote inside a field', 'a,b\nc,5" plate\n', 'labels.csv, line 2: a quote stands inside a field'],
    ['a zero byte', 'a,b\nc,\0\n', 'labels.csv, line 2: a zero byte, so it is not text'],
    ['a spreadsheet', 'PK\u0003\u0004xl', 'labels.csv is a spreadsheet or another packed file, not text'],
    [
      'UTF-16 that is cut off',
      Buffer.from('\u{feff}a,b', 'utf16le').subarray(0, 7),
      'labels.csv is not whole UTF-16LE: it is cut off or damaged',
    ],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 65, 0, 0, 0]), 'labels.csv is in UTF-32'],
  ])('where it holds %s', (_, bytes, message) => expect(problemOf(bytes)[0]).toBe(message));
});

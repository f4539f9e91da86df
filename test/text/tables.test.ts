import { describe, expect, test } from 'vitest';
import { csv } from '../../src/text/csv.ts';
import { figure, shown, written } from '../../src/text/figures.ts';
import { markdownTable } from '../../src/text/markdown.ts';
import { textTable } from '../../src/text/table.ts';
import { cutToWidth, widthOf } from '../../src/text/width.ts';

describe('a table on a terminal', () => {
  test('keeps its columns whatever the width of a character, and cuts no row short of its last cell', () => {
    const lines = textTable([
      ['name', 'score', 'note'],
      ['日本語', '0.5', 'a'],
      ['e\u0301te\u0301', '12', ''],
      ['👩‍👩‍👧‍👦', '1', 'b'],
    ]);
    expect(lines).toEqual(['name    score  note', '日本語  0.5    a', 'e\u0301te\u0301     12', '👩‍👩‍👧‍👦      1      b']);
    const columns = ['score', '0.5', '12', '1'].map((cell, row) => widthOf(lines[row]?.slice(0, lines[row].indexOf(cell)) ?? ''));
    expect(columns).toEqual([8, 8, 8, 8]);
  });

  test('may put numbers to the right', () => {
    expect(textTable([['n'], ['10'], ['日']], { isRight: () => true })).toEqual([' n', '10', '日']);
    expect(
      textTable(
        [
          ['a', 'n'],
          ['b', '100'],
        ],
        { isRight: (column) => column === 1 },
      ),
    ).toEqual(['a    n', 'b  100']);
  });

  test('is cut to a width between characters', () => {
    expect(textTable([['日本語', 'x']], { width: 5 })).toEqual(['日本']);
    expect(cutToWidth('ae\u0301o', 2)).toBe('ae\u0301');
    expect(cutToWidth('👩‍👩‍👧‍👦!', 1)).toBe('');
    expect(cutToWidth('as it is', 8)).toBe('as it is');
  });

  test('cannot be broken by what a cell holds', () => {
    expect(textTable([['one\ntwo\u001b[2J', 'x'], ['a']])).toEqual(['one two [2J  x', 'a']);
  });
});

test('CSV quotes as RFC 4180 says, keeps all digits and holds nothing that a spreadsheet would compute', () => {
  const rows = [
    ['name', 'value'],
    ['say "hi", twice\n', 0.123456789012],
    ['=1+1', -3],
    ['-rf', undefined],
    ['@me', null],
    ['+1', [1, { a: 'b' }]],
    ['\tx', true],
  ];
  expect(csv(rows)).toBe(
    `name,value\r\n"say ""hi"", twice\n",0.123456789012\r\n'=1+1,-3\r\n'-rf,\r\n'@me,\r\n'+1,"[1,{""a"":""b""}]"\r\n'\tx,true\r\n`,
  );
});

test('Markdown shows each cell as it is', () => {
  expect(
    markdownTable([
      ['a|b', 'c'],
      ['`x`\n*y*', '<b>&amp; ~z~'],
    ]),
  ).toBe('| a\\|b | c |\n| --- | --- |\n| \\`x\\` \\*y\\* | \\<b\\>\\&amp; \\~z\\~ |\n');
});

test('figures have the digits that matter; what is written has all', () => {
  expect([figure(0.123456), figure(123456), figure(1e-9)]).toEqual(['0.12346', '123456', '1e-9']);
  expect([shown(0.123456), shown('text'), shown(undefined), shown([0.123456])]).toEqual(['0.12346', 'text', '', '[0.123456]']);
  expect([written(0.123456), written(null), written({ a: 1 })]).toEqual(['0.123456', '', '{"a":1}']);
});

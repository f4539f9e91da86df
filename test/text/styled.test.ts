import { describe, expect, test } from 'vitest';
import { ansiText, bad, cutLine, dim, good, plainText, showsColours } from '../../src/text/styled.ts';
import { styledTable } from '../../src/text/table.ts';

describe('a line that stands out in parts', () => {
  const line = ['a ', good('日本語'), [dim(' b'), '!']];

  test('is cut by the columns that it takes, whatever colours it', () => {
    expect(plainText(line)).toBe('a 日本語 b!');
    expect(plainText(cutLine(line, 7))).toBe('a 日本');
    expect(plainText(cutLine(line, 100))).toBe('a 日本語 b!');
  });

  test('stands in columns as its text does', () => {
    const rows = [
      [good('日本語'), '1'],
      ['x', bad('22')],
    ];
    expect(styledTable(rows, { isRight: (column) => column === 1 }).map(plainText)).toEqual(['日本語   1', 'x       22']);
    expect(styledTable(rows).map(ansiText)).toEqual(['\u001b[32m日本語\u001b[39m  1', 'x       \u001b[31m22\u001b[39m']);
  });

  test('has its colours where the output shows them', () => {
    expect(showsColours({ isTTY: true }, {})).toBe(true);
    expect(showsColours({ isTTY: true }, { NO_COLOR: '1', FORCE_COLOR: '1' })).toBe(false);
    expect(showsColours({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
    expect(showsColours({}, {})).toBe(false);
    expect(showsColours({}, { FORCE_COLOR: '1' })).toBe(true);
    expect(showsColours({ isTTY: true }, { FORCE_COLOR: '0' })).toBe(false);
  });
});

import { describe, expect, test } from 'vitest';
import { barLines } from '../../src/text/bar-lines.ts';
import { dotChart } from '../../src/text/dot-chart.ts';
import { plainText } from '../../src/text/styled.ts';
import { widthOf } from '../../src/text/width.ts';

const drawn = (...given: Parameters<typeof dotChart>): string[] => dotChart(...given).map((line) => plainText(line).trimEnd());

describe('a chart in characters', () => {
  test('joins the points of a line, names the ends of its axes, and tells series apart by signs', () => {
    const rising = {
      name: 'a',
      points: [
        [0, 0],
        [10, 10],
      ] as const,
    };
    const level = {
      name: 'b',
      points: [
        [0, 5],
        [10, 5],
      ] as const,
    };
    const lines = drawn([rising, level], { width: 26, isJoined: true });
    expect(lines[0]).toMatch(/^ 10 │ +•+$/);
    expect(lines[10]).toMatch(/^ {2}0 │•+$/);
    expect(lines[5]).toMatch(/^ {4}│\++•+\++$/);
    expect(lines.slice(-3)).toEqual([`    └${'─'.repeat(20)}`, '     0                 10', '     • a  + b']);
  });

  test('leaves points alone that nothing joins, and has no more columns than there are', () => {
    const points = [
      [0, 0],
      [10, 10],
    ] as const;
    const lines = drawn([{ name: '', points }], { width: 40, isJoined: false });
    expect(lines.join('').match(/•/g)).toHaveLength(2);
    expect(lines).toHaveLength(13);
    const named = Array.from({ length: 4 }, (_, index) => ({ name: `series ${index}`, points }));
    for (const line of [...lines, ...drawn(named, { width: 40, isJoined: false })]) expect(widthOf(line)).toBeLessThanOrEqual(40);
  });

  test('has room for equal values, one point, many series and none', () => {
    expect(drawn([{ name: '', points: [[3, 7]] }], { width: 30, isJoined: true }).join('')).toContain('•');
    expect(drawn([{ name: 'a', points: [] }], { width: 30, isJoined: true })).toEqual([]);
    const many = Array.from({ length: 9 }, (_, index) => ({ name: `s${index}`, points: [[0, index]] as const }));
    expect(drawn(many, { width: 60, isJoined: true }).at(-1)).toContain('and 3 more');
  });
});

test('bars are as long as their values are large, beside names that are cut and their numbers', () => {
  const lines = barLines(
    [
      ['a', 10],
      ['a name that is longer than there is room for', 5],
      ['none', 0],
      ['less', -3],
    ],
    60,
  ).map(plainText);
  expect(lines).toEqual([
    `a                         10  ${'█'.repeat(30)}`,
    `a name that is longer t…   5  ${'█'.repeat(15)}`,
    'none                       0',
    'less                      -3',
  ]);
});

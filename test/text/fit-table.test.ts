import { expect, test } from 'vitest';
import { fittedTable } from '../../src/text/fit-table.ts';
import { plainText } from '../../src/text/styled.ts';

const columns = [
  { title: 'name', cells: ['first', 'second'] },
  { title: 'student.rate', short: 'rate', isRight: true, weight: 2, cells: ['0.1', '0.25'] },
  { title: 'student.size', short: 'size', isRight: true, weight: 1, cells: ['32', '64'] },
  { title: 'state', cells: ['done', 'done'] },
];
const fitted = (width?: number): string[] => {
  const { lines, leftOut } = fittedTable(columns, width);
  return [...lines.map((line) => plainText(line).trimEnd()), leftOut.join(' ')];
};

test('a table that may be of any width has all columns with their whole titles', () => {
  expect(fitted()).toEqual([
    'name    student.rate  student.size  state',
    'first            0.1            32  done',
    'second          0.25            64  done',
    '',
  ]);
});

test('where room is scarce titles are short, then the least telling columns go, and others stay', () => {
  expect(fitted(40).slice(0, 2)).toEqual(['name    rate  size  state', 'first    0.1    32  done']);
  expect(fitted(22)).toEqual(['name    rate  state', 'first    0.1  done', 'second  0.25  done', 'student.size']);
  expect(fitted(5)).toEqual(['name', 'first', 'secon', 'student.rate student.size']);
});

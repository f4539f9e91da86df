import { expect, test } from 'vitest';
import { tableChange } from '../../src/records/table-change.ts';

test('the cells of a table that differ are told by row and column, and rows that came or went are counted', () => {
  const change = tableChange('name,a,b\nx,1,2\ny,3,4\nold,0,0\n', 'name,a,b\nx,1,5\ny,3,4\nnew,0,0\n', 't.csv');
  expect(change).toEqual({ columns: ['name', 'a', 'b'], rows: [[['x'], ['1'], ['2', '5']]], added: 1, gone: 1, count: 3 });
  const json = tableChange('[{"k":"x","v":1}]', '[{"k":"x","v":2}]', '.json');
  expect(json?.rows).toEqual([[['x'], ['1', '2']]]);
});

test.each([
  ['other columns', 'name,a\nx,1\n', 'name,b\nx,1\n', '.csv'],
  ['rows of the same name', 'name,a\nx,1\nx,2\n', 'name,a\nx,1\nx,3\n', '.csv'],
  ['one column', 'name\nx\n', 'name\ny\n', '.csv'],
  ['no table', '{"a":1}', '{"a":2}', '.json'],
  ['another kind of file', 'a,b\n1,2\n', 'a,b\n1,3\n', '.txt'],
])('%s: it is compared as text', (_, before, after, name) => {
  expect(tableChange(before, after, name)).toBeUndefined();
});

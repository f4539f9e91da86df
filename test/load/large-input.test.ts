import { describe, expect, test } from 'vitest';
import { readYaml } from '../../src/load/yaml/document.ts';
import { fillIn } from '../../src/load/pipeline/references.ts';
import { load, project } from './project.ts';

const codes = (text: string): string[] => readYaml('p.yaml', text).problems.map(({ code }) => code);
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

// What these took before they were bounded: half a minute, or all memory. They end here because they cost little, or else by the time-out.
describe('large and hostile files are read, or refused by name, without great cost', () => {
  test('nine thousand aliases of one value', () => {
    const text = `z: &x 1\n${range(9000)
      .map((index) => `a${index}: *x`)
      .join('\n')}`;
    const { value, problems } = readYaml('p.yaml', text);
    expect(problems).toEqual([]);
    expect((value as Record<string, number>)['a8999']).toBe(1);
  });

  test('a chain of a thousand aliases', () => {
    const text = `a0: &a0 1\n${range(1000)
      .map((index) => `a${index + 1}: &a${index + 1} [*a${index}]`)
      .join('\n')}`;
    expect(codes(text)).toEqual(['yaml-too-large']);
  });

  test('sixty thousand keys, and one given twice', () => {
    const text = range(60_000)
      .map((index) => `k${index}: 1`)
      .join('\n');
    expect(codes(text)).toEqual([]);
    expect(codes(`${text}\nk7: 2`)).toEqual(['yaml-duplicate-key']);
    expect(readYaml('p.yaml', `${text}\nk7: 2`).problems[0]?.place).toMatchObject({ line: 60_001, column: 1 });
  });

  test('a text with a hundred thousand references that lead nowhere tells of each once', () => {
    const told: string[] = [];
    const text = '${'.repeat(100_000) + '${none}'.repeat(10_000) + '$'.repeat(3);
    expect(fillIn(text, { values: new Map() }, ({ message }) => told.push(message))).toHaveLength(text.length - 1);
    expect(told).toEqual(['this "$" refers to nothing', 'nothing is named "none"']);
  });

  test('a reference to nothing at all gives just that', () => {
    const told: string[] = [];
    const values = new Map([['none', null]]);
    expect(fillIn(['$none', 'is ${none}'], { values }, ({ message }) => told.push(message))).toEqual([null, 'is null']);
    expect(told).toEqual([]);
  });

  test('a matrix of a million points', async () => {
    const values = JSON.stringify(range(10));
    const matrix = [...'abcdef'].map((name) => `${name}: ${values}`).join(', ');
    const loaded = await load(project(), `name: p\nstages:\n  node: { run: 'true', matrix: { ${matrix} }, out: { o: o } }\n`);
    expect(loaded).toMatchObject({ ok: false, problems: [{ code: 'matrix-too-large', message: 'the matrix has 1,000,000 points' }] });
  });

  test('an anchor means what stood last before its alias, and may not hold itself', () => {
    expect(readYaml('p.yaml', 'a: &x 1\nb: *x\nc: &x 2\nd: *x').value).toEqual({ a: 1, b: 1, c: 2, d: 2 });
    expect(codes('a: &x [1, *x]')).toEqual(['yaml-alias']);
    expect(codes('a: *x\nb: &x 1')).toEqual(['yaml-alias']);
  });
});

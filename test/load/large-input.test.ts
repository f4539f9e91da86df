import { describe, expect, test } from 'vitest';
import { readYaml } from '../../src/load/yaml/document.ts';
import { fillIn } from '../../src/load/pipeline/references.ts';
import { load, project } from './project.ts';

const codes = (text: string): string[] => readYaml('p.yaml', text).problems.map(({ code }) => code);
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

// What these took before they were bounded: half a minute, or all memory. They end here because they cost little, or else by the time-out.
describe('large and hostile files are read, or refused by name, without great cost', () => {
  test('three thousand aliases of one value are read, eleven thousand refused with a place', () => {
    const text = (count: number): string =>
      `z: &x 1\n${range(count)
        .map((index) => `a${index}: *x`)
        .join('\n')}`;
    const { value, problems } = readYaml('p.yaml', text(3000));
    expect(problems).toEqual([]);
    expect((value as Record<string, number>)['a2999']).toBe(1);
    expect(readYaml('p.yaml', text(11_000)).problems).toMatchObject([{ code: 'yaml-too-large', place: { line: 1, column: 1 } }]);
  });

  test('a chain of a thousand aliases', () => {
    const text = `a0: &a0 1\n${range(1000)
      .map((index) => `a${index + 1}: &a${index + 1} [*a${index}]`)
      .join('\n')}`;
    expect(codes(text)).toEqual(['yaml-too-large']);
  });

  test('thirty thousand keys are read, and a hundred thousand refused with a place; one given twice is told', () => {
    const text = (count: number): string =>
      range(count)
        .map((index) => `k${index}: 1`)
        .join('\n');
    expect(codes(text(30_000))).toEqual([]);
    expect(readYaml('p.yaml', text(100_000)).problems).toMatchObject([{ code: 'yaml-too-large', place: { line: 57_143 } }]);
    expect(codes(`${text(3000)}\nk7: 2`)).toEqual(['yaml-duplicate-key']);
    expect(readYaml('p.yaml', `${text(3000)}\nk7: 2`).problems[0]?.place).toMatchObject({ line: 3001, column: 1 });
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

  test('a million line ends, comments, quotes, brackets', () => {
    for (const part of ['\n', '# c\n', '"a" ', '---\n', '- ', '? '])
      expect(codes(part.repeat(Math.ceil(1_000_000 / part.length)))).toEqual(['yaml-too-large']);
  });

  test('references that multiply each other are refused with a place before they fill the memory', async () => {
    const text = `name: p
params: { big: "${'x'.repeat(10_000)}" }
stages:
  node: { run: 'true', matrix: { m: ["${'${big}'.repeat(100)}"] }, with: { a: "${'${m}'.repeat(100)}" }, out: { o: o } }
`;
    expect(await load(project(), text)).toMatchObject({ ok: false, problems: [{ code: 'too-many', place: { line: 4 } }] });
    const list = `name: p
params: { big: ${JSON.stringify(range(2000))} }
stages:
  node: { run: 'true', with: { a: [${'$big,'.repeat(2000)}] }, out: { o: o } }
`;
    expect(await load(project(), list)).toMatchObject({ ok: false, problems: [{ code: 'too-many', place: { line: 4 } }] });
  });

  test('instances are counted over all nodes before they are made', async () => {
    const node = (name: string, count: number): string =>
      `  ${name}: { run: 'true', matrix: { a: ${JSON.stringify(range(count))}, b: ${JSON.stringify(range(count))} }, out: { o: o } }\n`;
    const loaded = await load(project(), `name: p\nstages:\n${node('one', 80)}${node('two', 310)}`);
    expect(loaded).toMatchObject({
      ok: false,
      problems: [{ code: 'matrix-too-large', message: 'with this node the pipeline has 102,500 instances', place: { line: 4 } }],
    });
  });

  test('artifacts that are gathered are counted too', async () => {
    const text = `name: p
stages:
  one: { run: 'true', matrix: { a: ${JSON.stringify(range(1100))} }, out: { o: o } }
  two: { run: 'true', matrix: { b: ${JSON.stringify(range(1100))} }, in: { p: { from: one.o, all: true } }, out: { o: o } }
`;
    expect(await load(project(), text)).toMatchObject({ ok: false, problems: [{ code: 'too-many' }] });
  });

  test('of many faults twenty are told', async () => {
    const inputs = range(2000).map((index) => `p${index}: nothing${index}.o`);
    const loaded = await load(project(), `name: p\nstages:\n  node: { run: 'true', in: { ${inputs.join(', ')} }, out: { o: o } }\n`);
    expect(loaded.ok ? 0 : loaded.problems.length).toBe(20);
    const keys = range(2000).map((index) => `k${index}: 1`);
    const unknown = await load(project(), `name: p\nstages:\n  node: { run: 'true', ${keys.join(', ')}, out: { o: o } }\n`);
    expect(unknown.ok ? 0 : unknown.problems.length).toBe(20);
  });

  test('a value that a reference repeats in a matrix stands twice in it', async () => {
    const text = "name: p\nparams: { one: 1 }\nstages:\n  node: { run: 'true', matrix: { a: [1, $one] }, out: { o: o } }\n";
    expect(await load(project(), text)).toMatchObject({
      ok: false,
      problems: [{ code: 'duplicate-point', place: { line: 4, column: 41 } }],
    });
  });

  test('a command whose text is nested beyond all measure', async () => {
    for (const [open, close] of [
      ['$(', ')'],
      ['( ', ')'],
      ['${a:-', '}'],
      ['{ ', '; }'],
    ] as const) {
      const run = `echo $x ${open.repeat(20_000)}${close.repeat(20_000)}`;
      expect((await load(project(), `name: p\nstages:\n  node: { run: '${run}', out: { o: o } }\n`)).ok).toBeTypeOf('boolean');
    }
  });
});

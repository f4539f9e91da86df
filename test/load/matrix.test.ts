import { expect, test } from 'vitest';
import { load, project } from './project.ts';

async function loaded(matrix: string, more = ''): Promise<{ readonly names: readonly string[]; readonly problems: readonly object[] }> {
  const node = `one: { matrix: ${matrix}, run: 'true', with: { given: 1 }, out: { o: o.txt } }`;
  const read = await load(
    project(),
    `name: demo\nparams: { sizes: [32, 96], more: [{ a: 7, b: 1e-3 }], less: [{ a: 1 }], grid: { rates: [1e-3, 0.10] } }\nstages:\n  ${node}\n${more}`,
  );
  return read.ok
    ? { names: read.value.instances.map(({ name }) => name), problems: [] }
    : { names: [], problems: read.problems.map(({ code, message, hint, place }) => ({ code, message, hint, column: place?.column })) };
}

test.each<[string, readonly string[]]>([
  ['{ a: [1, 2], b: [x, y], exclude: [{ a: 1, b: y }] }', ['one[a=1,b=x]', 'one[a=2,b=x]', 'one[a=2,b=y]']],
  ['{ a: [1, 2], b: [x, y], exclude: [{ b: x }] }', ['one[a=1,b=y]', 'one[a=2,b=y]']],
  ['{ a: [1, 2], exclude: [{ a: 3 }] }', ['one[a=1]', 'one[a=2]']],
  ['{ a: [1, 2], include: [{ a: 3 }] }', ['one[a=1]', 'one[a=2]', 'one[a=3]']],
  ['{ a: [1, 2], include: [{ a: 2, b: y }] }', ['one[a=1]', 'one[a=2,b=y]']],
  ['{ a: [1, 2], include: [{ b: y }] }', ['one[a=1,b=y]', 'one[a=2,b=y]']],
  ['{ a: [1, 2], include: [{ a: 2, b: x }, { a: 2, b: y }] }', ['one[a=1]', 'one[a=2,b=y]']],
  ['{ a: [1, 2], exclude: [{ a: 1 }], include: [{ a: 1, b: 7 }] }', ['one[a=2]', 'one[a=1,b=7]']],
  ['{ include: [{ a: 1, b: 2 }, { a: 3, b: 4 }] }', ['one[a=1,b=2]', 'one[a=3,b=4]']],
  ['{ a: [1], include: $more, exclude: $less }', ['one[a=7,b=0.001]']],
  ['{ a: $sizes }', ['one[a=32]', 'one[a=96]']],
  ['{ a: $sizes, exclude: [{ a: $sizes.0 }] }', ['one[a=96]']],
])('the matrix %s has the points %j', async (matrix, names) => {
  expect(await loaded(matrix)).toEqual({ names, problems: [] });
});

test.each<[string, object]>([
  ['{ a: [1, 2], exclude: [{ aa: 1 }] }', { code: 'unknown-key', hint: 'did you mean "a"?' }],
  ['{ a: [1, 2], include: [{ a: 3 }, { a: 3 }] }', { code: 'duplicate-point' }],
  ['{ a: [1, 2], include: { a: 3 } }', { code: 'wrong-type' }],
  ['{ a: [1], include: $sizes }', { code: 'wrong-type', message: '"include" must be a list of mappings' }],
  ['{ a: [1], exclude: $grid }', { code: 'wrong-type', message: '"exclude" must be a list of mappings' }],
  ['{ a: x }', { code: 'wrong-type', hint: expect.stringContaining('a: [x]') }],
  ['{ a: $grid }', { code: 'wrong-type', message: '"a" must be a list' }],
])('the matrix %s is refused', async (matrix, problem) => {
  expect((await loaded(matrix)).problems).toMatchObject([problem]);
});

test('a command is given the numbers of a list among the params as they are written', async () => {
  const node = "one: { matrix: { rate: $grid.rates }, run: 'true', with: { rate: $rate }, out: { o: o.txt } }";
  const read = await load(project(), `name: demo\nparams: { grid: { rates: [1e-3, 0.10] } }\nstages:\n  ${node}\n`);
  expect(read.ok && read.value.instances.map(({ params }) => params['rate'])).toEqual(['1e-3', '0.10']);
});

const MADE = '{ a: [1, 2], b: [x, y], include: [{ a: 1, note: hi }, { a: 9, b: z }], exclude: [{ a: 2, b: y }] }';

async function inputsOf(node: string): Promise<Readonly<Record<string, unknown>>> {
  const one = `one: { matrix: ${MADE}, run: 'true', with: { a: $a }, out: { o: o.txt } }`;
  const read = await load(project(), `name: demo\nstages:\n  ${one}\n  two: { ${node}, run: 'true', out: { o: o.txt } }\n`);
  if (!read.ok) return { codes: read.problems.map(({ code }) => code) };
  const users = read.value.instances.filter((instance) => instance.node === 'two');
  return Object.fromEntries(
    users.map(({ name, inputs }) => [name, inputs.flatMap(({ elements }) => elements.map(({ origin }) => origin))]),
  );
}

const made = (...points: readonly string[]): readonly object[] =>
  points.map((point) => ({ kind: 'output', instance: `one[${point}]`, port: 'o' }));

test.each<[string, object]>([
  ['matrix: { a: [1, 2], b: [x] }, in: { i: one.o }', { 'two[a=1,b=x]': made('a=1,b=x,note=hi'), 'two[a=2,b=x]': made('a=2,b=x') }],
  ['matrix: { a: [2], b: [x, y] }, in: { i: one.o }', { 'two[a=2,b=x]': made('a=2,b=x') }],
  ['in: { i: { from: one.o, where: { a: 9 } } }', { two: made('a=9,b=z') }],
  ['in: { i: { from: one.o, where: { note: hi }, all: true } }', { two: made('a=1,b=x,note=hi', 'a=1,b=y,note=hi') }],
  ['matrix: { b: [x] }, in: { i: one.o }', { codes: ['ambiguous-instance'] }],
  ['in: { i: { from: one.o, where: { a: 1 } } }', { codes: ['ambiguous-instance'] }],
  ['in: { i: one.o }', { codes: ['ambiguous-instance'] }],
])('of instances that an include gave more, %s takes the one that agrees', async (node, inputs) => {
  expect(await inputsOf(node)).toEqual(inputs);
});

test('a command is given the numbers of points among the params as they are written', async () => {
  const node = "one: { matrix: { include: $more }, run: 'true', with: { rate: $rate }, out: { o: o.txt } }";
  const read = await load(project(), `name: demo\nparams: { more: [{ rate: 1e-3 }] }\nstages:\n  ${node}\n`);
  expect(read.ok && read.value.instances.map(({ params }) => params['rate'])).toEqual(['1e-3']);
});

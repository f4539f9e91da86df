import { describe, expect, test } from 'vitest';
import { readYaml } from '../../src/load/yaml/document.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { load, project } from './project.ts';

const folder = project();

async function paramsOf(text: string, set: readonly string[] = []): Promise<JsonObject[]> {
  const loaded = await load(folder, text, set);
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('; '));
  return loaded.value.instances.map(({ params }) => params);
}

const command = (more: string, top = ''): string =>
  `name: p\n${top}stages:\n  n: { run: 'echo "$x" > "$o"', out: { o: o.txt }, ${more} }\n`;

describe('a command is given a number as it is written', () => {
  test.each(['3.10', '12e45', '1e-3', '007', '+1', '1.', '-2.50'])('%s', async (text) => {
    expect(await paramsOf(command(`with: { x: ${text} }`))).toEqual([{ x: text }]);
    expect(await paramsOf(command('with: { x: $v }', `params: { v: ${text} }\n`))).toEqual([{ x: text }]);
    expect(await paramsOf(command('with: { x: "v${v}" }', `params: { v: ${text} }\n`))).toEqual([{ x: `v${text}` }]);
    expect(await paramsOf(command('with: { x: $v }', 'params: { v: 5.5 }\n'), [`v=${text}`])).toEqual([{ x: text }]);
    expect(await paramsOf(command('with: { x: 5.5 }'), [`n.x=${text}`])).toEqual([{ x: text }]);
    expect(await paramsOf(command(`with: { x: $m, y: "v\${m}" }, matrix: { m: [${text}, 99] }`))).toEqual([
      { x: text, y: `v${text}` },
      { x: 99, y: 'v99' },
    ]);
  });

  test('with --set, in place of how the file writes it', async () => {
    const text = command('with: { x: $v }', 'params: { v: 3.10 }\n');
    expect(await paramsOf(text, ['v=3.1'])).toEqual([{ x: 3.1 }]);
    expect(await paramsOf(text, ['v=4'])).toEqual([{ x: 4 }]);
  });

  test.each(['yes', 'no', 'on', 'off', '1_000', '0b11', '1:30'])('%s is a text', async (text) => {
    expect(await paramsOf(command(`with: { x: ${text} }`))).toEqual([{ x: text }]);
  });

  test('a variable of its environment and the path of an output too', async () => {
    const loaded = await load(folder, command('env: { x: $v }', 'params: { v: 3.10 }\n').replace('o.txt', '"o-${v}.txt"'));
    expect(loaded).toMatchObject({ ok: true, value: { instances: [{ env: [{ value: '3.10' }], work: { paths: { o: 'o-3.10.txt' } } }] } });
  });
});

test('a stage is given the number', async () => {
  const text = (rate: string): string =>
    `name: p\nparams: { r: ${rate} }\nsources: { poem: poem.txt }\nstages: { words: { uses: count, in: { text: $sources.poem, many: $sources.poem }, with: { least: 02, rate: $r } } }\n`;
  expect(await paramsOf(text('0.50'))).toMatchObject([{ least: 2, rate: 0.5 }]);
  expect(await paramsOf(text('5e-1'))).toEqual(await paramsOf(text('0.5')));
});

describe('a number that would be read as another is refused', () => {
  test.each([
    '12345678901234567890',
    '9007199254740993',
    '0.1234567890123456789',
    '123456789.12345678901',
    '1e400',
    '-1e400',
    '1e-400',
    '-0',
    '-0.0',
    '.nan',
    '.inf',
    '0xFFFFFFFFFFFFFFFF',
    '1'.repeat(5000),
    `0.${'1'.repeat(5000)}`,
  ])('%s', (text) => {
    const { problems } = readYaml('p.yaml', `a:\n  - ${text}`);
    expect(problems).toMatchObject([{ place: { line: 2, column: 5 }, hint: 'quote it to keep it as a text' }]);
    expect(problems[0]?.message.length).toBeLessThan(200);
    expect(readYaml('p.yaml', `a: "${text}"`).value).toEqual({ a: text });
  });

  test.each([
    '0.1',
    '1e21',
    '5e-324',
    '1.7976931348623157e308',
    '0.30000000000000004',
    '9007199254740991',
    '100000000000000000000.0',
    '0e9',
  ])('but not %s', (text) => {
    expect(readYaml('p.yaml', `a: ${text}`).problems).toEqual([]);
    expect(readYaml('p.yaml', `a: ${text}`).value).toEqual({ a: Number(text) });
  });
});

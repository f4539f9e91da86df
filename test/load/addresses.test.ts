import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyOverrides } from '../../src/load/pipeline/overrides.ts';
import { atPoint } from '../../src/load/pipeline/selection.ts';
import { Locate } from '../../src/load/yaml/locate.ts';
import { readYaml } from '../../src/load/yaml/document.ts';
import { instanceName } from '../../src/model/instance-name.ts';
import { canonicalJson } from '../../src/model/canonical.ts';
import type { Json } from '../../src/model/json.ts';
import { load, project } from './project.ts';

const ODD: Json[] = [
  ...[
    'a',
    'A',
    'a.',
    'a ',
    ' a',
    '\u00e9',
    'e\u0301',
    'x/y',
    '..',
    '',
    '1',
    '1e3',
    '007',
    'true',
    'null',
    '~',
    'yes',
    '3.10',
    '0x1F',
    '#a',
  ],
  ...['a\nb', 'a\tb', '\u0085', '\ufeff', '\u200d', '😀', 'constructor', '__proto__', 'toString', 'l'.repeat(300), `${'l'.repeat(299)}L`],
  ...['"a"', "'a'", "it's", 'a,b', 'a=b', '[a]', 'a]', '{', '$', '&a', '*a', '!a', '- a', 'a: b', 'a #b', '\\', '\\n', '%2f', '|', '>'],
  ...[1, 0, -1, 1000, 7, 0.1, 3.1, 31, true, false, null, [], {}, [1, '1'], ['a,b', ']'], { a: 1 }, { a: '1' }, { __proto__x: 1 }],
  JSON.parse('{"__proto__":1}') as Json,
  JSON.parse('{"constructor":{"a":[null]}}') as Json,
];
const value = fc.oneof(
  fc.constantFrom(...ODD),
  fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
  fc.jsonValue({ stringUnit: 'grapheme' }).map((one) => JSON.parse(JSON.stringify(one)) as Json),
);

/** What `--set NAME.n=5` would set. */
function reached(name: string, all: readonly { readonly key: Readonly<Record<string, Json>> }[]) {
  const locate = new Locate(readYaml('p.yaml', ''));
  const { nodes, problems } = applyOverrides({ stages: { x: {} } }, [`${name}.n=5`], locate);
  expect(problems).toEqual([]);
  const [override] = nodes;
  expect(override).toMatchObject({ node: 'x', param: 'n', text: '5' });
  return atPoint(all, override?.point ?? []);
}

test('the printed name of an instance reaches it alone, whatever its point holds', () => {
  const values = fc.uniqueArray(value, { selector: canonicalJson, minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(values, values, (ones, others) => {
      const all = ones.flatMap((a) => others.map((b) => ({ key: { constructor: a, b } })));
      for (const one of all) expect(reached(instanceName('x', one.key), all)).toEqual([one]);
    }),
    { numRuns: 30 },
  );
  const all = ODD.map((v) => ({ key: { v } }));
  for (const one of all) expect(reached(instanceName('x', one.key), all)).toEqual([one]);
});

test('a file with all of them at once names each instance differently, and each is set alone', async () => {
  const points = ODD.filter((one) => typeof one !== 'string' || !/[\u0085\ufeff]/.test(one)).map((one) => (one === '$' ? '$$' : one));
  const text = `name: constructor\nstages:\n  x: { run: ': > $o', out: { o: o }, with: { n: 1 }, matrix: { v: ${JSON.stringify(points)} } }\n`;
  const folder = project();
  const plain = await load(folder, text);
  if (!plain.ok) throw new Error(plain.problems.map(({ message }) => message).join('\n'));
  const names = plain.value.instances.map(({ name }) => name);
  expect(new Set(names).size).toBe(points.length);
  for (const name of names.filter((_, index) => index % 5 === 0)) {
    const set = await load(folder, text, [`${name}.n=5`]);
    expect(set.ok && set.value.instances.filter(({ params }) => params['n'] === 5).map((one) => one.name)).toEqual([name]);
  }
});

test('a port with a name that is too long for a file is refused in its place', async () => {
  const port = 'p'.repeat(300);
  const loaded = await load(project(), `name: p\nstages:\n  x: { run: 'true', out: { ${port}: o } }\n`);
  expect(loaded).toMatchObject({
    ok: false,
    problems: [{ code: 'bad-name', message: 'a port is named by 300 letters', place: { line: 3 } }],
  });
});

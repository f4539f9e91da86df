import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readWhole, readYaml } from '../../src/load/yaml/document.ts';
import { readPlain } from '../../src/load/yaml/plain.ts';
import { hostilePipelines, hostileSweeps } from '../soak/trust/yaml-pipelines.ts';
import { yamlTexts } from '../soak/trust/yaml-texts.ts';
import { dice, oneOf } from '../soak/trust/dice.ts';

/** Says whether the plain reader was sure of a text; then the whole reader gives the very same value, and nothing to complain of. */
function isSure(text: string): boolean {
  const plain = readPlain(text);
  if (plain === undefined) return false;
  const { value, problems, written } = readWhole('p.yaml', text);
  expect({ text, problems, written: [...written], value: JSON.stringify(value) }).toEqual({
    text,
    problems: [],
    written: [],
    value: JSON.stringify(plain),
  });
  return true;
}

const PIECES = [
  ...['a', 'b', 'key', 'x.y', 'null', 'true', '-1', '0', '007', '1.50', '1e3', '0x1F', '.5', '1.', '~', '.inf', '12345678901234567890'],
  ...[
    '$o',
    '${name}',
    './x',
    'a b',
    "it's",
    'a#b',
    'echo hi > $o',
    'http://x',
    'a:b',
    '10s',
    '1.2.3',
    'Null',
    'yes',
    '-',
    '--',
    '-x',
    '(a)',
  ],
  ...['"q"', '"a\\"b"', '"\\u0041"', '"a', "'s'", "'it''s'", '""', "''", 'ä', '\u00a0', '&x', '*x', '!t', '? a', '<<', '@', '%', '`'],
  ...[': ', ':', ': ', ': ', ', ', ',', '[', ']', '{', '}', '- ', '- ', '|', '|-', '>', '#', ' # c', '\t', '---', '...'],
  ...[
    '\n',
    '\n',
    '\n',
    '\n  ',
    '\n  ',
    '\n    ',
    '\n- ',
    '\n  - ',
    '\n\n',
    '\n # c\n',
    ' ',
    '  ',
    'k: ',
    'k2: ',
    '\nm: ',
    '\n  n: ',
    '\r\n',
  ],
] as const;

const HONEST = `name: demo # the demo
about: "says \\"hi\\""
params: { size: 32, rate: 0.01, on: true, none: null, list: [1, two, 'it''s', { deep: [] }], }
# a comment
sources:
  images: ./images   # kept
  'other': { path: ../x, keep: false }
stages:
  one:
    run: |
      cat "$in" > $o

      # no comment
        deeper
    matrix:
      k: [1, 2,
        3]
    in:
      - a: x
        b: y
      - { c: z }
    out: { o: o.txt }
  two:
    run: |-
      true
show:
- one.o
- two.o
`;

describe('what is read plainly', () => {
  test('is what honest files are made of', () => {
    const honest = HONEST.replace("'other'", 'other');
    expect(isSure(honest)).toBe(true);
    expect(isSure(HONEST)).toBe(false);
    expect(isSure(honest.replaceAll('\n', '\r\n'))).toBe(false);
    for (const folder of ['pipelines', 'test/fixtures'])
      for (const file of readdirSync(folder, { recursive: true }) as string[])
        if (/\.ya?ml$/.test(file)) isSure(readFileSync(join(folder, file), 'utf8'));
  });

  test('is exactly what the whole reader makes of it, whatever is put together', () => {
    const roll = dice(7);
    let sure = 0;
    for (let index = 0; index < 4000; index += 1) {
      const text = `k0: ${Array.from({ length: 1 + roll(9) }, () => oneOf(roll, PIECES)).join('')}`;
      if (isSure(text)) sure += 1;
    }
    expect(sure).toBeGreaterThan(200);
  });

  test('stays that when a sign of an honest file is changed', () => {
    const roll = dice(8);
    const honest = HONEST.replace("'other'", 'other');
    let sure = 0;
    for (let index = 0; index < 800; index += 1) {
      const at = roll(honest.length);
      if (isSure(honest.slice(0, at) + oneOf(roll, PIECES) + honest.slice(at + roll(3)))) sure += 1;
    }
    expect(sure).toBeGreaterThan(200);
  });

  test('is no more than is allowed otherwise', () => {
    for (const families of [yamlTexts, hostilePipelines, hostileSweeps])
      for (const [index, family] of Object.values(families).entries())
        for (const size of [3, 2000]) isSure(String(family(size, dice(index))));
  });

  test('has places as soon as one is asked for', () => {
    expect(readPlain('a: 1\nb:\n  c: 2\n')).toBeDefined();
    const text = readYaml('p.yaml', 'a: 1\nb:\n  c: 2\n');
    expect(text.place('/b/c')).toEqual({ file: 'p.yaml', line: 3, column: 6, excerpt: '  c: 2' });
    expect(text.place('/b/c', 'key')).toMatchObject({ line: 3, column: 3 });
    expect(text.place('/d')).toBeUndefined();
  });
});

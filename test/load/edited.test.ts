import { describe, expect, test } from 'vitest';
import { editedNodes } from '../../src/load/pipeline/edited.ts';
import { readPlain } from '../../src/load/yaml/plain.ts';
import type { Json, JsonObject } from '../../src/model/json.ts';
import type { Outline } from '../../src/model/outline.ts';
import { dice, oneOf } from '../soak/trust/dice.ts';

const TEXT = `# A pipeline.
name: p
params: { size: 3 }

stages: # all of them
  # the first
  one: { run: 'echo "$size" > "$o"', with: { size: $size }, out: { o: o.txt } }
  two:
    run: |
      cat "$one"

      # more
      echo "stages:" > "$o"
    in:
      one: one.o
    # a comment
    out: { o: o.txt }
# between
  three: { run: "true",
    in: { one: one.o },
    out: { o: o.txt } }
  four:
    matrix:
      k:
      - 1
      - 2

    run: echo $k

  last: { run: 'true' }
show: [two.o]
# the end
`;

function stagesOf(value: JsonObject): Record<string, Json> {
  return { ...(value['stages'] as JsonObject) };
}

const base = readPlain(TEXT) ?? {};
const outline: Outline = { head: '', nodes: Object.keys(stagesOf(base)).map((name) => [name, '']), plain: TEXT, atPoints: [] };
const names = outline.nodes.map(([name]) => name);

/** Says of an edited text whether only some nodes had to be read; then it is checked that all others say what they said. */
function isPart(text: string, more: readonly string[]): boolean {
  const edited = editedNodes(outline, text);
  if (edited === undefined || edited.nodes.size === 0) return false;
  const asked = new Set([...edited.nodes, ...more]);
  const part = readPlain(edited.only(asked));
  if (part === undefined || typeof part['stages'] !== 'object') return false;
  if (Object.keys(stagesOf(part)).join() !== names.filter((name) => asked.has(name)).join()) return false;
  const whole = readPlain(text);
  expect(whole, text).toBeDefined();
  const { stages: _stages, ...head } = part;
  const expected = { ...head, stages: { ...stagesOf(base), ...stagesOf(part) } };
  expect({ text, value: whole }).toEqual({ text, value: expected });
  expect(Object.keys(stagesOf(whole ?? {}))).toEqual(names);
  return true;
}

const PIECES = [
  ...["'", '"', '{', '}', '[', ']', ',', ': ', ' #', '|', '- ', '&a', '*a', '?', '%', 'x', '0', 'k: 1', 'three', 'run: ', '\t'],
  ...[
    '\n',
    '\n\n',
    '\n  ',
    '\n    ',
    '\n  x: {}',
    '\n  two: {}',
    '\nstages:',
    '\nname: q',
    '\n---\n',
    '\n# c',
    '\n  - 1',
    '\n   ',
    ' ',
    '  ',
  ],
];

describe('a file of which the text of few nodes was edited', () => {
  test.each([
    ['a command', 'echo $k', 'echo "$k"', true],
    ['a line of a command', 'cat "$one"', 'cat "$one" "$one"', true],
    ['a node of several lines', '{ run: "true",\n', '{ run: "false",\n', true],
    ['a comment in a node', '# a comment', '# another one', true],
    ['what stands before the nodes', 'size: 3', 'size: 4', false],
    ['what stands behind them', 'show: [two.o]', 'show: [one.o]', false],
    ['the name of a node', 'four:', 'five:', false],
    ['a node more', '  last:', '  more: {}\n  last:', false],
    ['a node less', "  last: { run: 'true' }\n", '', false],
    ['how far a node is indented', '  three:', '   three:', false],
    ['a quote that does not end', 'echo $k', '"echo $k', false],
    ['an alias', 'echo $k', '*k', false],
    ['a tab', 'echo $k', 'echo\t$k', false],
  ])('is read as far as that goes: %s', (_, from, to, expected) => {
    expect(TEXT).toContain(from);
    expect(isPart(TEXT.replace(from, to), ['one'])).toBe(expected);
  });

  test('is not read node by node where nodes have changed places', () => {
    const one = TEXT.slice(TEXT.indexOf('  three:'), TEXT.indexOf('  four:'));
    const other = TEXT.slice(TEXT.indexOf('  four:'), TEXT.indexOf('  last:'));
    expect(isPart(TEXT.replace(one + other, other + one), [])).toBe(false);
  });

  test('says what it says as a whole, however it was edited', () => {
    const roll = dice(3);
    let parts = 0;
    for (let round = 0; round < 6000; round += 1) {
      let text = TEXT;
      for (let left = 1 + roll(2); left > 0; left -= 1) {
        const at = roll(text.length);
        text = text.slice(0, at) + (roll(3) === 0 ? '' : oneOf(roll, PIECES)) + text.slice(at + (roll(2) === 0 ? 0 : roll(8)));
      }
      if (isPart(text, roll(2) === 0 ? [] : [oneOf(roll, names)])) parts += 1;
    }
    expect(parts).toBeGreaterThan(500);
  });
});

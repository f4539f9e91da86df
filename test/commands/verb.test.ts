import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { good } from '../../src/text/styled.ts';
import { answer, EXIT, exitCodeOf, print, refusal } from '../../src/commands/answer.ts';
import { flag, number, text, texts, verb } from '../../src/commands/verb.ts';
import { groups, verbs } from '../../src/commands/verbs.ts';
import type { Problem } from '../../src/model/problem.ts';
import { called, checkout, emptyFolder } from '../rig.ts';

const all = await Promise.all(Object.entries(verbs).map(async ([name, load]) => ({ name, verb: (await load()).default })));

describe('every verb', () => {
  test('is found by its own name, and each file that declares one is in the table', () => {
    expect(all.map(({ verb: { name } }) => name)).toEqual(Object.keys(verbs));
    const files = readdirSync(join(checkout, 'src/commands')).map((name) => name.replace(/\.ts$/, ''));
    expect(Object.keys(verbs).filter((name) => !files.includes(name))).toEqual([]);
  });

  test.each(all)(
    '$name names its options as it reads them, and shows itself at work',
    ({ verb: { name, options, example, examples = [] } }) => {
      for (const [key, { flag: written }] of Object.entries(options)) {
        const [long = ''] = written.slice('--'.length).split(' ');
        expect(
          long.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
          written,
        ).toBe(key);
      }
      for (const line of [example, ...examples]) {
        expect(line).toMatch(new RegExp(`^stillroom ${name}( |$)`));
        const known = [...Object.values(options).map(({ flag: written }) => written.split(' ')[0]), '--json', '--store'];
        expect((line.match(/ --[\w-]+/g) ?? []).filter((one) => !known.includes(one.trim()))).toEqual([]);
      }
    },
  );

  test.each(all)(
    '$name has help of its own, in which each option is said',
    async ({ name, verb: { about, options, arguments: given } }) => {
      const { code, stdout } = await called(emptyFolder(), [name, '--help']);
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: stillroom ${[name, '[options]', ...given].join(' ')}`);
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain(about);
      for (const { flag: written } of Object.values(options)) expect(stdout).toContain(written);
      for (const line of stdout.split('\n')) if (!line.startsWith('  stillroom ')) expect(line.length, line).toBeLessThanOrEqual(80);
    },
  );
});

test('help lists all verbs, grouped and in their order', async () => {
  const { stdout } = await called(emptyFolder(), ['--help']);
  const listed = [...stdout.matchAll(/^ {2}(?!stillroom)(\w+)/gm)].map(([, name]) => name);
  expect(listed.toSorted()).toEqual([...Object.keys(verbs), 'help'].toSorted());
  for (const { title } of groups) expect(stdout).toContain(`\n${title}:\n`);
  const grouped = groups.flatMap((group) => group.verbs);
  expect(grouped.filter((name) => name in verbs)).toEqual(Object.keys(verbs).filter((name) => grouped.includes(name)));
});

describe('an option', () => {
  const read = (given: unknown, option: ReturnType<typeof number>) => {
    const value = option.read(given);
    return value.ok ? value.value : value.problems[0]?.message;
  };

  test.each([
    [undefined, undefined],
    ['0', 0],
    ['1.5', 1.5],
    ['', '--days  is not a number of 0 or more'],
    ['-1', '--days -1 is not a number of 0 or more'],
    ['two', '--days two is not a number of 0 or more'],
  ])('that is a number reads %j as %j', (given, expected) => {
    expect(read(given, number('--days <days>', ''))).toBe(expected);
  });

  test.each([
    ['3', 3],
    ['0', '--count 0 is not a whole number above 0'],
    ['1.5', '--count 1.5 is not a whole number above 0'],
  ])('that is whole reads %j as %j', (given, expected) => {
    expect(read(given, number('--count <count>', '', { whole: true }))).toBe(expected);
  });

  test('gives the verb its type', () => {
    verb({
      name: 'x',
      arguments: ['<file>', '[node]', '<runs...>'],
      about: '',
      example: '',
      options: { on: flag('--on', ''), to: text('--to <x>', ''), set: texts('--set <x>', ''), count: number('--count <x>', '') },
      async run(given) {
        expectTypeOf(given).toEqualTypeOf<
          { readonly file: string; readonly node: string | undefined; readonly runs: readonly string[] } & {
            readonly on: boolean;
            readonly to: string | undefined;
            readonly set: readonly string[] | undefined;
            readonly count: number | undefined;
          }
        >();
        return answer({}, []);
      },
    });
  });
});

describe('an answer', () => {
  const problem: Problem = {
    kind: 'pipeline',
    code: 'unknown-key',
    message: 'unknown key "x"',
    place: { file: 'p.yaml', line: 12, column: 3, excerpt: '  x: 1' },
    hint: 'remove it',
  };

  const printed = (
    json: boolean,
    given: Parameters<typeof print>[0],
    { isTTY = false, environment = {} }: { isTTY?: boolean; environment?: Record<string, string> } = {},
  ): string[] => {
    const written = ['', ''];
    const stream = (index: number) => ({ isTTY, write: (chunk: string) => (written[index] += chunk) }) as unknown as NodeJS.WriteStream;
    print(given, { json, stdout: stream(0), stderr: stream(1), environment });
    return written;
  };

  test('is coloured on a terminal that wants it, and what it quotes never is', () => {
    const given = answer({}, [[good('done'), ' by a node named \u001b[31m']], { problems: [problem] });
    const [told, problems] = printed(false, given, { isTTY: true });
    expect(told).toBe('\u001b[32mdone\u001b[39m by a node named \\x1b[31m\n');
    expect(problems).toContain('\u001b[31merror:\u001b[39m unknown key "x"');
    for (const environment of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
      expect(printed(false, given, { isTTY: true, environment })).toEqual(printed(false, given));
    }
    expect(printed(false, given)[0]).toBe('done by a node named \\x1b[31m\n');
  });

  test('is lines for people, with problems before and notes after on the standard error', () => {
    const given = answer({ a: 1 }, ['one', 'two'], { problems: [problem], notes: ['kept'] });
    expect(printed(false, given)).toEqual([
      'one\ntwo\n',
      'error: unknown key "x" [unknown-key]\n  p.yaml:12:3\n  12 |   x: 1\n     |   ^\n  hint: remove it\nkept\n',
    ]);
  });

  test('is one object of a version for programs, and nothing else', () => {
    expect(printed(true, answer({ a: 1 }, ['one'], { notes: ['kept'] }))).toEqual(['{"version":1,"a":1}\n', '']);
    const [told = '', silent] = printed(true, refusal([problem, { kind: 'usage', code: 'bad-option', message: 'too' }]));
    expect(JSON.parse(told)).toEqual({
      version: 1,
      error: {
        code: 'unknown-key',
        message: 'unknown key "x"',
        file: 'p.yaml',
        line: 12,
        column: 3,
        hint: 'remove it',
        others: [{ code: 'bad-option', message: 'too' }],
      },
    });
    expect(silent).toBe('');
  });

  test('of a refusal has the exit code of its first problem', () => {
    const kinds = ['stage', 'usage', 'pipeline', 'store'] as const;
    expect(kinds.map((kind) => exitCodeOf([{ ...problem, kind }]))).toEqual([1, 2, 3, 5]);
    expect(exitCodeOf([])).toBe(EXIT.done);
    expect(refusal([problem], EXIT.notReproduced).exit).toBe(4);
  });
});

test('explain says what a code means, lists all, and suggests', async () => {
  const folder = emptyFolder();
  const one = (await called(folder, ['explain', 'missing-source'])).stdout;
  expect(one).toMatch(/^missing-source\n( {2}\S.*\n)+ {2}What to do: .*\n( {2}\S.*\n)*$/);
  expect(one).toContain('--source');
  const { stdout } = await called(folder, ['explain']);
  expect(stdout).toMatch(/^ambiguous-instance +\S.*\n(\S* +\S.*\n)+$/);
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  const { code, json } = await called(folder, ['explain', 'mising-source', '--json']);
  expect([code, json.error?.code, json.error?.hint]).toEqual([2, 'unknown-code', 'did you mean "missing-source"?']);
});

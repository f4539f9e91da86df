import { beforeAll, describe, expect, test } from 'vitest';
import { instancesNamed } from '../../src/load/pipeline/selection.ts';
import type { Instance } from '../../src/model/pipeline.ts';
import type { Problem } from '../../src/model/problem.ts';
import { load, project } from './project.ts';

const FILE = `name: demo
params: { title: A small model, opt: { lr: 0.1, sched: { name: cos } }, classes: [a, b], flag: true, size: 32 }
stages:
  card:
    run: 'echo "$title" > "$out"'
    with: { title: $title, opt: $opt, classes: $classes, note: plain, n: 1, on: false }
    out: { out: o.txt }
  build:
    matrix: { cfg: [{ level: 15, name: a }, { level: 25, name: "b, c]" }], v: [1, "1", 007a] }
    run: 'echo "$cfg" > "$out"'
    with: { cfg: $cfg, n: 1 }
    out: { out: o.txt }
  words: { uses: count, in: { text: ./poem.txt, many: ./poem.txt }, with: { least: 2 } }
`;

let folder: string;

beforeAll(() => {
  folder = project();
});

async function instances(...set: string[]): Promise<readonly Instance[]> {
  const loaded = await load(folder, FILE, set);
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  return loaded.value.instances;
}

async function problems(...set: string[]): Promise<readonly Problem[]> {
  const loaded = await load(folder, FILE, set);
  return loaded.ok ? [] : loaded.problems;
}

async function params(name: string, ...set: string[]): Promise<Instance['params'] | undefined> {
  return (await instances(...set)).find((one) => one.name === name)?.params;
}

test('a --set names what the file has, not what every object has', async () => {
  expect(await problems('constructor=1')).toMatchObject([{ code: 'bad-set' }]);
  expect(await problems('toString.x=1')).toMatchObject([{ code: 'bad-set' }]);
  expect(await problems('words.constructor=1')).toMatchObject([{ code: 'unknown-param' }]);
});

describe('a --set of a text stays a text', () => {
  test.each([
    ['Note: hello', 'Note: hello'],
    ['{name}', '{name}'],
    ['&a b', '&a b'],
    ['007', '007'],
    ['1e5', '1e5'],
    ['- item', '- item'],
    ['? a', '? a'],
    ['true', 'true'],
    ['null', 'null'],
    ['', ''],
    ['9007199254740993', '9007199254740993'],
    ['"in quotes"', 'in quotes'],
    ["'in quotes'", 'in quotes'],
    ['"a" and "b"', '"a" and "b"'],
    ['a # b', 'a # b'],
  ])('%j', async (text, value) => {
    expect((await params('card', `title=${text}`))?.['title']).toBe(value);
    expect((await params('card', `card.title=${text}`))?.['title']).toBe(value);
    expect((await params('card', `card.note=${text}`))?.['note']).toBe(value);
    expect((await params('card', `opt.sched.name=${text}`))?.['opt']).toEqual({ lr: 0.1, sched: { name: value } });
    expect((await params('card', `classes.1=${text}`))?.['classes']).toEqual(['a', value]);
  });

  test('where a stage declares it', async () => {
    const [problem] = await problems('words.mode=1');
    expect(problem?.message).toContain('the text "1"');
  });

  test('and what is no text is read as YAML', async () => {
    expect(await params('card', 'opt={ lr: 2 }', 'classes=[x]', 'card.n=0x10', 'card.on=true')).toMatchObject({
      opt: { lr: 2 },
      classes: ['x'],
      n: 16,
      on: true,
    });
  });
});

describe('a --set of a part', () => {
  test('of a param of the file, and of a node', async () => {
    const before = await params('card');
    expect(await params('card', 'opt.lr=0.2')).toEqual({ ...before, opt: { lr: 0.2, sched: { name: 'cos' } } });
    expect(await params('card', 'card.opt.sched.name=step')).toEqual({ ...before, opt: { lr: 0.1, sched: { name: 'step' } } });
    expect(await params('card', 'card.opt.lr=1', 'card.opt.sched={ name: x }')).toMatchObject({ opt: { lr: 1, sched: { name: 'x' } } });
  });

  test('of one instance', async () => {
    const all = await instances('build[cfg={level: 15, name: a}, v=1].cfg.level=16');
    const levels = all.flatMap(({ node, params: { cfg } }) => (node === 'build' ? [(cfg as { level: number }).level] : []));
    expect(levels).toEqual([16, 15, 15, 25, 25, 25]);
  });

  test.each([
    ['opt.lrr=1', '"opt" has no "lrr"', 'lr'],
    ['opt.lr.x=1', '"opt.lr" is no mapping', ''],
    ['classes.2=x', '"classes" has no "2"', ''],
    ['classes.length=1', '"classes" has no "length"', ''],
    ['card.opt.lrr=1', '"opt" has no "lrr"', 'lr'],
    ['card.note.x=1', '"note" is no mapping', ''],
    ['opt.__proto__=1', '"opt" has no "__proto__"', ''],
    ['flag=off', 'write true or false', ''],
    ['card.on=yes', 'write true or false', ''],
  ])('%s is refused by name', async (option, message, hint) => {
    const [problem] = await problems(option);
    expect(problem?.code).toBe('bad-set');
    expect(`${problem?.message} ${problem?.hint}`).toContain(message);
    expect(problem?.message).toContain(option);
    expect(problem?.hint ?? '').toContain(hint);
  });
});

describe('one instance is set', () => {
  const changed = async (option: string): Promise<string[]> =>
    (await instances(option)).filter(({ node, params: { n } }) => node === 'build' && n === 9).map(({ name }) => name);
  const small = '{"level":15,"name":"a"}';

  test.each([
    [`build[cfg=${small},v=1].n=9`, [`build[cfg=${small},v=1]`]],
    ['build[v=1, cfg={name: a, level: 15}].n=9', [`build[cfg=${small},v=1]`]],
    ['build[cfg={level: 25, name: "b, c]"},v="1"].n=9', ['build[cfg={"level":25,"name":"b, c]"},v="1"]']],
    ["build[cfg={level: 25, name: 'b, c]'},v=007a].n=9", ['build[cfg={"level":25,"name":"b, c]"},v=007a]']],
    [`build[cfg=${small}].n=9`, [`build[cfg=${small},v=1]`, `build[cfg=${small},v="1"]`, `build[cfg=${small},v=007a]`]],
  ])('%s', async (option, names) => {
    expect(await changed(option)).toEqual(names);
  });

  test.each(['build[cfg={level: 99}].n=5', 'build[v=2].n=5', 'build[v=].n=5', 'build[w=1].n=5', 'build[cfg={level: 15}].n=9'])(
    '%s is refused, naming those that there are',
    async (option) => {
      const [problem] = await problems(option);
      expect(problem).toMatchObject({ kind: 'usage', code: 'bad-set' });
      expect(problem?.message).toContain(`${option}: no instance of "build" has that point`);
      expect(problem?.hint).toContain('v="1"');
    },
  );
});

test('a text that holds half a character is refused', async () => {
  const loaded = await load(folder, FILE.replace('note: plain', 'note: "\\ud800"'));
  expect(loaded.ok ? '' : loaded.problems[0]?.message).toBe('this text holds half a character');
});

test('words name nodes, instances and points', async () => {
  const all = await instances();
  expect(instancesNamed(all, 'card')).toEqual(['card']);
  expect(instancesNamed(all, 'build')).toHaveLength(6);
  expect(instancesNamed(all, 'build[v="1"]')).toHaveLength(2);
  for (const { name } of all) expect(instancesNamed(all, name)).toEqual([name]);
  expect(instancesNamed(all, 'build[v=1]', 'card')).toHaveLength(3);
  for (const word of ['buil', 'build[v=2]', 'build[v=1].n', 'card[v=1]', 'build[']) expect(instancesNamed(all, word)).toEqual([]);
  for (const word of ['bu*', '*ild', 'b?ild', 'build[v=*]', 'b*[cfg=*,v=*]', '*[v=*]'])
    expect(instancesNamed(all, word), word).toHaveLength(6);
  expect(instancesNamed(all, '*')).toHaveLength(all.length);
  expect(instancesNamed(all, '*[v="1"]')).toEqual(instancesNamed(all, 'build[v="1"]'));
  for (const word of ['*x', 'b?d', '*[u=*]', '*[v=2*]', 'bu*[', '[v=*]', '*[v=*].n']) expect(instancesNamed(all, word), word).toEqual([]);
});

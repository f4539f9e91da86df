import { beforeAll, describe, expect, test } from 'vitest';
import type { Slots } from '../../src/engine/slots.ts';
import type { Json } from '../../src/model/json.ts';
import type { Instance } from '../../src/model/pipeline.ts';
import { Context } from '../../src/project/context.ts';
import type { Opened } from '../../src/project/opened.ts';
import { openPipeline } from '../../src/project/pipeline.ts';
import { Variants } from '../../src/project/variants.ts';
import { emptyFolder, write } from '../rig.ts';

const TEXTS = [
  'plain',
  'two words',
  '',
  '# no comment',
  'a # b',
  'true',
  'null',
  '5',
  '1e3',
  "it's",
  '"quoted"',
  "'",
  '- x',
  '[x',
  'a: b',
  ' é ',
  'a\nb',
  '0x10',
  '~',
  'yes',
];
const OTHERS: readonly Json[] = [5, -0.25, 1e-7, true, null, [1, 'two', [true]], { a: 1, b: 'two: 2' }, []];

let opened: Opened;
let variants: Variants;

beforeAll(async () => {
  const folder = emptyFolder();
  write(folder, {
    'artifacts/.gitignore': '*\n',
    'data/words.txt': 'words\n',
    'p.yaml': `name: p
params: { text: before, other: 1 }
sources: { words: data/words.txt }
stages:
  one: { run: 'cat "$words" > "$out"', in: { words: $sources.words }, with: { text: $text, other: $other, own: before }, out: { out: out.txt } }
`,
  });
  const found = await openPipeline(new Context({ folder }), 'p.yaml');
  if (!found.ok) throw new Error(found.problems[0]?.message);
  opened = found.value;
  const never = new AbortController().signal;
  variants = new Variants(opened, {
    sweep: 'ablation-0123456789',
    set: ['other=7'],
    slots: {} as Slots,
    noWait: false,
    keepCheckpoints: false,
    stop: { asked: never, forced: never },
  });
});

async function read(name: string, value: Json): Promise<Json | undefined> {
  const pipeline = await variants.read({ [name]: value });
  if (!pipeline.ok) throw new Error(pipeline.problems[0]?.message);
  return pipeline.value.instances[0]?.params[name.split('.').at(-1) ?? ''];
}

describe('a variant has the very values that the sweep gives', () => {
  test.each(TEXTS)('the text %j', async (text) => {
    expect(await read('text', text)).toBe(text);
    expect(await read('one.own', text)).toBe(text);
    expect(await read('other', text)).toBe(text);
  });

  test.each(OTHERS)('%j', async (value) => {
    expect(await read('other', value)).toEqual(value);
  });

  test('beside what is set for all', async () => {
    const pipeline = await variants.read({ text: 'x' });
    expect(pipeline).toMatchObject({ ok: true, value: { params: { text: 'x', other: 7 } } });
  });
});

test('what is the same in two variants is the same object; in what order a value was written makes a difference', async () => {
  const oneOf = async (other: Json): Promise<Instance> => {
    const read = await variants.read({ other });
    if (!read.ok || read.value.instances[0] === undefined) throw new Error('not read');
    return read.value.instances[0];
  };
  const [first, same, second] = [await oneOf({ a: 1, b: 2 }), await oneOf({ a: 1, b: 2 }), await oneOf({ b: 2, a: 1 })];
  expect(same).toBe(first);
  expect(second).not.toBe(first);
  expect([second.work === first.work, second.outputs === first.outputs, second.env === first.env]).toEqual([true, true, true]);
  expect(JSON.stringify(second.params['other'])).toBe('{"b":2,"a":1}');
});

test('what a variant asks depends on its values and on how far it goes, and sources lie beside the pipeline file', async () => {
  const asked = async (params: Readonly<Record<string, Json>>, only?: readonly string[]): Promise<string> => {
    const plan = await variants.plan(params, only);
    if (!plan.ok) throw new Error(plan.problems[0]?.message);
    return plan.value.asked;
  };
  expect(await asked({ text: 'a' })).toBe(await asked({ text: 'a' }, ['one']));
  expect(await asked({ text: 'a' })).not.toBe(await asked({ text: 'b' }));
  expect(await asked({ 'sources.words': 'data/words.txt' })).toBe(await asked({}));
});

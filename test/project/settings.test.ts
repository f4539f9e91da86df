import { join } from 'node:path';
import { expect, test } from 'vitest';
import { called, emptyFolder, write } from '../rig.ts';

function project(): string {
  const folder = emptyFolder();
  write(folder, {
    'package.json': '{}',
    'p.yaml': `name: p
params: { size: 1, title: Poem, opt: { lr: 0.1, name: sgd } }
stages:
  one:
    run: echo "$size $title $lr $own" > "$o"
    with: { size: $size, title: $title, lr: $opt.lr, own: 1 }
    out: { o: o.txt }
`,
    'variant.yaml': 'size: 96\ntitle: "007"\nopt: { lr: 1e-3 }\none: { own: 2 }\n',
    'later.toml': 'size = 97\n',
  });
  return folder;
}

interface Node {
  readonly params: Readonly<Record<string, unknown>>;
}

async function paramsOf(folder: string, ...set: readonly string[]): Promise<{ readonly set: unknown; readonly params: unknown }> {
  const { json, stderr } = await called(folder, ['run', 'p.yaml', '--json', ...set.flatMap((one) => ['--set', one])]);
  if (stderr.includes('error:')) throw new Error(stderr);
  const shown = (await called(folder, ['show', (json as { readonly run: string }).run, '--json'])).json as unknown as {
    readonly record: { readonly set: unknown; readonly nodes: Readonly<Record<string, Node>> };
  };
  return { set: shown.record.set, params: shown.record.nodes['one']?.params };
}

test('--set @file sets all that a file holds, in its order among others, and the record says what was set', async () => {
  const folder = project();
  const own = ['size=96', 'title="007"', 'opt.lr=1e-3', 'one.own=2'];
  expect(await paramsOf(folder, '@variant.yaml')).toEqual({ set: own, params: { size: 96, title: '007', lr: '1e-3', own: 2 } });
  expect(await paramsOf(folder, 'size=5', '@variant.yaml', '@later.toml')).toMatchObject({ params: { size: 97, title: '007' } });
  expect(await paramsOf(folder, '@variant.yaml', 'size=5')).toMatchObject({ params: { size: 5 } });
});

test('a run that was set by a file is reproduced, and compared with, without it; a changed file is seen', async () => {
  const folder = project();
  await paramsOf(folder, '@variant.yaml');
  const unchanged = await called(folder, ['run', 'p.yaml', '--json', '--set', '@variant.yaml']);
  expect(unchanged.json).toMatchObject({ executed: [] });
  write(folder, { 'variant.yaml': 'size: 98\n' });
  const changed = await called(folder, ['run', 'p.yaml', '--json', '--set', '@variant.yaml']);
  expect(changed.json).toMatchObject({ executed: ['one'] });
});

test('a list of a file stays one, whatever its texts hold', async () => {
  const folder = project();
  write(folder, { 'list.yaml': 'title: "a # b"\nsize: ["a # b", 1]\n' });
  expect(await paramsOf(folder, '@list.yaml')).toMatchObject({ params: { title: 'a # b', size: ['a # b', 1] } });
});

test.each<[string, string, RegExp]>([
  ['@nothing.yaml', '', /--set @nothing.yaml: there is no such file/],
  ['@broken.yaml', 'a: [1\n', /broken.yaml:1/],
  ['@list.yaml', '- 1\n', /--set @list.yaml: it holds no mapping/],
  ['@other.yaml', 'sise: 1\n', /no param is named "sise"[\s\S]*other.yaml:1:1[\s\S]*did you mean "size"/],
  ['@part.yaml', 'size: 2\nopt:\n  rl: 3\n', /"opt" has no "rl"[\s\S]*part.yaml:3:3/],
  ['@node.toml', '[ones]\nmine = 3\n', /--set ones.mine=3: no node [\s\S]*node.toml:2:1/],
])('%s is refused', async (set, text, message) => {
  const folder = project();
  if (text !== '') write(folder, { [set.slice(1)]: text });
  const { code, stderr } = await called(folder, ['plan', join(folder, 'p.yaml'), '--set', set]);
  expect(stderr).toMatch(message);
  expect(code).not.toBe(0);
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { NodesBefore } from '../../src/load/pipeline/nodes-before.ts';
import { loadPipeline } from '../../src/load/pipeline/pipeline.ts';
import type { Instance, Pipeline } from '../../src/model/pipeline.ts';
import type { Outcome } from '../../src/model/problem.ts';
import { load, project } from './project.ts';

const FILE = `name: demo
params: { rate: 1e-3, list: [1, 2.50], opt: { lr: 0.1, deep: { er: 1 } }, flag: true, size: 32, long: x }
sources: { poem: poem.txt }
environment: { venv: env }
stages:
  plain: { run: 'echo 1 > "$out"', out: { out: o.txt } }
  takes: { run: 'echo "$rate" > "$out"', with: { rate: $rate, level: 1e-5, n: 3 }, in: { plain: plain.out }, out: { out: o.txt } }
  part: { run: 'echo "$lr" > "$out"', with: { lr: $opt.lr, text: 'of \${size}' }, out: { out: o.txt } }
  named: { run: 'echo 1 > "$out"', out: { out: 'o-\${long}.txt' }, env: { LONG: $long } }
  points: { matrix: { r: $list, v: [1, 1.0e2] }, run: 'echo "$rate" > "$out"', with: { rate: $r }, out: { out: o.txt } }
  some: { when: { flag: true }, run: 'cat "$one" > "$out"', in: { one: { from: points.out, where: { r: 2.50, v: 1 } } }, out: { out: o.txt } }
  all: { run: 'cat "$each"/* > "$out"', in: { each: { from: points.out, all: true }, some: some.out }, out: { out: o.txt } }
  reads: { run: 'cat "$poem" > "$out"', in: { poem: $sources.poem, part: part.out }, out: { out: o.txt } }
  here: { run: 'cat "$page" > "$out"', in: { page: ./folder }, out: { out: o.txt } }
  program: { python: here.py, out: { out: o.txt }, environment: none }
  words: { uses: count, in: { text: $sources.poem, many: reads.out }, with: { least: 2, rate: 0.25 } }
`;

let folder: string;
let before: NodesBefore;

beforeEach(() => {
  folder = project();
  writeFileSync(join(folder, 'here.py'), 'pass\n');
  before = new NodesBefore();
});

function read(set: readonly string[] = []): Promise<Outcome<Pipeline>> {
  return load(folder, FILE, set, { before });
}

async function instances(...set: string[]): Promise<ReadonlyMap<string, Instance>> {
  const loaded = await read(set);
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  return new Map(loaded.value.instances.map((instance) => [instance.name, instance]));
}

describe('a pipeline that is read again is what it is when it is read for the first time', () => {
  const SETS: readonly (readonly string[])[] = [
    [],
    ['rate=0.001'],
    ['rate=1e-3'],
    ['rate=1.0e-3'],
    ['opt.deep.er=2'],
    ['opt.lr=0.3'],
    ['size=64', 'long=y'],
    ['long=1e1'],
    ['list=[2.50, 7]'],
    ['list=[3, 3]'],
    ['list=[]'],
    ['flag=false'],
    ['takes.n=1e3'],
    ['takes.n=4', 'takes.level=1'],
    ['takes.n=5'],
    ['points[r=1,v=1].rate=9'],
    ['sources.poem=folder/page.txt'],
    ['sources.poem=none.txt'],
    ['sources.*.links=follow'],
    ['words.least=0'],
    ['words.least=3'],
    ['nothing=1'],
    [],
  ];

  test.each(SETS.map((set) => [set.join(' ') || 'as it is', set] as const))('with %s', async (_, set) => {
    for (const other of SETS) await read(other);
    expect(await read(set)).toEqual(await load(folder, FILE, set));
    expect(await read(set)).toEqual(await load(folder, FILE, set));
  });

  test('with other options that change the file of a source, or the file itself', async () => {
    await read();
    const other = FILE.replace('echo 1', 'echo 2');
    expect(await load(folder, other, [], { before })).toEqual(await load(folder, other));
    expect(await read()).toEqual(await load(folder, FILE));
    const file = join(folder, 'pipeline.yaml');
    const request = { file, shownFile: 'pipeline.yaml', root: folder, cache: join(folder, 'artifacts/index'), set: [] };
    writeFileSync(file, FILE.replace('venv: env', 'venv: other'));
    expect(await loadPipeline({ ...request, before })).toEqual(await loadPipeline(request));
  });
});

test('only the nodes are read again that refer to what has changed, with what reads from other instances of them', async () => {
  const first = await instances();
  const changed = async (...set: string[]): Promise<readonly string[]> =>
    [...(await instances(...set))].flatMap(([name, instance]) => (first.get(name) === instance ? [] : [name]));
  const looked = ['reads', 'here', 'program', 'words'];
  expect(await changed()).toEqual(looked);
  expect(await changed('size=64')).toEqual(['part', ...looked]);
  expect(await changed('takes.n=4')).toEqual(['takes', 'part', ...looked]);
});

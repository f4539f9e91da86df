import { appendFileSync, chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { RunNode } from '../../src/model/run.ts';
import { openProject, type RunOptions } from '../../src/project/project.ts';
import { copyOf, emptyFolder, write } from '../rig.ts';
import { lose } from '../stored.ts';
import { SAY_RUN, SAY_STAGE } from './say-stage.ts';

/** The nodes that plans took from a recalled run. */
const recalled = vi.hoisted(() => ({ names: [] as string[] }));

vi.mock('../../src/engine/recall.ts', async (original) => {
  const real = await original<typeof import('../../src/engine/recall.ts')>();
  class Recall extends real.Recall {
    override of(prepared: Parameters<InstanceType<typeof real.Recall>['of']>[0]): RunNode | undefined {
      const found = super.of(prepared);
      if (found !== undefined) recalled.names.push(prepared.instance.name);
      return found;
    }
  }
  return { ...real, Recall };
});

const PIPELINE = `name: poems
params: { lines: 2, from: more.yaml }
sources: { poem: { path: poem.txt }, table: { path: table, keep: false } }
stages:
  head:
    run: 'head -n "$lines" "$poem" > "$out"; echo "$WORD" >> "$out"'
    in: { poem: $sources.poem }
    with: { lines: $lines, object: { a: 1, b: 2 } }
    env: [WORD]
    out: { out: out.txt }
    tools: [mine]
  list: { run: 'ls "$table" > "$out"', in: { table: $sources.table }, out: { out: out.txt }, retries: 1 }
  part: { matrix: { k: [1, 2, 3] }, run: 'cat "$text" > "$out"; echo $k >> "$out"', in: { text: head.out }, with: { k: $k }, out: { out: out.txt } }
  say: { uses: say, in: { text: list.out }, with: { voice: loud } }
  all: { run: 'cat "$parts"/* "$said" > "$out"; echo $more', in: { parts: { from: part.out, all: true }, said: say.said }, with: { more: $more }, out: { out: out.txt } }
  timed: { run: 'date +%N > "$out"; echo "{\\"t\\": 1}" > t.json', measures: machine, metrics: t.json, out: { out: { path: out.txt, measured: true } } }
  after: { run: 'wc -c < "$text" > "$out"', in: { text: timed.out }, out: { out: out.txt } }
`;

let folder: string;

/** What a node is in a record, whenever it was executed. */
function lasting({ log: _log, seconds: _seconds, ...node }: RunNode): object {
  return node;
}

/** What a plan says of the pipeline of a folder, and then what a run makes of it. */
async function outcome(where: string, options: RunOptions, word: string): Promise<object> {
  const project = openProject({ folder: where, environment: { PATH: `${join(where, 'bin')}:${process.env['PATH']}`, WORD: word } });
  try {
    const plan = await project.plan('poems.yaml', options);
    if (!plan.ok) return { problems: plan.problems };
    const planned = plan.value.nodes;
    const ended = await project.run('poems.yaml', options);
    if (!ended.ok) return { planned, problems: ended.problems };
    const { record, summary, outputs, problems } = ended.value;
    const nodes = Object.entries(record.nodes).map(([name, node]) => [name, lasting(node)]);
    const placed = Object.fromEntries([...outputs].map(([name, path]) => [name, readFileSync(path, 'utf8')]));
    return { planned, nodes, hash: record.hash, sources: record.sources, summary, problems, placed };
  } finally {
    project.close();
  }
}

beforeEach(async () => {
  folder = emptyFolder();
  write(folder, {
    'artifacts/.gitignore': '*\n',
    'poems.yaml': PIPELINE,
    'more.yaml': 'more: 1\n',
    'poem.txt': 'one\ntwo\nthree\n',
    'table/a.txt': 'a',
    'stages/say/stage.ts': SAY_STAGE,
    'stages/say/run.ts': SAY_RUN,
    'stages/say/voices/loud.ts': 'export default (text) => text.toUpperCase();\n',
    'bin/mine': '#!/bin/sh\necho 1\n',
  });
  chmodSync(join(folder, 'bin/mine'), 0o755);
  expect(await outcome(folder, {}, 'hello')).toMatchObject({ problems: [] });
  // How a store stands is not believed before its clock has gone on.
  await setTimeout(50);
  await outcome(folder, {}, 'hello');
  recalled.names = [];
});

/** Changes a text in a file of a folder. */
function edit(where: string, file: string, from: string, to: string): void {
  const text = readFileSync(join(where, file), 'utf8');
  expect(text).toContain(from);
  writeFileSync(join(where, file), text.replace(from, to));
}

const inPipeline =
  (from: string, to: string) =>
  (where: string): void =>
    edit(where, 'poems.yaml', from, to);

/** What may change, the nodes that stand as they did, and with what the pipeline is run then. */
const changes: [what: string, change: (folder: string) => void, standing: readonly string[], options: RunOptions][] = [
  ['a command at the end', inPipeline('wc -c', 'wc -l'), ['head', 'list', 'part', 'say', 'all', 'timed'], {}],
  ['a command at the start', inPipeline('; echo "$WORD"', '; echo "<$WORD>"'), ['list', 'say', 'timed', 'after'], {}],
  ['what nothing comes of', inPipeline('retries: 1', 'retries: 2'), ['head', 'part', 'timed', 'after'], {}],
  ['a time-out', inPipeline('retries: 1', 'timeout: 1h'), ['head', 'part', 'timed', 'after'], {}],
  ['the order of keys in a value', inPipeline('{ a: 1, b: 2 }', '{ b: 2, a: 1 }'), ['list', 'say', 'timed', 'after'], {}],
  ['a comment', inPipeline('name: poems', 'name: poems # of old'), ['head', 'list', 'part', 'say', 'all', 'timed', 'after'], {}],
  ['a matrix that grows', inPipeline('[1, 2, 3]', '[1, 2, 3, 4]'), ['head', 'list', 'part', 'say', 'timed', 'after'], {}],
  ['a matrix that shrinks', inPipeline('[1, 2, 3]', '[3, 1]'), ['head', 'list', 'part', 'say', 'timed', 'after'], {}],
  [
    'the name of a node',
    (where) => {
      const text = readFileSync(join(where, 'poems.yaml'), 'utf8');
      writeFileSync(join(where, 'poems.yaml'), text.replaceAll('head', 'top').replace('top -n', 'head -n'));
    },
    ['list', 'say', 'timed', 'after'],
    {},
  ],
  ['a source', (where) => appendFileSync(join(where, 'poem.txt'), 'four\n'), ['list', 'say', 'timed', 'after'], {}],
  ['another source', (where) => writeFileSync(join(where, 'table/b.txt'), 'b'), ['head', 'part', 'timed', 'after'], {}],
  ['a tool', (where) => edit(where, 'bin/mine', '1', '2'), ['list', 'say', 'timed', 'after'], {}],
  [
    'the code of a stage',
    (where) => edit(where, 'stages/say/run.ts', 'said.length', 'said.length + 1'),
    ['head', 'list', 'part', 'timed', 'after'],
    {},
  ],
  [
    'the code of a choice',
    (where) => edit(where, 'stages/say/voices/loud.ts', 'toUpperCase', 'toLowerCase'),
    ['head', 'list', 'part', 'timed', 'after'],
    {},
  ],
  ['a file of params', (where) => edit(where, 'more.yaml', '1', '2'), ['head', 'list', 'part', 'say', 'timed', 'after'], {}],
  ['a setting', () => undefined, ['list', 'say', 'timed', 'after'], { set: ['lines=1'] }],
  ['what is wanted', () => undefined, ['head', 'part'], { only: ['part'] }],
  ['what is executed all the same', () => undefined, ['list', 'say', 'timed', 'after'], { force: ['head'] }],
];

describe('a plan that recalls the last run says what one does that looks everything up, and so does its run', () => {
  test.each(changes)('after a change of %s', async (_, change, standing, options) => {
    const other = copyOf(folder);
    for (const where of [folder, other]) change(where);
    recalled.names = [];
    const found = await outcome(folder, options, 'hello');
    const names = new Set(recalled.names.map((name) => name.replace(/\[.*/, '')));
    expect([...names]).toEqual(standing);
    recalled.names = [];
    expect(found).toEqual(await outcome(other, options, 'hello'));
    // In a copy of the store no file stands as it stood.
    expect(recalled.names).toEqual([]);
  });

  test('after a change of a variable', async () => {
    const other = copyOf(folder);
    expect(await outcome(folder, {}, 'bye')).toEqual(await outcome(other, {}, 'bye'));
    expect(recalled.names).toContain('list');
    expect(recalled.names).not.toContain('part[k=1]');
  });

  test('where nothing is recalled, since something is lost in the store', async () => {
    edit(folder, 'poems.yaml', 'wc -c', 'wc -l');
    const project = openProject({ folder });
    const record = await project.records.find('@latest');
    project.close();
    if (!record.ok) throw new Error('there is no record');
    lose(join(folder, 'artifacts'), record.value.nodes['head']?.outputs?.['out']?.digest ?? '');
    expect(await outcome(folder, {}, 'hello')).toMatchObject({
      planned: expect.arrayContaining([expect.objectContaining({ node: 'head', action: 'run' })]),
    });
    expect(recalled.names).toEqual([]);
  });
});

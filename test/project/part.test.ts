import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { outlineAfter } from '../../src/load/pipeline/edited.ts';
import type { RunNode } from '../../src/model/run.ts';
import type { planPart } from '../../src/project/part.ts';
import { openProject, type RunOptions } from '../../src/project/project.ts';
import { localStore } from '../../src/stores/local/store.ts';
import { copyOf, emptyFolder, write } from '../rig.ts';
import { lose } from '../stored.ts';

/** The nodes of the parts that were planned; undefined: all of a file was read. */
const parts = vi.hoisted(() => ({ planned: [] as (readonly string[] | undefined)[] }));

vi.mock('../../src/project/part.ts', async (original) => {
  const real = await original<typeof import('../../src/project/part.ts')>();
  return {
    ...real,
    async planPart(...asked: Parameters<typeof planPart>) {
      const found = await real.planPart(...asked);
      parts.planned.push(found && [...found.planned.plan.nodes.keys()]);
      return found;
    },
  };
});

/** Whether only the nodes of a part were read of a file, each time that this was tried. */
const texts = vi.hoisted(() => ({ read: [] as boolean[] }));

vi.mock('../../src/load/pipeline/edited.ts', async (original) => {
  const real = await original<typeof import('../../src/load/pipeline/edited.ts')>();
  return {
    ...real,
    outlineAfter(...asked: Parameters<typeof outlineAfter>) {
      const found = real.outlineAfter(...asked);
      texts.read.push(found !== undefined);
      return found;
    },
  };
});

const POINTS = Array.from({ length: 220 }, (_, index) => index);

const PIPELINE = `name: cells
params: { least: 2 }
sources: { poem: poem.txt }
stages:
  cell: { matrix: { k: [${POINTS.join(', ')}] }, run: 'echo "$k $size" > "$out"', with: { k: $k, size: 3 }, out: { out: out.txt } }
  twice: { matrix: { k: [1, 2, 3] }, run: 'cat "$cell" "$cell" > "$out"', in: { cell: cell.out }, out: { out: out.txt } }
  poem: { run: 'head -n "$least" "$poem" > "$out"', in: { poem: $sources.poem }, with: { least: $least }, out: { out: out.txt } }
  count: { run: 'wc -l < "$poem" > "$out"; echo "{\\"lines\\": $least, \\"other\\": 1}" > m.json', in: { poem: poem.out }, with: { least: 4 }, metrics: m.json, out: { out: out.txt } }
  last: { run: 'cat "$count" "$two" > "$out"; echo $more', in: { count: count.out, two: { from: twice.out, where: { k: 2 } } }, with: { more: 1 }, out: { out: out.txt } }
`;

let first: string;
let folder: string;

function lasting({ log: _log, seconds: _seconds, ...node }: RunNode): object {
  return node;
}

/** What lists of runs show of an outcome, and what its run tells, member by member in their order. */
function inOrder(outcome: object): string {
  const { row, summary } = outcome as { readonly row?: object; readonly summary?: object };
  return JSON.stringify([row, summary]);
}

/** What a run makes of the pipeline of a folder, what is recorded of it, and what users find of it. */
async function outcome(where: string, options: RunOptions = {}): Promise<object> {
  const project = openProject({ folder: where });
  try {
    const ended = await project.run('cells.yaml', options);
    if (!ended.ok) return { problems: ended.problems };
    const { record, summary, outputs, problems } = ended.value;
    const store = localStore(join(where, 'artifacts'));
    const [row] = store.runs.rows();
    const read = store.runs.read(record.id);
    if (row === undefined || read === undefined) throw new Error('nothing was recorded');
    const { run: _run, started: _started, seconds: _seconds, ...lastingRow } = row;
    const nodesOf = (nodes: Readonly<Record<string, RunNode>>): object =>
      Object.entries(nodes).map(([name, node]) => [name, lasting(node)]);
    expect(nodesOf(read.nodes)).toEqual(nodesOf(record.nodes));
    expect(read.hash).toBe(record.hash);
    return {
      ...{ nodes: nodesOf(record.nodes), hash: record.hash, state: record.state, sources: record.sources, set: record.set },
      ...{ row: lastingRow, summary, problems: problems.map(({ message }) => message) },
      placed: Object.fromEntries([...outputs].map(([name, path]) => [name, readFileSync(path, 'utf8')])),
    };
  } finally {
    project.close();
  }
}

beforeAll(async () => {
  first = emptyFolder();
  write(first, { 'artifacts/.gitignore': '*\n', 'cells.yaml': PIPELINE, 'poem.txt': 'one\ntwo\nthree\n' });
  expect(await outcome(first)).toMatchObject({ problems: [] });
});

beforeEach(async () => {
  folder = copyOf(first);
  // In a copy no file stands as it stood, and how a store stands is not believed before its clock has gone on.
  await setTimeout(50);
  await outcome(folder);
  await outcome(folder);
  parts.planned = [];
});

function edit(from: string, to: string): (where: string) => void {
  return (where) => {
    const text = readFileSync(join(where, 'cells.yaml'), 'utf8');
    expect(text).toContain(from);
    writeFileSync(join(where, 'cells.yaml'), text.replace(from, to));
  };
}

/** Changes and the options of the run after each; the nodes of the part that is planned of the last, or undefined. */
type Course = readonly { readonly change?: (where: string) => void; readonly options?: RunOptions }[];

const courses: [what: string, course: Course, part: readonly string[] | undefined][] = [
  ['a command at the end', [{ change: edit('echo $more', 'echo "<$more>"') }], ['poem', 'count', 'last', 'cell[k=2]', 'twice[k=2]']],
  ['a param of a node', [{ change: edit('more: 1', 'more: 2') }], ['poem', 'count', 'last', 'cell[k=2]', 'twice[k=2]']],
  ['what a command writes', [{ change: edit('wc -l', 'wc -c') }], ['poem', 'count', 'last', 'cell[k=2]', 'twice[k=2]']],
  ['a metric', [{ change: edit('least: 4', 'least: 5') }], ['poem', 'count', 'last', 'cell[k=2]', 'twice[k=2]']],
  ['which metrics there are', [{ change: edit('other', 'others') }], ['poem', 'count', 'last', 'cell[k=2]', 'twice[k=2]']],
  [
    'the command of a matrix',
    [{ change: edit('"$cell" "$cell"', '"$cell"  "$cell"') }],
    ['cell[k=1]', 'cell[k=2]', 'cell[k=3]', 'twice[k=1]', 'twice[k=2]', 'twice[k=3]', 'poem', 'count', 'last'],
  ],
  [
    'a command where the file says what is shown',
    [{ change: edit('params:', 'show: [count.lines, last.out]\nparams:') }, { change: edit('wc -l', 'wc -c') }],
    ['poem', 'count', 'last', 'cell[k=2]', 'twice[k=2]'],
  ],
  ['an instance', [{ options: { set: ['cell[k=7].size=9'] } }], ['cell[k=7]']],
  ['the first instance', [{ options: { set: ['cell[k=0].size=9'] } }], ['cell[k=0]']],
  ['an instance with others after it', [{ options: { set: ['cell[k=2].size=9'] } }], ['poem', 'count', 'cell[k=2]', 'twice[k=2]', 'last']],
  [
    'one instance after another',
    [7, 8, 9, 0].map((size) => ({ options: { set: [`cell[k=3].size=${size}`] } })),
    ['cell[k=3]', 'twice[k=3]'],
  ],
  ['an instance as it was', [{ options: { set: ['cell[k=7].size=9'] } }, {}], ['cell[k=7]']],
  ['an instance that is not there', [{ options: { set: ['cell[k=777].size=9'] } }], undefined],
  ['a param of an instance that the others have not', [{ options: { set: ['cell[k=7].sizes=9'] } }], ['cell[k=7]']],
  ['a command that fails', [{ change: edit('echo $more', 'false') }], ['poem', 'count', 'last', 'cell[k=2]', 'twice[k=2]']],
  [
    'a command that failed, mended',
    [{ change: edit('echo $more', 'exit 3') }, { change: edit('exit 3', 'true') }],
    ['poem', 'count', 'last', 'cell[k=2]', 'twice[k=2]'],
  ],
  [
    'a command that is as it was once',
    [{ change: edit('echo $more', 'true') }, { change: edit('; true', '; echo $more') }],
    ['poem', 'count', 'last', 'cell[k=2]', 'twice[k=2]'],
  ],
  ['nothing after an edit', [{ change: edit('echo $more', 'true') }, {}], undefined],
  ['a comment', [{ change: edit('name: cells', 'name: cells # of old') }], undefined],
  ['a param of the pipeline', [{ change: edit('least: 2', 'least: 1') }], undefined],
  ['the inputs of a node', [{ change: edit('where: { k: 2 }', 'where: { k: 3 }') }], undefined],
  ['the name of an output', [{ change: edit('out: out.txt } }\n  poem', 'out: out.md } }\n  poem') }], undefined],
  ['the points of a matrix', [{ change: edit('[1, 2, 3]', '[3, 2, 1]') }], undefined],
  ['a node that goes', [{ change: (where) => edit(PIPELINE.slice(PIPELINE.indexOf('  last')), '')(where) }], undefined],
  ['a key that is unknown', [{ change: edit('more: 1 }', 'more: 1 }, ouch: 1') }], undefined],
  ['all that is in the file', [{ change: (where) => writeFileSync(join(where, 'cells.yaml'), '') }], undefined],
  ['a key that all nodes are under', [{ change: edit('\nstages:', '\nstage:') }], undefined],
  [
    'the nodes, which are none any more',
    [{ change: (where) => writeFileSync(join(where, 'cells.yaml'), 'name: cells\nstages:\n') }],
    undefined,
  ],
  ['a command and a source', [{ change: (where) => [edit('wc -l', 'wc -c')(where), write(where, { 'poem.txt': 'other\n' })] }], undefined],
  ['what is wanted', [{ change: edit('wc -l', 'wc -c'), options: { only: ['poem'] } }], undefined],
  ['what was wanted', [{ options: { only: ['poem'] } }, { change: edit('wc -l', 'wc -c') }], undefined],
  ['what is executed all the same', [{ change: edit('wc -l', 'wc -c'), options: { force: ['last'] } }], undefined],
  [
    'a command and what users have done to the outputs',
    [
      {
        change: (where) => {
          edit('wc -l', 'wc -c')(where);
          writeFileSync(join(where, 'artifacts/latest/cells/poem/out.txt'), 'mine');
          rmSync(join(where, 'artifacts/latest/cells/cell[k=5]'), { recursive: true });
        },
      },
    ],
    ['poem', 'count', 'last', 'cell[k=2]', 'twice[k=2]'],
  ],
];

describe('a run of a part of a pipeline is the run of all of it', () => {
  test.each(courses)('after a change of %s', async (_, course, part) => {
    const other = copyOf(folder);
    for (const { change, options } of course) {
      for (const where of [folder, other]) change?.(where);
      rmSync(join(other, 'artifacts/index'), { recursive: true, force: true });
      parts.planned = [];
      const found = await outcome(folder, options);
      const planned = parts.planned.at(-1);
      const whole = await outcome(other, options);
      expect(found).toEqual(whole);
      expect(inOrder(found)).toBe(inOrder(whole));
      if (course.at(-1)?.change === change) expect(planned && [...planned].sort()).toEqual(part && [...part].sort());
      // How a store stands is not believed before its clock has gone on.
      await setTimeout(30);
    }
  });

  test('of a file in which the text of a node was edited, only what has to do with that is read, again and again', async () => {
    texts.read = [];
    for (const [from, to] of [
      ['echo $more', 'echo "<$more>"'],
      ['"<$more>"', '"<<$more>>"'],
      ['$cell" "$cell', '$cell"  "$cell'],
    ] as const) {
      edit(from, to)(folder);
      await outcome(folder);
      await setTimeout(30);
    }
    expect(texts.read).toEqual([true, true, true]);
    edit('$cell"  "$cell', '$cell" "$cell"; echo "')(folder);
    await outcome(folder, { set: ['cell[k=7].size=9'] });
    expect(texts.read).toHaveLength(3);
  });

  test('where something is lost in the store, all is looked up', async () => {
    const project = openProject({ folder });
    const record = await project.records.find('@latest');
    project.close();
    if (!record.ok) throw new Error('there is no record');
    lose(join(folder, 'artifacts'), record.value.nodes['cell[k=9]']?.outputs?.['out']?.digest ?? '');
    edit('wc -l', 'wc -c')(folder);
    expect(await outcome(folder)).toMatchObject({ row: { executed: 3 } });
    expect(parts.planned).toEqual([undefined]);
  });
});

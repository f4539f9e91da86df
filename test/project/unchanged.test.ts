import { appendFileSync, chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Event } from '../../src/model/event.ts';
import type { RunRecord } from '../../src/model/run.ts';
import { openProject, type RunOptions, type RunResult } from '../../src/project/project.ts';
import { copyOf, emptyFolder, write } from '../rig.ts';
import { lose } from '../stored.ts';
import { SAY_RUN, SAY_STAGE } from './say-stage.ts';

/** How often a plan was made. */
const plans = vi.hoisted(() => ({ made: 0 }));

vi.mock('../../src/engine/plan.ts', async (original) => {
  const real = await original<typeof import('../../src/engine/plan.ts')>();
  const makePlan: typeof real.makePlan = (request) => {
    plans.made += 1;
    return real.makePlan(request);
  };
  return { ...real, makePlan };
});

const PIPELINE = `name: poems
params: { lines: 2 }
sources: { poem: { path: poem.txt, keep: true }, table: { path: table, keep: false } }
stages:
  head:
    run: 'head -n "$lines" "$poem" > "$out"; ls "$table" >> "$out"; echo "$WORD" >> "$out"'
    in: { poem: $sources.poem, table: $sources.table }
    with: { lines: $lines }
    env: [WORD]
    out: { out: out.txt }
    tools: [mine, { run: mine --version }]
  say: { uses: say, in: { text: head.out }, with: { voice: loud }, env: { WORD: { secret: true } } }
show: [say.length]
`;

const VOICE = `import { param } from 'stillroom';
export const params = () => ({ times: param.number({ default: 2 }) });
export default ({ times }) => (text) => text.toUpperCase().repeat(times);
`;

let base: string;
let folder: string;
let environment: Record<string, string>;

async function run(options: RunOptions = {}, where: string = folder): Promise<RunResult & { readonly planned: boolean }> {
  const project = openProject({ folder: where, environment });
  plans.made = 0;
  try {
    const ended = await project.run('poems.yaml', options);
    if (!ended.ok) throw new Error(JSON.stringify(ended.problems));
    return { ...ended.value, planned: plans.made > 0 };
  } finally {
    project.close();
  }
}

/** What a record says whatever run it is of. */
function lasting({ id: _id, started: _started, ended: _ended, ...record }: RunRecord): object {
  return { ...record, nodes: record.nodes };
}

beforeAll(async () => {
  base = emptyFolder();
  write(base, {
    'artifacts/.gitignore': '*\n',
    'poems.yaml': PIPELINE,
    'poem.txt': 'one\ntwo\nthree\n',
    'table/a.txt': 'a',
    'stages/say/stage.ts': SAY_STAGE,
    'stages/say/run.ts': SAY_RUN,
    'stages/say/voices/loud.ts': VOICE,
    'bin/mine': '#!/bin/sh\necho 1\n',
  });
  chmodSync(join(base, 'bin/mine'), 0o755);
});

beforeEach(async () => {
  folder = copyOf(base);
  environment = { PATH: `${join(folder, 'bin')}:${process.env['PATH']}`, WORD: 'hello' };
  expect((await run()).record.state).toBe('done');
});

describe('a run of what has not changed', () => {
  test('makes no plan, and is recorded and told like one that does', async () => {
    const told: Event[] = [];
    const quick = await run({ onEvent: (event) => told.push(event) });
    expect(quick.planned).toBe(false);
    rmSync(join(folder, 'artifacts/index/unchanged'), { recursive: true });
    const toldBefore: Event[] = [];
    const planned = await run({ onEvent: (event) => toldBefore.push(event) });
    expect(planned.planned).toBe(true);
    expect(lasting(quick.record)).toEqual(lasting(planned.record));
    expect(quick.summary).toEqual(planned.summary);
    expect(quick.outputs).toEqual(planned.outputs);
    expect(told.map(({ type }) => type)).toEqual(toldBefore.map(({ type }) => type));
    expect(told[0]).toMatchObject({ type: 'run-started', record: { nodes: planned.record.nodes } });
    const project = openProject({ folder, environment });
    const rows = await project.records.list();
    expect(rows.ok && rows.value.map(({ executed, reused, metrics }) => [executed, reused, metrics])).toEqual([
      [0, 2, { 'say.length': planned.summary.metrics['say.length'] }],
      [0, 2, { 'say.length': planned.summary.metrics['say.length'] }],
      [2, 0, { 'say.length': planned.summary.metrics['say.length'] }],
    ]);
    // Lists show the members of each in the same order.
    const members = rows.ok ? rows.value.map((row) => Object.keys(row).join()) : [];
    expect(new Set(members).size).toBe(1);
    project.close();
  });

  test('is planned again without what was remembered, whatever of the index is lost or damaged', async () => {
    const note = readdirSync(join(folder, 'artifacts/index/unchanged')).find((name) => name.endsWith('.json')) ?? '';
    const file = join(folder, 'artifacts/index/unchanged', note);
    writeFileSync(file, readFileSync(file, 'utf8').replace('"summary"', '"run"'));
    expect(await run()).toMatchObject({ planned: true, summary: { nodes: { reused: ['head', 'say'] } } });
    rmSync(join(folder, 'artifacts/index'), { recursive: true });
    expect(await run()).toMatchObject({ planned: true, summary: { nodes: { reused: ['head', 'say'] } } });
    expect((await run()).planned).toBe(false);
  });

  test('is remembered for what was asked', async () => {
    expect((await run({ set: ['lines=1'] })).planned).toBe(true);
    expect((await run({ set: ['lines=1'] })).planned).toBe(false);
    expect((await run({ only: ['head'] })).planned).toBe(true);
    // Users find other outputs now.
    expect((await run()).planned).toBe(true);
    expect((await run()).planned).toBe(false);
    expect((await run({ remeasure: false })).planned).toBe(false);
    expect(await run({ force: ['say'] })).toMatchObject({ planned: true, summary: { nodes: { executed: ['say'], reused: ['head'] } } });
  });
});

describe('a run is planned where what counts may have changed:', () => {
  const edit = (file: string, from: string, to: string): void => {
    const path = join(folder, file);
    writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
  };
  const artifacts = (...steps: string[]): string => join(folder, 'artifacts', ...steps);

  test.each<readonly [string, () => void, readonly string[]]>([
    ['the pipeline file', () => edit('poems.yaml', 'lines: 2', 'lines: 1'), ['head', 'say']],
    [
      'a variable',
      () => {
        environment = { ...environment, WORD: 'bye' };
      },
      ['head', 'say'],
    ],
    ['the program of a tool', () => appendFileSync(join(folder, 'bin/mine'), '# changed\n'), ['head']],
    ['a kept source', () => appendFileSync(join(folder, 'poem.txt'), 'four\n'), ['head']],
    ['a file of a source that is not kept', () => write(folder, { 'table/b.txt': 'b' }), ['head', 'say']],
    ["a stage's declaration", () => edit('stages/say/stage.ts', 'Says a text.', 'Says it.'), []],
    ["a stage's code", () => edit('stages/say/run.ts', 'said);', "said + '!');"), ['say']],
    ['the default of a choice', () => edit('stages/say/voices/loud.ts', 'default: 2', 'default: 3'), ['say']],
    ['another place of the stage', () => write(folder, { 'stages/say/voices/quiet.ts': 'export default () => (text) => text;' }), []],
    ['what stillroom.yaml declares', () => write(folder, { 'stillroom.yaml': 'executors: { local: { kind: detached } }\n' }), []],
    ['the folder of outputs', () => rmSync(artifacts('latest/poems/say'), { recursive: true }), []],
    ['a file of the outputs', () => chmodSync(artifacts('latest/poems/say/said.txt'), 0o600), []],
    ['the bytes of a kept source', () => rmSync(artifacts('sources'), { recursive: true }), []],
  ])('%s', async (_, change, executed) => {
    change();
    const ended = await run();
    expect(ended.summary.nodes.executed ?? []).toEqual(executed);
    if (executed.length > 0) expect(ended.planned).toBe(true);
    expect(existsSync(artifacts('latest/poems/say/said.txt'))).toBe(true);
    expect((await run()).summary.nodes.executed).toBeUndefined();
  });

  test('a result or its content is lost', async () => {
    // How the store stood is noted when that can be trusted, a moment later.
    await setTimeout(150);
    for (const _ of [1, 2]) expect((await run()).planned).toBe(false);
    const { head, say } = (await run()).record.nodes;
    lose(artifacts(), say?.outputs?.['said']?.digest ?? '');
    expect(await run()).toMatchObject({ planned: true, summary: { nodes: { executed: ['say'] } } });
    lose(artifacts(), head?.fingerprint ?? '', 'result');
    expect(await run()).toMatchObject({ planned: true, summary: { nodes: { executed: ['head'] } } });
    expect((await run()).planned).toBe(false);
  });
});

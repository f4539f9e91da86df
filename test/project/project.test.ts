import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Event } from '../../src/model/event.ts';
import type { Outcome } from '../../src/model/problem.ts';
import { openProject, type Project } from '../../src/project/project.ts';
import { copyOf, emptyFolder, write } from '../rig.ts';
import { lose } from '../stored.ts';

const PIPELINE = `name: poems
params: { lines: 2, seed: 1 }
sources: { poem: poem.txt }
stages:
  head:
    run: 'head -n "$lines" "$poem" > "$out"'
    in: { poem: $sources.poem }
    with: { lines: $lines }
    out: { out: out.txt }
    tools: [head]
  score:
    run: 'echo "{ \\"lines\\": $(wc -l < "$text"), \\"luck\\": $((seed * 3)) }" > metrics.json; cp "$text" "$out"'
    in: { text: head.out }
    with: { seed: $seed }
    out: { out: out.txt }
    metrics: metrics.json
  slow: { run: 'sleep 60 > "$out"', in: { text: score.out }, out: { out: out.txt } }
`;

let base: string;
let first: string;

function value<Value>(outcome: Outcome<Value>): Value {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
  return outcome.value;
}

const codes = (outcome: Outcome<unknown>): readonly string[] => (outcome.ok ? [] : outcome.problems.map(({ code }) => code));

const only = ['score'];

beforeAll(async () => {
  base = emptyFolder();
  write(base, { 'artifacts/.gitignore': '*\n', 'poems.yaml': PIPELINE, 'poem.txt': 'one\ntwo\nthree\n' });
  const project = openProject({ folder: base });
  first = value(await project.run('poems.yaml', { only })).record.id;
  project.close();
});

/** The project in a folder of its own. */
const copy = (): Project => openProject({ folder: copyOf(base) });

describe('plan and run', () => {
  test('a plan says what a run does and why, and can be run', async () => {
    const project = copy();
    const plan = value(await project.plan('poems.yaml', { set: ['lines=3'], only }));
    expect(plan.nodes.map(({ node, action, cause, changes }) => [node, action, cause, changes.length])).toEqual([
      ['head', 'run', 'param lines changed: 2 → 3', 1],
      ['score', 'maybe', 'waits for what head will give', 0],
    ]);
    const { record, outputs, problems } = value(await plan.run());
    expect([record.state, record.set, problems]).toEqual(['done', ['lines=3'], []]);
    expect(readFileSync(outputs.get('score.out') ?? '', 'utf8')).toBe('one\ntwo\nthree\n');
    expect(value(await project.plan('poems.yaml', { set: ['lines=3'], only })).nodes.map(({ action }) => action)).toEqual([
      'reuse',
      'reuse',
    ]);
  });

  test('events reach a callback, a loop and the file of events alike', async () => {
    const project = copy();
    const told: Event['type'][] = [];
    const looped: Event['type'][] = [];
    const running = project.run('poems.yaml', { set: ['lines=1'], only, onEvent: ({ type }) => told.push(type) });
    for await (const { type } of running) looped.push(type);
    const { record } = value(await running);
    expect(looped).toEqual(told);
    expect([told[0], told.at(-1)]).toEqual(['run-started', 'run-ended']);
    const lines = readFileSync(join(project.root, 'artifacts/logs', record.id, 'events.jsonl'), 'utf8')
      .trim()
      .split('\n');
    expect(lines.map((line) => (JSON.parse(line) as Event).type)).toEqual(told.filter((type) => type !== 'node-log'));
  });

  test('a loop that is left early leaves the run going', async () => {
    const running = copy().run('poems.yaml', { set: ['lines=1'], only });
    for await (const { type } of running) if (type === 'run-started') break;
    expect(value(await running).record.state).toBe('done');
  });

  test('a signal stops a run; its reason is told, and the result says that it was cancelled', async () => {
    const stop = new AbortController();
    const notices: string[] = [];
    const running = copy().run('poems.yaml', {
      signal: stop.signal,
      onEvent(event) {
        if (event.type === 'node-started' && event.node === 'slow') stop.abort('enough');
        if (event.type === 'notice') notices.push(event.message);
      },
    });
    const { record } = value(await running);
    expect(record.state).toBe('cancelled');
    expect(record.nodes['score']?.state).toBe('reused');
    expect(notices).toContain('enough');
  });

  test('what cannot begin is an outcome, not a throw: a missing file, an unknown node, no threads', async () => {
    const project = copy();
    expect(codes(await project.run('peoms.yaml'))).toEqual(['no-such-file']);
    expect(codes(await project.plan('poems.yaml', { only: ['scroe'] }))).toEqual(['unknown-node']);
    expect(codes(await project.run('poems.yaml', { jobs: 0 }))).toEqual(['bad-option']);
    expect(codes(await project.run('poems.yaml', { set: ['linse=3'] }))).toEqual(['bad-set']);
  });

  test('a tool that was changed is seen by the next plan of the same process', async () => {
    const folder = copyOf(base);
    const tool = join(folder, 'tools/mine');
    write(folder, {
      'tools/mine': '#!/bin/sh\necho one\n',
      'tool.yaml': `name: tool\nstages: { use: { run: 'mine > "$out"', out: { out: out.txt }, tools: [mine] } }\n`,
    });
    chmodSync(tool, 0o755);
    const project = openProject({ folder, environment: { ...process.env, PATH: `${join(folder, 'tools')}:${process.env['PATH']}` } });
    value(await project.run('tool.yaml'));
    writeFileSync(tool, '#!/bin/sh\necho two\n');
    expect(value(await project.plan('tool.yaml')).nodes).toMatchObject([
      { action: 'run', cause: expect.stringContaining('tool mine changed') },
    ]);
  });

  test('a failed node is told in the result; with keepGoing the others go on', async () => {
    const project = copy();
    write(project.root, {
      'fails.yaml': `name: fails
stages:
  bad: { run: 'exit 3', out: { out: out.txt } }
  good: { run: 'echo > "$out"', out: { out: out.txt }, resources: { cpu: 1 } }
`,
    });
    const { record, problems } = value(await project.run('fails.yaml', { keepGoing: true, jobs: 1 }));
    expect([record.state, record.nodes['bad']?.state, record.nodes['good']?.state]).toEqual(['failed', 'failed', 'executed']);
    expect(problems.map(({ code }) => code)).toEqual(['exit-code']);
  });

  test('why names what changed, of a plan and of a run', async () => {
    const project = copy();
    const planned = value(await project.why('poems.yaml', 'head', { set: ['lines=3'] }));
    const changes = [{ what: 'param lines', from: '2', to: '3' }];
    expect(planned.nodes).toMatchObject([{ node: 'head', action: 'run', cause: 'param lines changed: 2 → 3', changes }]);
    expect([planned.run, planned.comparedWith]).toEqual([undefined, first]);
    expect(value(await project.why(first, 'head')).nodes).toMatchObject([
      { node: 'head', action: 'executed', cause: 'it has not run before', changes: [], upstream: [] },
    ]);
    expect(codes(await project.why(first, 'haed'))).toEqual(['unknown-node']);
    expect(codes(await openProject({ folder: emptyFolder() }).why('head'))).toEqual(['no-runs']);
  });
});

describe('records', () => {
  test('are found, listed, shown and compared', async () => {
    const project = copy();
    await project.run('poems.yaml', { set: ['lines=3', 'seed=2'], only });
    const { records } = project;
    expect(value(await records.find('@best:lines')).params).toEqual({ lines: 3, seed: 2 });
    expect(value(await records.list({ where: 'lines=2' })).map(({ run }) => run)).toEqual([first]);
    expect(codes(await records.list({ where: 'liens=2' }))).toEqual(['unknown-column']);
    const { record, cost, tags } = value(await records.show(first));
    expect([record.id, cost.bytes, tags]).toEqual([first, 8, []]);
    expect(records.lineageOf(record, 'score')).toMatchObject([
      { port: 'text', origin: 'head.out', stage: 'command', from: [{ port: 'poem', origin: 'source poem', stage: null, from: [] }] },
    ]);
    const { runs } = value(await records.compare([first, '@latest']));
    expect(runs[0]?.difference.metrics.map(({ metric, from, to }) => [metric, from, to])).toEqual([
      ['lines', 2, 3],
      ['luck', 3, 6],
    ]);
    expect(codes(await records.compare([first]))).toEqual(['bad-option']);
    const verdicts = value(await records.verdicts(first, '@latest'));
    expect(verdicts.artifacts.map(({ node, verdict }) => [node, verdict])).toEqual([
      ['head', 'different'],
      ['score', 'different'],
    ]);
  });

  test('are reported each once, with their metrics', async () => {
    const reported = value(await copy().records.report([first, '@latest']));
    expect(reported.map(({ run, metrics }) => [run, metrics.map(({ name, value: of }) => [name, of])])).toEqual([
      [
        first,
        [
          ['score.lines', 2],
          ['score.luck', 3],
        ],
      ],
    ]);
  });

  test('have names, which find them', async () => {
    const { tags, records } = copy();
    expect(value(await tags.set('@latest', 'paper'))).toMatchObject({ name: 'paper', run: first, before: null });
    expect(value(await records.find('paper')).id).toBe(first);
    await tags.pin(first);
    expect(value(await tags.list())).toEqual({ tags: [{ name: 'paper', run: first }], pins: [first], sweeps: { tags: [], pins: [] } });
    await tags.pin(first, false);
    expect(value(await tags.delete('paper')).run).toBe(first);
    expect(value(await tags.list())).toEqual({ tags: [], pins: [], sweeps: { tags: [], pins: [] } });
    expect(codes(await tags.delete('paper'))).toEqual(['unknown-tag']);
    expect(codes(await tags.set(first, 'abcd'))).toEqual(['bad-tag']);
  });
});

describe('reproduce, restore and pack', () => {
  test('a run is run again from its record, and judged', async () => {
    const project = copy();
    rmSync(join(project.root, 'poems.yaml'));
    const events: Event['type'][] = [];
    const { verdicts, problems, reproduced } = value(await project.reproduce(first, { onEvent: ({ type }) => events.push(type) }));
    expect([verdicts?.verdict, problems, reproduced?.state]).toEqual(['identical', [], 'done']);
    expect(events).toContain('node-started');
    expect(value(await project.records.list()).map(({ run }) => run)).toEqual([first]);
  });

  test('what is missing is told in the result; what was wrongly asked is no outcome', async () => {
    const project = copy();
    write(project.root, { 'poem.txt': 'other\n' });
    rmSync(join(project.root, 'artifacts/sources'), { recursive: true, force: true });
    const { verdicts, problems } = value(await project.reproduce(first));
    expect([verdicts, problems.map(({ code }) => code)]).toEqual([undefined, ['missing-source']]);
    expect(codes(await project.reproduce('nobody'))).toEqual(['unknown-run']);
    expect(codes(await project.reproduce(undefined))).toEqual(['bad-option']);
  });

  test('outputs are brought back, to a new folder or to where they were', async () => {
    const project = copy();
    rmSync(join(project.root, 'artifacts/latest'), { recursive: true });
    const { outputs } = value(await project.restore(first, { only }));
    expect([...outputs.keys()]).toEqual(['score.out']);
    expect(readFileSync(outputs.get('score.out') ?? '', 'utf8')).toBe('one\ntwo\n');
    const { outputs: elsewhere } = value(await project.restore('@latest', { to: 'there' }));
    expect(elsewhere.get('head.out')).toBe(join(project.root, 'there/head/out.txt'));
    expect(codes(await project.restore('@latest', { to: 'there' }))).toEqual(['folder-in-use']);
  });

  test('a packed run is reproduced where nothing else is', async () => {
    const project = copy();
    const packed = value(await project.pack(first, 'run.still', { outputs: true }));
    expect(packed.bytes).toBeGreaterThan(100);
    const stream = new PassThrough();
    stream.resume();
    expect(value(await project.pack(first, stream)).file).toBeUndefined();
    const elsewhere = openProject({ folder: emptyFolder() });
    const { verdicts } = value(await elsewhere.reproduce(undefined, { from: packed.file }));
    expect(verdicts?.verdict).toBe('identical');
    const { outputs } = value(await elsewhere.restore(undefined, { from: packed.file, to: 'out' }));
    expect(existsSync(outputs.get('score.out') ?? '')).toBe(true);
  });

  test('a packed run is unpacked as a store, in which it is like any other', async () => {
    const project = copy();
    value(await project.pack(first, 'run.still', { outputs: true }));
    expect(value(await project.unpack('run.still', 'there')).id).toBe(first);
    expect(codes(await project.unpack('run.still', 'there'))).toEqual(['folder-in-use']);
    expect(codes(await project.unpack('poems.yaml', 'elsewhere'))).toEqual(['bad-pack']);
    const unpacked = openProject({ folder: project.root, store: 'there' });
    expect(value(await unpacked.records.list()).map(({ run }) => run)).toEqual([first]);
    expect(value(await unpacked.restore('@latest', { to: 'outputs' })).outputs.size).toBe(2);
    expect(value(await unpacked.gc()).blobs).toEqual([]);
  });
});

describe('upkeep', () => {
  test('gc says what it would remove, and removes it', async () => {
    const project = copy();
    await project.run('poems.yaml', { set: ['lines=1'], only });
    const planned = value(await project.gc({ keepRuns: 1, dryRun: true }));
    expect(planned.removedRuns).toEqual([first]);
    expect(value(await project.records.list())).toHaveLength(2);
    expect(value(await project.gc({ keepRuns: 1 })).removedRuns).toEqual([first]);
    expect(value(await project.records.list())).toHaveLength(1);
  });

  test('gc fails while another uses the store, until that closes it', async () => {
    const project = copy();
    const other = openProject({ folder: project.root });
    value(await other.records.list());
    expect(codes(await project.gc())).toEqual(['store-in-use']);
    other.close();
    expect(codes(await project.gc())).toEqual([]);
  });

  test('verify finds what is damaged; doctor tells of the store', async () => {
    const project = copy();
    expect(value(await project.verify()).damaged).toEqual([]);
    const { outputs } = value(await project.records.find(first)).nodes['score'] ?? {};
    const digest = outputs?.['out']?.digest ?? '';
    lose(join(project.root, 'artifacts'), digest);
    expect(value(await project.verify()).damaged.map(({ id, damage }) => [damage, id])).toEqual([['missing', digest]]);
    expect((await project.doctor()).find(({ name }) => name === 'store')).toMatchObject({ ok: true });
  });
});

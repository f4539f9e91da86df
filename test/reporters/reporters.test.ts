import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { broadcast, type Event, type Happening } from '../../src/model/event.ts';
import type { Reporter } from '../../src/model/reporter.ts';
import type { NodeState, RunNode, RunRecord } from '../../src/model/run.ts';
import { JsonLinesReporter } from '../../src/reporters/jsonl.ts';
import { LinesReporter } from '../../src/reporters/lines.ts';
import { LiveReporter } from '../../src/reporters/live/live.ts';
import { duration, figure } from '../../src/text/figures.ts';

const outcome = (state: NodeState, more: Partial<RunNode> = {}): RunNode => ({
  state,
  stage: 'train',
  cause: 'it was asked for',
  params: {},
  ...more,
});
const problem = { kind: 'stage', code: 'exit-code', message: 'student ended with exit code 3' } as const;
const record = { id: 'run-1', state: 'live', nodes: { data: outcome('reused') } } as unknown as RunRecord;

const planned = (
  node: string,
  action: 'run' | 'reuse' = 'run',
): { node: string; action: 'run' | 'reuse'; cause: string; after: string[] } => ({
  node,
  action,
  cause: 'it has not run before',
  after: [],
});

const happenings: readonly Happening[] = [
  {
    type: 'run-started',
    run: 'run-1',
    pipeline: 'demo',
    nodes: [planned('data', 'reuse'), planned('teacher[fold=0]'), planned('teacher[fold=1]'), planned('student'), planned('card')],
    record,
  },
  { type: 'nodes-reused', nodes: ['data'] },
  { type: 'node-started', node: 'teacher[fold=0]', cause: 'param lr changed: 1 → 2', inputs: {} },
  { type: 'node-log', node: 'teacher[fold=0]', line: 'epoch 1' },
  { type: 'node-progress', node: 'teacher[fold=0]', done: 1, total: 4, note: 'epoch 1 of 4' },
  {
    type: 'node-ended',
    node: 'teacher[fold=0]',
    outcome: outcome('executed', { seconds: 83.4, metrics: { accuracy: { value: 0.76543211, measured: false } } }),
  },
  { type: 'node-ended', node: 'teacher[fold=1]', outcome: outcome('executed', { seconds: 4 }) },
  { type: 'nodes-waiting', count: 2, message: '2 nodes wait for free slots: 1 runs' },
  { type: 'node-waiting', node: 'student', reason: 'devices', message: 'waits for a device: train of the run run-0 has 0', for: [] },
  { type: 'node-started', node: 'student', cause: 'it has not run before', inputs: {} },
  { type: 'notice', level: 'warning', node: 'student', message: 'trying again' },
  { type: 'node-ended', node: 'student', outcome: outcome('failed'), problem },
  { type: 'node-ended', node: 'card', outcome: outcome('skipped', { cause: 'a node before it failed' }) },
  { type: 'run-ended', run: 'run-1', state: 'failed' },
];

/** The events with their times, as everyone who watches is told them. */
const events: Event[] = [];
const emit = broadcast([{ report: (event) => void events.push(event) }]);
for (const happening of happenings) emit(happening);

/** All that a reporter wrote to a stream. */
async function written(make: (out: PassThrough) => Reporter, list: readonly Event[] = events): Promise<string> {
  const out = new PassThrough();
  let text = '';
  out.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const reporter = make(out);
  for (const event of list) reporter.report(event);
  await reporter.close();
  await new Promise(setImmediate);
  return text;
}

describe('lines', () => {
  test('tell what happens, one line each: why a node starts, how it ends', async () => {
    expect(await written((out) => new LinesReporter(out, false))).toBe(`demo: 5 nodes, 4 to run or check (run run-1)
· data  reused
▸ teacher[fold=0]: param lr changed: 1 → 2
✔ teacher[fold=0]  83 s  accuracy 0.76543
✔ teacher[fold=1]  4.0 s
… 2 nodes wait for free slots: 1 runs
… student waits for a device: train of the run run-0 has 0
▸ student: it has not run before
! student: trying again
✖ student  failed: student ended with exit code 3
- card  skipped: a node before it failed
`);
  });

  test('count what is reused of a large pipeline', async () => {
    const names = Array.from({ length: 70 }, (_, index) => `n${index}`);
    const started: Happening = {
      ...(happenings[0] as Happening & { type: 'run-started' }),
      nodes: names.map((name) => planned(name, 'reuse')),
    };
    const list = [started, { type: 'nodes-reused', nodes: names } as const].map((happening) => ({ ...happening, time: '' }));
    const told = await written((out) => new LinesReporter(out, false), list);
    expect(told).toBe('demo: 70 nodes, all to be reused (run run-1)\n· 70 nodes reused\n');
  });

  test('hold what nodes print when asked to', async () => {
    expect(await written((out) => new LinesReporter(out, true))).toContain('  teacher[fold=0] | epoch 1\n');
  });

  test('tell progress now and then, not each step', async () => {
    const out = new PassThrough();
    const reporter = new LinesReporter(out, false);
    for (let step = 0; step <= 100; step += 1) {
      const time = new Date(300 * step).toISOString();
      reporter.report({ type: 'node-progress', node: 'student', done: step, total: 100, time });
    }
    const lines = String(out.read()).trim().split('\n');
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThan(5);
    expect(lines[0]).toMatch(/^student: 3\d %$/);
  });
});

test('the live view leaves signals to the verb that shows it, and ends although a run stops with nodes that never ended', async () => {
  const before = process.listenerCount('SIGINT');
  const live = new LiveReporter(new PassThrough());
  for (const event of events.slice(0, 4)) live.report(event);
  await new Promise(setImmediate);
  expect(process.listenerCount('SIGINT')).toBe(before);
  await live.close();
});

describe('JSON lines', () => {
  test('keep each event with its time, but not what nodes print: that is in their logs', async () => {
    const lines: string[] = [];
    const reporter = new JsonLinesReporter({ write: (line) => void lines.push(line), close: async () => undefined });
    for (const event of events) reporter.report(event);
    await reporter.close();
    const kept = lines.map((line) => JSON.parse(line) as { type: string; time: string });
    expect(kept.map(({ type }) => type)).toEqual(events.map(({ type }) => type).filter((type) => type !== 'node-log'));
    expect(kept.map(({ time }) => time)).toEqual(events.filter(({ type }) => type !== 'node-log').map(({ time }) => time));
    expect(kept[0]).not.toHaveProperty('record');
    const [opening] = events;
    const planned = opening?.type === 'run-started' ? opening.nodes.filter(({ action }) => action !== 'reuse') : [];
    expect(planned.length).toBeGreaterThan(0);
    expect(kept[0]).toMatchObject({ planned });
    expect(kept.at(-1)).toMatchObject({ run: 'run-1', state: 'failed' });
  });
});

test.each([
  [0.04, '0.0 s'],
  [9.94, '9.9 s'],
  [9.97, '10 s'],
  [59.6, '60 s'],
  [119.7, '2 min 0 s'],
  [179.8, '3 min 0 s'],
  [3725, '62 min 5 s'],
])('%d seconds are read as %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test.each([
  [3, '3'],
  [0.123456789, '0.12346'],
  [1234.5678, '1234.6'],
  [0, '0'],
])('%d is shown as %s', (value, text) => {
  expect(figure(value)).toBe(text);
});

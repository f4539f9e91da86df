import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { writingLate } from '../../src/engine/late-opening.ts';
import { Ledger, type Recorded } from '../../src/engine/ledger.ts';
import { RecordFold } from '../../src/model/record-fold.ts';
import type { Event, Happening } from '../../src/model/event.ts';
import { RECORD_FORMAT, type RunNode, type RunRecord } from '../../src/model/run.ts';

const node = (state: RunNode['state'], more: Partial<RunNode> = {}): RunNode => ({
  state,
  stage: 'command',
  cause: 'it has not run before',
  params: { lr: 1 },
  code: 'c0de',
  ...more,
});

const opening: Omit<RunRecord, 'started'> = {
  format: RECORD_FORMAT,
  id: 'run-1',
  state: 'live',
  pipeline: 'demo',
  file: 'demo.yaml',
  params: {},
  set: ['a=1'],
  sources: {},
  nodes: { a: node('waiting'), b: node('waiting') },
  facts: { platform: 'here' },
};

let second = 0;
const at = (happening: Happening): Event => ({ ...happening, time: new Date(1000 * second++).toISOString() });

const started: Recorded = { type: 'run-started', run: 'run-1', pipeline: 'demo', nodes: [], record: opening };
const source = { digest: 'd1', kept: true };
const outcome = node('executed', { fingerprint: 'f1', cause: 'code changed', seconds: 3 });
const happenings: readonly Happening[] = [
  started,
  { type: 'sources-kept', sources: { images: source } },
  { type: 'node-started', node: 'a', cause: 'code changed', inputs: { images: ['d1'] } },
  { type: 'node-progress', node: 'a', done: 1, total: 2 },
  { type: 'node-log', node: 'a', line: 'one' },
  { type: 'notice', level: 'note', message: 'nothing' },
  { type: 'node-ended', node: 'a', outcome },
  { type: 'node-ended', node: 'b', outcome: node('reused') },
  { type: 'run-ended', run: 'run-1', state: 'done', hash: 'h1' },
];

beforeEach(() => {
  second = 0;
});

describe('a record', () => {
  const recordAfter = (count: number): RunRecord | undefined => {
    const fold = new RecordFold();
    for (const happening of happenings.slice(0, count)) fold.add(at(happening));
    return fold.record;
  };

  test('is what the events have told so far', () => {
    expect(recordAfter(0)).toBeUndefined();
    expect(recordAfter(1)).toEqual({ ...opening, started: '1970-01-01T00:00:00.000Z' });
    expect(recordAfter(2)?.sources).toEqual({ images: source });
    const running = recordAfter(6);
    expect(running?.nodes['a']).toEqual(node('running', { cause: 'code changed', inputs: { images: ['d1'] } }));
    expect(running?.nodes['b']).toEqual(node('waiting'));
    expect(running).not.toHaveProperty('ended');
  });

  test('ends with the outcomes of all nodes, in their order, the time of the last event and the hash', () => {
    const record = recordAfter(happenings.length);
    expect(record).toEqual({
      ...opening,
      state: 'done',
      hash: 'h1',
      started: '1970-01-01T00:00:00.000Z',
      ended: '1970-01-01T00:00:08.000Z',
      sources: { images: source },
      nodes: { a: outcome, b: node('reused') },
    });
    expect(Object.keys(record?.nodes ?? {})).toEqual(['a', 'b']);
  });

  test('is another one only after events that count', () => {
    const fold = new RecordFold();
    const changes = happenings.filter((happening) => fold.add(at(happening))).map(({ type }) => type);
    expect(changes).toEqual(['run-started', 'sources-kept', 'node-started', 'node-ended', 'node-ended', 'run-ended']);
  });
});

describe('a ledger', () => {
  function opened(write?: () => void): { readonly ledger: Ledger; readonly written: RunRecord[] } {
    const written: RunRecord[] = [];
    const ledger = new Ledger(
      async (record) => {
        await new Promise(setImmediate);
        write?.();
        written.push(record);
      },
      () => new Date(0),
    );
    return { ledger, written };
  }

  test('writes when a run starts and when it ends, however much happens in between, before that is told', async () => {
    const { ledger, written } = opened();
    const told = await ledger.keep(started);
    expect(told).toEqual({ time: '1970-01-01T00:00:00.000Z', ...started });
    for (const happening of happenings.slice(0, -1)) ledger.report(at(happening));
    expect(written.map(({ state }) => state)).toEqual(['live']);
    ledger.report(await ledger.keep(happenings.at(-1) as Recorded));
    expect(written.map(({ state }) => state)).toEqual(['live', 'done']);
    expect(ledger.record).toEqual(written[1]);
    expect(ledger.record.nodes['a']).toEqual(outcome);
  });

  test('fails where the record of a run that came out cannot be written', async () => {
    let isFull = false;
    const { ledger, written } = opened(() => {
      if (isFull) throw Object.assign(new Error('the disk is full'), { code: 'ENOSPC' });
    });
    await ledger.keep(started);
    isFull = true;
    await expect(ledger.keep({ type: 'run-ended', run: 'run-1', state: 'failed' })).resolves.toMatchObject({ state: 'failed' });
    await expect(ledger.keep({ type: 'run-ended', run: 'run-1', state: 'done' })).rejects.toThrow('the disk is full');
    expect(written).toHaveLength(1);
  });
});

describe('records of runs that are most often over within a moment', () => {
  const live: RunRecord = { ...opening, started: '1970-01-01T00:00:00.000Z' };
  const written: string[] = [];
  const write = writingLate(async ({ state }) => {
    written.push(`${state} begun`);
    await Promise.resolve();
    written.push(state);
  });

  beforeEach(() => {
    written.length = 0;
    vi.useFakeTimers();
  });
  afterEach(() => vi.useRealTimers());

  test('are written once', async () => {
    await write(live);
    await write({ ...live, state: 'done' });
    await vi.runAllTimersAsync();
    expect(written).toEqual(['done begun', 'done']);
  });

  test('are written as they began where they go on, and never after their end', async () => {
    await write(live);
    vi.runAllTimers();
    const end = write({ ...live, state: 'failed' });
    await end;
    expect(written).toEqual(['live begun', 'live', 'failed begun', 'failed']);
  });

  test('may be refused of a run that goes on, but not at its end', async () => {
    const full = writingLate(() => Promise.reject(Object.assign(new Error('the disk is full'), { code: 'ENOSPC' })));
    await full(live);
    await vi.runAllTimersAsync();
    await expect(full({ ...live, state: 'done' })).rejects.toThrow('the disk is full');
  });
});

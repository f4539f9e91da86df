import { beforeEach, describe, expect, test } from 'vitest';
import { Ledger } from '../../src/engine/ledger.ts';
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

const started: Happening = { type: 'run-started', run: 'run-1', pipeline: 'demo', nodes: [], record: opening };
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
    const ledger = new Ledger((record) => {
      write?.();
      written.push(record);
    });
    return { ledger, written };
  }

  test('writes when a run starts and when it ends, however much happens in between', () => {
    const { ledger, written } = opened();
    for (const happening of happenings.slice(0, -1)) ledger.report(at(happening));
    expect(written.map(({ state }) => state)).toEqual(['live']);
    ledger.report(at(happenings.at(-1) as Happening));
    expect(written.map(({ state }) => state)).toEqual(['live', 'done']);
    expect(ledger.record).toEqual(written[1]);
  });

  test('fails where the record of a run that came out cannot be written', () => {
    let isFull = false;
    const { ledger, written } = opened(() => {
      if (isFull) throw Object.assign(new Error('the disk is full'), { code: 'ENOSPC' });
    });
    ledger.report(at(started));
    isFull = true;
    expect(() => ledger.report(at({ type: 'run-ended', run: 'run-1', state: 'failed' }))).not.toThrow();
    expect(() => ledger.report(at({ type: 'run-ended', run: 'run-1', state: 'done' }))).toThrow('the disk is full');
    expect(written).toHaveLength(1);
  });
});

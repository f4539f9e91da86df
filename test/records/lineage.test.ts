import { expect, test } from 'vitest';
import { costOf } from '../../src/records/cost.ts';
import { lineageOf, originsOf } from '../../src/records/lineage.ts';
import { recordOf } from './memory.ts';

const record = recordOf('1', {
  sources: { text: { digest: 'a'.repeat(64), kept: true } },
  nodes: {
    read: { outputs: { out: 'b'.repeat(64) }, from: { text: 'text' }, seconds: 2 },
    left: { outputs: { out: 'c'.repeat(64) }, from: { in: 'read.out' }, state: 'reused', seconds: 5 },
    right: { outputs: { out: 'c'.repeat(64) }, from: { in: 'read.out' }, seconds: 3 },
    join: { outputs: { out: 'd'.repeat(64) }, from: { a: 'left.out', b: 'right.out' } },
  },
});

test('a node comes from its inputs and what they come from, each told once', () => {
  const read = { port: 'in', origin: 'read.out', digest: 'b'.repeat(64), stage: 'read' };
  const text = { port: 'text', origin: 'source text', digest: 'a'.repeat(64), stage: null, from: [] };
  expect(lineageOf(record, 'join')).toEqual([
    { port: 'a', origin: 'left.out', digest: 'c'.repeat(64), stage: 'left', from: [{ ...read, from: [text] }] },
    { port: 'b', origin: 'right.out', digest: 'c'.repeat(64), stage: 'right', from: [{ ...read, from: undefined }] },
  ]);
  expect(originsOf(record, 'read')).toEqual([{ port: 'text', origin: 'source text', digest: 'a'.repeat(64) }]);
  expect(lineageOf(record, 'nobody')).toEqual([]);
});

test('a run costs what it executed; reuse is told apart, and equal outputs count once', () => {
  expect(costOf(record)).toEqual({ executedSeconds: 6, sparedSeconds: 5, bytes: 30 });
});

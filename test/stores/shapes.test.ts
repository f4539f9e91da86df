import { describe, expect, test } from 'vitest';
import { sha256 } from '../../src/model/canonical.ts';
import { RECORD_FORMAT } from '../../src/model/run.ts';
import { isRunRecord, isStoredResult } from '../../src/stores/local/shapes.ts';

const artifact = { kind: 'file', digest: sha256('a'), size: 1, suffix: '.txt' };
const attempt = { outputs: { model: artifact }, metrics: {}, run: 'run-1', node: 'train' };
const result = { fingerprint: sha256('work'), ingredients: {}, attempts: [attempt] };
const withAttempt = (more: object): object => ({ ...result, attempts: [attempt, { ...attempt, ...more }] });
const withArtifact = (more: object): object => withAttempt({ outputs: { model: artifact, more: { ...artifact, ...more } } });

describe('a result', () => {
  test.each<[string, unknown]>([
    ['a file', result],
    ['a folder', withArtifact({ kind: 'dir' })],
    ['no outputs', withAttempt({ outputs: {} })],
    ['what a later version added', { ...result, more: 1 }],
  ])('with %s is one', (_, value) => expect(isStoredResult(value)).toBe(true));

  test.each<[string, unknown]>([
    ['null', null],
    ['a text', 'a'],
    ['a list', [result]],
    ['another fingerprint', { ...result, fingerprint: 'a' }],
    ['no ingredients', { ...result, ingredients: undefined }],
    ['no list of attempts', { ...result, attempts: { length: 1, every: 1 } }],
    ['no attempt', { ...result, attempts: [] }],
    ['an attempt that is none', { ...result, attempts: [attempt, 1] }],
    ['outputs that are none', withAttempt({ outputs: 1 })],
    ['an output that is none', withAttempt({ outputs: { model: artifact, more: 1 } })],
    ['no metrics', withAttempt({ metrics: undefined })],
    ['no run', withAttempt({ run: undefined })],
    ['no node', withAttempt({ node: 1 })],
    ['another kind of output', withArtifact({ kind: 'link' })],
    ['another digest', withArtifact({ digest: 'a' })],
    ['another size', withArtifact({ size: '1' })],
    ['no suffix', withArtifact({ suffix: undefined })],
  ])('with or as %s is none', (_, value) => expect(isStoredResult(value)).toBe(false));
});

describe('the record of a run', () => {
  const node = { state: 'executed', outputs: { model: artifact } };
  const shared = { format: RECORD_FORMAT, id: 'run-1', state: 'done', started: '2026-01-01T00:00:00Z' };
  const record = { ...shared, nodes: { train: node, next: { state: 'failed' } }, sources: { images: {} } };

  test.each<[string, unknown]>([
    ['nodes and sources', record],
    ['neither', { ...record, nodes: {}, sources: {} }],
    ['a former format', { ...record, format: 1 }],
    ['a newer format, whatever else it holds', { format: RECORD_FORMAT + 1, id: 'run-1' }],
  ])('with %s is one', (_, value) => expect(isRunRecord(value)).toBe(true));

  test.each<[string, unknown]>([
    ['null', null],
    ['no id', { ...record, id: undefined }],
    ['a newer format and no id', { format: RECORD_FORMAT + 1 }],
    ['no format', { ...record, format: undefined }],
    ['a format that is a text', { ...record, format: String(RECORD_FORMAT + 1) }],
    ['no more than its format', { format: RECORD_FORMAT, id: 'run-1' }],
    ['no state', { ...record, state: undefined }],
    ['no beginning', { ...record, started: 1 }],
    ['no sources', { ...record, sources: undefined }],
    ['a source that is none', { ...record, sources: { images: {}, labels: 1 } }],
    ['no nodes', { ...record, nodes: 1 }],
    ['a node that is none', { ...record, nodes: { train: node, next: null } }],
    ['an output that is none', { ...record, nodes: { train: node, next: { outputs: { model: 1 } } } }],
  ])('with or as %s is none', (_, value) => expect(isRunRecord(value)).toBe(false));
});

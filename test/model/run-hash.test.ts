import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunNode, RunRecord } from '../../src/model/run.ts';
import { runHash } from '../../src/model/run-hash.ts';
import { checkout } from '../rig.ts';

const artifact = { kind: 'file', digest: 'a'.repeat(64), size: 1, suffix: '.txt', measured: false } as const;
const node: RunNode = {
  state: 'executed',
  cause: 'it has not run before',
  stage: 'command',
  code: 'c'.repeat(64),
  params: { cfg: { a: 1, b: 2 }, size: 1 },
  inputs: { text: ['d'.repeat(64)], many: [{ key: { fold: 0 }, content: 'e'.repeat(64) }] },
  outputs: { out: artifact },
};
const hashOf = (change: Partial<RunNode>, format?: number): string => runHash({ node: { ...node, ...change } }, format);

describe('the hash of a run', () => {
  test.each<[string, Partial<RunNode>]>([
    ['a param', { params: { ...node.params, size: 2 } }],
    ['the order of keys in a param', { params: { ...node.params, cfg: { b: 2, a: 1 } } }],
    ['an input', { inputs: { ...node.inputs, text: ['f'.repeat(64)] } }],
    ['the executable bit of an input', { inputs: { ...node.inputs, text: [{ executable: true, content: 'd'.repeat(64) }] } }],
    ['what came out', { outputs: { out: { ...artifact, digest: 'b'.repeat(64) } } }],
    ['the executable bit of what came out', { outputs: { out: { ...artifact, executable: true } } }],
    ['the code', { code: 'b'.repeat(64) }],
  ])('counts %s', (_, change) => {
    expect(hashOf(change)).not.toBe(hashOf({}));
  });

  test.each<[string, Partial<RunNode>]>([
    ['the order of params', { params: { size: 1, cfg: { a: 1, b: 2 } } }],
    ['what was measured', { outputs: { out: artifact, speed: { ...artifact, measured: true } } }],
    ['why and how it ended', { cause: 'forced', state: 'reused', seconds: 3 }],
  ])('does not count %s', (_, change) => {
    expect(hashOf(change)).toBe(runHash({ node: { ...node, ...change, outputs: { out: artifact } } }));
    expect(hashOf(change)).toBe(hashOf({}));
  });

  test('is taken under the format of its record', () => {
    const runs = join(checkout, 'test/fixtures/former-store/store/runs');
    const [file = ''] = readdirSync(runs);
    const { hash, nodes } = JSON.parse(readFileSync(join(runs, file), 'utf8')) as RunRecord;
    expect(runHash(nodes, 1)).toBe(hash);
    expect(runHash(nodes)).not.toBe(hash);
    expect(hashOf({ inputs: { ...node.inputs, text: [{ executable: true, content: 'd'.repeat(64) }] } }, 1)).toBe(hashOf({}, 1));
    expect(hashOf({ params: { ...node.params, cfg: { b: 2, a: 1 } } }, 1)).toBe(hashOf({}, 1));
  });
});

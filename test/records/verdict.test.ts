import { expect, test } from 'vitest';
import type { Manifest } from '../../src/model/artifact.ts';
import { compareRuns } from '../../src/records/verdict.ts';
import { type NodeGiven, recordOf } from './memory.ts';

const [A, B] = ['a'.repeat(64), 'b'.repeat(64)];
const file = (path: string, digest: string, executable = false) => ({ path, digest, size: 1, executable });
const manifests: Readonly<Record<string, Manifest>> = {
  [A]: { files: [file('one', '1'), file('two', '2')], emptyFolders: [] },
  [B]: { files: [file('one', '1'), file('two', '3')], emptyFolders: [] },
};

function judged(before: Readonly<Record<string, NodeGiven>>, after: Readonly<Record<string, NodeGiven>>) {
  const verdicts = compareRuns(
    recordOf('1', { nodes: before }),
    recordOf('2', { nodes: after }),
    Object.keys(before),
    (digest) => manifests[digest],
  );
  return { ...verdicts, told: verdicts.artifacts.map(({ node, verdict }) => `${node}: ${verdict}`) };
}

test('equal bytes are identical, others are different, and what did not come out is missing', () => {
  const nodes = { one: { outputs: { out: A } }, two: { outputs: { out: A } }, three: { outputs: { out: A } } };
  const { verdict, told } = judged(nodes, { one: { outputs: { out: A } }, two: { outputs: { out: B } }, three: { state: 'failed' } });
  expect(told).toEqual(['one: identical', 'two: different', 'three: missing']);
  expect(verdict).toBe('different');
});

test('other bytes are within tolerance where every metric stays within its own', () => {
  const node = (accuracy: number, out: string): NodeGiven => ({ metrics: { accuracy }, tolerances: { accuracy: 0.01 }, outputs: { out } });
  const within = judged({ train: node(0.5, A) }, { train: node(0.51, B) });
  expect([within.verdict, within.artifacts[0]?.largest?.metric]).toEqual(['within-tolerance', 'accuracy']);
  expect(judged({ train: node(0.5, A) }, { train: node(0.511, B) }).verdict).toBe('different');
});

test('a metric without tolerance must be equal, but a measurement is never judged', () => {
  const node = (loss: number, speed: number, out: string): NodeGiven => ({
    metrics: { accuracy: 1, loss, speed },
    tolerances: { accuracy: 0.01 },
    measured: ['speed'],
    outputs: { out },
  });
  const slower = judged({ train: node(1, 10, A) }, { train: node(1, 20, B) });
  expect(slower.verdict).toBe('within-tolerance');
  expect(slower.measured).toMatchObject([{ metric: 'speed', recorded: 10, reproduced: 20 }]);
  expect(judged({ train: node(1, 10, A) }, { train: node(2, 10, B) }).verdict).toBe('different');
});

test('a folder that differs names its first file that does, and its node the inputs that did already', () => {
  const nodes = (digest: string): Record<string, NodeGiven> => ({
    first: { kind: 'dir', outputs: { out: digest } },
    second: { kind: 'dir', outputs: { out: digest }, from: { in: 'first.out' } },
  });
  const { artifacts } = judged(nodes(A), nodes(B));
  expect(artifacts.map(({ file: name, inputs }) => [name, inputs])).toEqual([
    ['two', []],
    ['two', ['first.out']],
  ]);
});

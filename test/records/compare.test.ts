import { describe, expect, test } from 'vitest';
import { rowOf } from '../../src/model/run-row.ts';
import { type CodeStore, compareRecords } from '../../src/records/compare.ts';
import { seedNoise } from '../../src/records/noise.ts';
import { type RecordGiven, recordOf } from './memory.ts';

const bundles: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  old: { 'run.ts': 'same', 'loss.ts': 'old' },
  new: { 'run.ts': 'same', 'loss.ts': 'new', 'more.ts': 'added' },
};

/** Bundles whose sources are not in a map: told by their digests. */
const store: CodeStore = {
  bundles: { read: (digest: string) => ({ digest, map: digest, files: bundles[digest] ?? {} }) },
  artifacts: { read: () => Buffer.from('{}'), manifest: () => undefined },
  sources: { manifest: () => undefined, readFile: () => undefined },
};

const compared = (before: RecordGiven, after: RecordGiven) => compareRecords(recordOf('1', before), recordOf('2', after), store);

describe('two runs', () => {
  test('of the same share everything', () => {
    const same: RecordGiven = { nodes: { train: { params: { rate: 1 }, metrics: { loss: 1 } } } };
    expect(compared(same, same)).toEqual({ changes: [], code: [], outputs: [], metrics: [] });
  });

  test('differ in params, wiring, outputs, nodes and facts, each told with both values', () => {
    const { changes } = compared(
      {
        params: { size: 1 },
        facts: { machine: { cpu: 'A' } },
        nodes: { train: { params: { rate: 1 }, from: { in: 'text' }, outputs: { model: 'a'.repeat(64) } }, old: {} },
      },
      {
        params: { size: 2 },
        facts: { machine: { cpu: 'B' } },
        nodes: { train: { params: { rate: 1, epochs: 3 }, from: { in: 'other' }, outputs: { model: 'b'.repeat(64) } } },
      },
    );
    expect(changes.map(({ node, kind, name, from, to }) => [node, kind, name, from, to])).toEqual([
      ['', 'param', 'size', '1', '2'],
      ['train', 'param', 'epochs', null, '3'],
      ['train', 'wiring', 'in', '$sources.text', '$sources.other'],
      ['train', 'output', 'model', 'file aaaaaaaaaaaa', 'file bbbbbbbbbbbb'],
      ['old', 'node', 'old', 'old', null],
      ['', 'fact', 'machine cpu', 'A', 'B'],
    ]);
  });

  test('of two formats are compared by the same names of facts', () => {
    const former: RecordGiven = { facts: { platform: 'here', tensorflow: { version: '2.20', device: 'cpu' } } };
    const now: RecordGiven = { facts: { platform: 'here', engines: { tensorflow: { version: '2.21', device: 'cpu' } } } };
    const change = { node: '', kind: 'fact', name: 'engine tensorflow version', from: '2.20', to: '2.21' };
    expect(compared(former, now).changes).toEqual([change]);
  });

  test('differ in the environment of a command: its Python and its packages, each with both versions', () => {
    const held = (python: string, packages: Readonly<Record<string, string>>) => {
      const record = recordOf('1', { nodes: { fit: { command: 'python fit.py' } } });
      const { fit } = record.nodes;
      if (fit?.recipe?.work.kind !== 'command') throw new Error('no command');
      const work = { ...fit.recipe.work, environment: { venv: '.venv' }, environmentHeld: { python, packages } };
      return { ...record, nodes: { fit: { ...fit, recipe: { ...fit.recipe, work } } } };
    };
    const before = held('3.11.2', { numpy: '2.0 aaaaaaaaaaaaaaaa', old: '1 b' });
    const after = held('3.12.1', { numpy: '2.1 cccccccccccccccc', old: '1 b' });
    expect(compareRecords(before, after, store).changes.map(({ kind, name, from, to }) => [kind, name, from, to])).toEqual([
      ['setting', 'python', '3.11.2', '3.12.1'],
      ['setting', 'package numpy', '2.0 (aaaaaaaaaaaa)', '2.1 (cccccccccccc)'],
    ]);
  });

  test('differ in code: of stages by the files of their bundles, of commands by their text; equal changes are told once', () => {
    const { code } = compared(
      { nodes: { a: { code: 'old' }, b: { code: 'old' }, c: { command: 'cat a' } } },
      { nodes: { a: { code: 'new' }, b: { code: 'new' }, c: { command: 'cat b' } } },
    );
    expect(code.map(({ nodes, name, before, after }) => [nodes, name, before, after])).toEqual([
      [['a', 'b'], 'loss.ts', '(old)', '(new)'],
      [['a', 'b'], 'more.ts', '', '(added)'],
      [['c'], 'run', 'cat a', 'cat b'],
    ]);
  });

  test('metrics say whether they got better, where they have a direction', () => {
    const nodes = (loss: number, accuracy: number, size: number): RecordGiven => ({
      nodes: { n: { metrics: { loss, accuracy, size }, goals: { loss: 'minimize', accuracy: 'maximize' } } },
    });
    expect(compared(nodes(1, 1, 1), nodes(2, 2, 2)).metrics.map(({ metric, better }) => [metric, better])).toEqual([
      ['loss', false],
      ['accuracy', true],
      ['size', null],
    ]);
    expect(compared({ nodes: { n: {} } }, nodes(2, 2, 2)).metrics[0]).toMatchObject({ from: null, to: 2, better: null });
  });
});

test('noise is how far a metric moves with the seed alone, around runs that are like those compared', () => {
  const rows = [
    [1, 0, 10],
    [2, 0, 20],
    [3, 0, 30],
    [1, 5, 90],
    [2, 9, 70],
  ].map(([seed = 0, shift = 0, value = 0], index) =>
    rowOf(recordOf(String(index), { params: { seed, shift }, nodes: { score: { metrics: { value } } } })),
  );
  expect(seedNoise(rows, ['0', '3'])).toEqual(new Map([['score.value', { deviation: 10, runs: 3 }]]));
  expect(seedNoise(rows, ['4'])).toEqual(new Map());
});

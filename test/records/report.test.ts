import { expect, test } from 'vitest';
import type { RunRecord } from '../../src/model/run.ts';
import type { Artifacts, Results, Runs } from '../../src/model/store.ts';
import { ReportDesk, type ReportStore } from '../../src/records/report/data.ts';
import { type NodeGiven, recordOf, storeOf } from './memory.ts';

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const classes = ['cat', 'dog'];
const confusion = (right: number): Uint8Array =>
  bytes({
    format: 1,
    classes,
    confusion: [
      [right, 0],
      [1, 1],
    ],
  });

/** A table of predictions for three images. */
function predictions(answers: readonly number[]): Readonly<Record<string, Uint8Array>> {
  const values = Float32Array.from(answers.flatMap((share) => [share, 1 - share]));
  return { 'predictions.json': bytes({ format: 1, count: 3, classes }), 'predictions.bin': new Uint8Array(values.buffer) };
}

const info = { format: 1, count: 3, height: 1, width: 1, channels: 1, classes, mean: [0], std: [1] };
const dataset = (name: string): Readonly<Record<string, Uint8Array>> => ({
  'dataset.json': bytes(info),
  'images.bin': Uint8Array.of(0, 100, 200),
  'labels.bin': new Uint8Array(Uint16Array.of(0, 1, 1).buffer),
  'names.txt': new TextEncoder().encode([1, 2, 3].map((image) => `${name} ${image}\n`).join('')),
});

/** What lies in the store, by digest: folders by path. */
const folders: Readonly<Record<string, Readonly<Record<string, Uint8Array>>>> = {
  train: dataset('training image'),
  test: dataset('test image'),
  teacher_model: { 'model.json': bytes({}) },
  student_model: { 'model.json': bytes({}) },
  exported: { 'exported.json': bytes({}) },
  taught: { 'classes.csv': bytes(''), 'confusion.json': confusion(5) },
  out_of_fold: predictions([0.9, 0.9, 0.1]),
  studied: { 'confusion.json': confusion(6) },
  answered: predictions([0.1, 0.2, 0.3]),
  tables: { 'confusion.json': confusion(9) },
};

function contentOf(digest: string): Uint8Array | undefined {
  const [folder = '', path = ''] = digest.split('/');
  return folders[folder]?.[path];
}

const artifacts = {
  read: contentOf,
  readRange: (digest: string, offset: number, length: number) => contentOf(digest)?.subarray(offset, offset + length),
  manifest: (digest: string) => ({
    files: Object.entries(folders[digest] ?? {}).map(([path, { length }]) => ({ path, digest: `${digest}/${path}`, size: length })),
  }),
} as unknown as Artifacts;

const nodes: Readonly<Record<string, NodeGiven>> = {
  data: { kind: 'dir', outputs: { train: 'train', test: 'test' } },
  'teacher[fold=0]': { kind: 'dir', outputs: { model: 'teacher_model', report: 'taught' }, from: { data: 'data.train' } },
  oof: { kind: 'dir', outputs: { predictions: 'out_of_fold' }, from: { data: 'data.train', model: 'teacher[fold=0].model' } },
  labels: { from: { predictions: 'oof.predictions' } },
  student: { kind: 'dir', outputs: { model: 'student_model', report: 'studied' }, from: { data: 'data.train', labels: 'labels.labels' } },
  export: { kind: 'dir', outputs: { model: 'exported' }, from: { model: 'student.model' } },
  benchmark: { kind: 'dir', outputs: { tables: 'tables', predictions: 'answered' }, from: { data: 'data.test', model: 'export.model' } },
};

function reported(names: readonly string[]) {
  const record: RunRecord = recordOf('1', { nodes: Object.fromEntries(names.map((name) => [name, nodes[name] ?? {}])) });
  const { runs, tags } = storeOf([record]);
  const store = { artifacts, results: { read: () => undefined } as unknown as Results, runs: { ...runs, events: () => [] } as Runs, tags };
  const { confusions, samples } = new ReportDesk(store satisfies ReportStore).report(record);
  const told = (all: readonly { readonly from: string; readonly earlier?: true }[], isEarlier: boolean): string[] =>
    all.filter(({ earlier }) => (earlier === true) === isEarlier).map(({ from }) => from);
  return {
    confusions,
    samples,
    final: [...told(confusions, false), ...told(samples, false)],
    earlier: told([...confusions, ...samples], true),
  };
}

test('the confusion and predictions of a run are those of its final model; those of models it was made from are marked', () => {
  const { confusions, samples, final, earlier } = reported(Object.keys(nodes));
  expect(final).toEqual(['benchmark.tables', 'benchmark.predictions']);
  expect(earlier).toEqual(['teacher[fold=0].report', 'student.report', 'oof.predictions']);
  expect(confusions.find(({ from }) => from === 'benchmark.tables')?.counts).toEqual([
    [9, 0],
    [1, 1],
  ]);
  const shown = samples.find(({ from }) => from === 'benchmark.predictions')?.items;
  expect(shown?.map(({ name, truth, predicted }) => [name, truth, predicted])).toEqual([
    ['test image 1', 'cat', 'dog'],
    ['test image 2', 'dog', 'dog'],
    ['test image 3', 'dog', 'dog'],
  ]);
});

test('where a run ends at the student, its own are final; where it ends at the teachers, all that is theirs', () => {
  expect(reported(['data', 'teacher[fold=0]', 'oof', 'labels', 'student'])).toMatchObject({
    final: ['student.report'],
    earlier: ['teacher[fold=0].report', 'oof.predictions'],
  });
  expect(reported(['data', 'teacher[fold=0]', 'oof'])).toMatchObject({
    final: ['teacher[fold=0].report', 'oof.predictions'],
    earlier: [],
  });
});

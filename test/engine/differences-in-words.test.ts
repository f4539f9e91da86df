import { describe, expect, test } from 'vitest';
import { differences, sentence } from '../../src/engine/differences.ts';
import type { Ingredients } from '../../src/model/result.ts';
import type { BundleRecord } from '../../src/model/store.ts';
import { MemoryProject } from './memory-store.ts';

const digest = (letter: string): string => letter.repeat(64);
const short = (letter: string): string => letter.repeat(12);
const element = (fold: number, content: string) => ({ key: { fold }, content, suffix: '' });

const stage: Ingredients = {
  format: 2,
  stageApi: 1,
  work: { kind: 'stage', code: digest('a'), packages: { sharp: { version: '1.0', integrity: 'i' } } },
  params: { lr: 1, about: 'text' },
  inputs: {
    data: { many: false, elements: [{ key: {}, content: digest('1'), suffix: '' }] },
    folds: { many: true, elements: [element(0, digest('2')), element(1, digest('3'))] },
  },
  outputs: { model: 'dir' },
  env: { GREETING: 'hello' },
  cpu: 2,
  platform: 'linux-x64-node20',
  engines: { tensorflow: { version: '2.20', device: 'cpu', environment: { THREADS: '2' } } },
  machine: null,
};

const command: Ingredients = {
  ...stage,
  work: { kind: 'command', run: 'make', tools: { make: digest('b') }, at: { data: 'data.txt' }, metrics: null },
};

/** What changed, each as `what: from → to`. */
function changes(from: Ingredients, to: Partial<Ingredients>, unknown: readonly string[] = [], project = new MemoryProject()): string[] {
  return differences(from, { ...from, ...to }, unknown, project.store).map((found) => `${found.what}: ${found.from} → ${found.to}`);
}

const input = (...elements: readonly ReturnType<typeof element>[]): Ingredients['inputs'] => ({
  ...stage.inputs,
  folds: { many: true, elements },
});

describe('what differs', () => {
  test('is nothing between equal ingredients', () => {
    expect(changes(stage, structuredClone(stage))).toEqual([]);
  });

  test.each<[string, Ingredients, Partial<Ingredients>, string]>([
    ['a param', stage, { params: { ...stage.params, lr: 0.5 } }, 'param lr: 1 → 0.5'],
    ['a param that is gone', stage, { params: { lr: 1 } }, 'param about: text → none'],
    [
      'an input',
      stage,
      { inputs: { ...stage.inputs, data: { many: false, elements: [{ key: {}, content: digest('9'), suffix: '' }] } } },
      `input data: ${short('1')} → ${short('9')}`,
    ],
    [
      'an element of many',
      stage,
      { inputs: input(element(0, digest('2')), element(1, digest('9'))) },
      `input folds {"fold":1}: ${short('3')} → ${short('9')}`,
    ],
    [
      'the order of elements',
      stage,
      { inputs: input(element(1, digest('3')), element(0, digest('2'))) },
      `order of input folds: ${short('2')}, ${short('3')} → ${short('3')}, ${short('2')}`,
    ],
    ['a variable', stage, { env: { GREETING: 'hi' } }, 'environment variable GREETING: hello → hi'],
    ['an output', stage, { outputs: { model: 'file.bin' } }, 'output model: dir → file.bin'],
    [
      'an engine',
      stage,
      { engines: { tensorflow: { version: '2.21', device: 'cpu', environment: { THREADS: '2' } } } },
      'engine tensorflow version: 2.20 → 2.21',
    ],
    [
      "an engine's variables",
      stage,
      { engines: { tensorflow: { version: '2.20', device: 'cpu', environment: { THREADS: '4' } } } },
      'engine tensorflow THREADS: 2 → 4',
    ],
    ['threads', stage, { cpu: 3 }, 'cpu: 2 → 3'],
    ['the platform', stage, { platform: 'linux-x64-node22' }, 'platform: linux-x64-node20 → linux-x64-node22'],
    [
      'a package',
      stage,
      { work: { kind: 'stage', code: digest('a'), packages: {} } },
      'package sharp: {"integrity":"i","version":"1.0"} → none',
    ],
    ['a command', command, { work: { ...command.work, run: 'make all' } as Ingredients['work'] }, 'command: make → make all'],
    [
      'a tool',
      command,
      { work: { ...command.work, tools: { make: digest('c') } } as Ingredients['work'] },
      `tool make: ${short('b')} → ${short('c')}`,
    ],
    ['where an input stands', command, { work: { ...command.work, at: {} } as Ingredients['work'] }, 'place of data: data.txt → none'],
    ['how Stillroom runs stages', stage, { stageApi: 2 }, "Stillroom's way to run stages: 1 → 2"],
  ])('is named: %s', (_, from, to, expected) => {
    expect(changes(from, to)).toEqual([expected]);
  });

  test('leaves out inputs that are not known yet', () => {
    expect(changes(stage, { inputs: {} }, ['data', 'folds'])).toEqual([]);
    expect(changes(stage, { inputs: {} }, ['folds'])).toEqual(['input data: connected → none']);
  });

  test('of code is named by its source files, and packages by their names', () => {
    const project = new MemoryProject();
    const files = (own: string, other: string): BundleRecord => ({
      digest: '',
      map: '',
      files: { 'stages/train/run.ts': own, 'node_modules/@scope/tool/index.js': other, 'same.ts': 's' },
    });
    project.bundles.set(digest('a'), files('1', '1'));
    project.bundles.set(digest('d'), files('2', '2'));
    const work = { ...stage.work, code: digest('d') } as Ingredients['work'];
    expect(changes(stage, { work }, [], project)).toEqual([`code in stages/train/run.ts, @scope/tool: ${short('a')} → ${short('d')}`]);
    expect(changes(stage, { work })).toEqual([`code: ${short('a')} → ${short('d')}`]);
  });
});

describe('the sentence', () => {
  const found = (what: string) => ({ what, from: '1', to: '2' });

  test.each([
    [[], 'nothing that counts has changed'],
    [['param lr'], 'param lr changed: 1 → 2'],
    [['code in run.ts', 'param lr'], 'code in run.ts changed; param lr changed: 1 → 2'],
    [['param a', 'param b', 'param c', 'param d'], 'param a changed: 1 → 2; param b changed: 1 → 2; 2 more'],
  ])('of %j', (names, expected) => {
    expect(sentence(names.map(found))).toBe(expected);
  });
});

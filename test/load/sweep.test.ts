import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadPipeline } from '../../src/load/pipeline/pipeline.ts';
import { readDimension, repeatValues, type SweepContext } from '../../src/load/sweep/space.ts';
import { type LoadedSweep, loadSweep } from '../../src/load/sweep/sweep.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Problem } from '../../src/model/problem.ts';
import { strategies } from '../../src/sweep/strategies.ts';
import { write } from '../rig.ts';
import { sweepProject } from '../sweep/project.ts';

const shownFile = 'pipelines/learn.yaml';
let folder: string;
let text: string;

beforeAll(() => {
  folder = sweepProject();
  text = readFileSync(join(folder, shownFile), 'utf8');
});

interface Reading {
  /** Stands in place of the file's own sweep. */
  readonly section?: string;
  readonly options?: JsonObject;
  readonly names?: Readonly<Record<string, string>>;
  readonly set?: readonly string[];
  /** Stands in place of the file's params. */
  readonly params?: string;
}

/** Reads a sweep over the project's pipeline: what it is asked, or the first problem. */
async function read({ section, options = {}, names = {}, set = [], params }: Reading): Promise<LoadedSweep | Problem> {
  const own = text.slice(text.indexOf('sweep:'));
  const before = params === undefined ? text : text.replace(/^params: .*$/m, params);
  write(folder, { [shownFile]: section === undefined ? before : before.replace(own, `sweep:\n${section}\n`) });
  const file = join(folder, shownFile);
  const cache = join(folder, 'artifacts/index');
  const pipeline = await loadPipeline({ file, shownFile, root: folder, cache, set });
  if (!pipeline.ok) return pipeline.problems[0] as Problem;
  const loaded = await loadSweep({ pipeline: pipeline.value, shownFile, options, optionNames: names, set, strategies, cache });
  return loaded.ok ? loaded.value : (loaded.problems[0] as Problem);
}

test('a sweep is read from the file, and options stand in place of its keys', async () => {
  expect(await read({})).toMatchObject({
    spec: { strategy: 'grid', objectives: [{ metric: 'student.score', goal: 'maximize' }], seed: 0 },
    base: { 'student.lr': 0.3, 'student.optimizer': 'adam' },
  });
  const options = { over: { 'student.lr': 'log:1e-3..0.1' }, strategy: 'random', trials: 3, time: '2m' };
  expect(await read({ options })).toMatchObject({
    spec: {
      space: [{ name: 'student.lr', domain: { kind: 'float', from: 1e-3, to: 0.1, log: true } }],
      strategy: 'random',
      trials: 3,
      seconds: 120,
    },
  });
});

test('values are split at their own commas, and those of a text are texts', () => {
  const params = { title: 'A title', opt: { name: 'adam', lr: 0.1 }, size: 2 };
  const pipeline = { params, instances: [], sources: {} } as unknown as SweepContext['pipeline'];
  const [locate, checked] = [undefined, undefined] as unknown as [SweepContext['locate'], SweepContext['checked']];
  const context: SweepContext = { pipeline, stages: {}, sources: {}, nodes: new Map(), locate, checked, problems: [] };
  const values = (name: string, written: string): unknown => readDimension(name, written, '', context)?.domain;
  expect(values('title', '007, 1e5,{a},"x, y"')).toEqual({ kind: 'choice', values: ['007', '1e5', '{a}', 'x, y'] });
  expect(values('opt.name', '1,true')).toEqual({ kind: 'choice', values: ['1', 'true'] });
  expect(values('opt.lr', '1,auto')).toEqual({ kind: 'choice', values: [1, 'auto'] });
  expect(values('size', '[1, {a: {b: 1}}],{c: 2}')).toEqual({ kind: 'choice', values: [[1, { a: { b: 1 } }], { c: 2 }] });
  expect(repeatValues('title', '1,2', context)).toEqual(['1', '2']);
  expect(context.problems).toEqual([]);
});

test('a text that lists more values than anyone writes is refused before they are read', () => {
  const asked: string[] = [];
  const locate = { problem: (code: string, message: string, pointer: string) => asked.push(`${code} ${message} ${pointer}`) };
  const pipeline = { params: { size: 1 }, instances: [], sources: {} };
  const context = { pipeline, stages: {}, sources: {}, nodes: new Map(), locate, problems: [] } as unknown as SweepContext;
  expect(readDimension('size', '1,'.repeat(499) + 1, '/sweep/over/size', context)?.domain).toMatchObject({ kind: 'choice' });
  expect(asked).toEqual([]);
  readDimension('size', '1,'.repeat(50_000) + 1, '/sweep/over/size', context);
  repeatValues('size', '1,'.repeat(500) + 1, context);
  expect(asked).toEqual([
    'too-many this text lists 50,001 values /sweep/over/size',
    'too-many this text lists 501 values /sweep/repeats/size',
  ]);
});

describe('what does not fit is refused by name', () => {
  test.each<[options: JsonObject, code: string, words: string]>([
    [{ over: { 'student.lr': '0.5..0.1' } }, 'bad-range', '0.1..0.5'],
    [{ over: { 'student.lr': 'log:0..0.1/3' } }, 'bad-range', 'above 0'],
    [{ over: { 'student.lrr': '0.1,0.2' } }, 'unknown-param', '"lr"'],
    [{ over: { 'studnet.lr': '0.1,0.2' } }, 'unknown-param', '"student"'],
    [{ over: { sede: '1,2' } }, 'unknown-param', '"seed"'],
    [{ over: { 'student.optimizer': 'adam,radm' } }, 'wrong-type', '"radam"'],
    [{ over: { 'student.lr': '-1,0.1' } }, 'wrong-type', 'more than 0'],
    [{ over: { 'student.lr': '0.1..0.5' } }, 'missing-steps', 'steps'],
    [{ objective: { maximize: ['student.scroe'] } }, 'unknown-metric', '"student.score"'],
    [{ repeats: { sead: [1, 2] } }, 'unknown-param', '"seed"'],
    [{ only: ['studnet'] }, 'unknown-node', '"student"'],
    [{ only: ['student'], objective: { minimize: ['card.bytes'] } }, 'unknown-metric', 'student.score'],
    [{ strategy: 'gird' }, 'unknown-strategy', '"grid"'],
    [{ strategy: 'random' }, 'missing-key', '--trials'],
    [{ strategy: 'list' }, 'missing-key', 'variants'],
    [{ strategy: 'asha', trials: 3 }, 'bad-budget', 'to: 27'],
    [{ over: { seed: '1..1000000' } }, 'too-many', 'tpe'],
  ])('%j: %s', async (options, code, words) => {
    const problem = await read({ options });
    expect(problem).toMatchObject({ code });
    expect(JSON.stringify(problem)).toContain(JSON.stringify(words).slice(1, -1));
  });

  test.each([
    ['  over: { student.lr: 0.5..0.1/3 }', 'bad-range', 23],
    ['  over: { student.lr: { from: 2, to: 1 } }', 'bad-range', 23],
    ['  over:\n    student.lr: [0.1, 0.2]\n    sede: [1]', 'unknown-param', 5],
    ['  over: { student.lr: { from: 0.1, to: 0.2, steps: 3, when: { student.optimzer: adam } } }', 'unknown-param', 11],
    ['  over: { student.lr: [0.1] }\n  repaets: { seed: [1] }', 'unknown-key', 3],
  ])('with its place in the file: %s', async (section, code, column) => {
    expect(await read({ section })).toMatchObject({ code, place: { file: shownFile, column } });
  });
});

describe('a param that no variant depends on is refused', () => {
  test('where the variants end before its node, with its option or place', async () => {
    const names = { '/over/student.lr': '--over student.lr=0.1,0.2' };
    const options = { over: { 'student.lr': '0.1,0.2' }, only: ['teacher'], objective: {} };
    const asked = await read({ section: '  trials: 9', options: { over: options.over, only: options.only }, names });
    expect(asked).toMatchObject({ code: 'unused-param', message: expect.stringContaining('"student.lr" (from --over student.lr=') });
    const section = '  over: { teacher.fold: [2] }\n  repeats: { student.seed: [1, 2] }\n  only: teacher';
    expect(await read({ section })).toMatchObject({ code: 'unused-param', place: { column: 14 } });
    const variants = '  variants: [{ teacher.fold: 1 }, { seed: 2 }]\n  only: teacher';
    expect(await read({ section: variants })).toMatchObject({ code: 'unused-param', message: expect.stringContaining('"seed"') });
  });

  test('where no node refers to it at all', async () => {
    const params = 'params: { seed: 0, idle: 1 }';
    expect(await read({ params, options: { over: { idle: '1,2' } } })).toMatchObject({ code: 'unused-param' });
  });

  test('and not where a node upstream, a condition, an option or another value depends on it', async () => {
    expect(await read({ section: '  over: { teacher.fold: [1, 2] }\n  only: student' })).toHaveProperty('spec');
    expect(await read({ options: { over: { seed: '1,2' }, only: ['student'] } })).toHaveProperty('spec');
    const params = 'params: { seed: 0, rate: 1 }';
    const over = { rate: [0.1, 0.2] };
    expect(await read({ params, options: { over } })).toMatchObject({ code: 'unused-param' });
    expect(await read({ params, options: { over }, set: ['student.lr=$rate'] })).toHaveProperty('spec');
    expect(await read({ params, section: '  over: { rate: [0.1, 0.2], student.seed: [$rate, 3] }' })).not.toMatchObject({
      code: 'unused-param',
    });
  });
});

test('the values of repeats may be a text, as those of params that are varied may', async () => {
  expect(await read({ section: "  over: { student.lr: '0.1,0.2' }\n  repeats: { seed: '1,2,3' }" })).toMatchObject({
    spec: { space: [{ domain: { values: [0.1, 0.2] } }], repeats: { seed: [1, 2, 3] } },
  });
});

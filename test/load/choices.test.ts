import { join } from 'node:path';
import { Ajv } from 'ajv';
import { beforeAll, describe, expect, test } from 'vitest';
import { editorSchema } from '../../src/load/editor.ts';
import { loadSweep } from '../../src/load/sweep/sweep.ts';
import type { Json, JsonObject } from '../../src/model/json.ts';
import type { Problem } from '../../src/model/problem.ts';
import type { SweepSpec } from '../../src/model/sweep.ts';
import { strategies } from '../../src/sweep/strategies.ts';
import { emptyFolder, write } from '../rig.ts';
import { load } from './project.ts';

let folder: string;

beforeAll(() => {
  folder = emptyFolder();
  write(folder, {
    'stages/learn/stage.ts': `import { defineStage, param } from 'stillroom';
export default defineStage({
  about: 'Learns.',
  params: {
    lr: param.number({ default: 0.1 }),
    loss: param.module<unknown, { smoothing: number }>({
      folder: './losses',
      default: 'plain',
      params: { smoothing: param.number({ min: 0, below: 1, default: 0 }) },
    }),
    mixing: param.module({ folder: './mixings', default: { name: 'cut', share: 0.3 } }),
    augment: param.group({ flip: param.boolean({ default: true }), padding: param.int({ default: 2 }) }),
  },
  former: { focal_gamma: 'loss.gamma', flip: 'augment.flip', smoothing: 'loss.smoothing' },
  outputs: { model: 'file.txt' },
  run: () => import('./run.ts'),
});
`,
    'stages/learn/run.ts': 'export default () => undefined;\n',
    'stages/learn/losses/plain.ts': 'export default 1;\n',
    'stages/learn/losses/focal.ts': `import { param } from 'stillroom';
export const params = () => ({ gamma: param.number({ min: 0, default: 2, about: 'How bent.' }), kind: param.string({ default: '1' }) });
export default ({ gamma }: { gamma: number }) => gamma;
`,
    'stages/learn/losses/angle.ts': `import { param } from 'stillroom';
export const params = () => ({ margin: param.number() });
export default ({ margin }: { margin: number }) => margin;
`,
    'stages/learn/losses/broken.ts': 'export const params = () => ({;\n',
    'stages/learn/mixings/cut.ts': `import { param } from 'stillroom';
export const about = "Cuts.";
export const params = () => ({ share: param.number({ default: 0.5 }), alpha: param.number({ default: 1 }) });
export default () => 1;
`,
    'stages/learn/mixings/deep.ts': `import { param } from 'stillroom';
const inner = param.group({ from: param.int({ default: 1 }), to: param.int({ default: 2 }) });
export const params = () => ({ band: param.group({ wide: param.boolean({ default: false }), inner }) });
export default () => 1;
`,
    'stages/learn/mixings/none.ts': 'export default 1;\n',
  });
});

const text = (params: string, more = ''): string => `name: demo
params: { loss: focal, whole: { name: focal, gamma: 4 }, rate: 0.5 }
stages:
  student: { uses: learn, with: { ${params} } }
  teacher: { uses: learn, matrix: { fold: [0, 1] }, with: { loss: focal } }
${more}`;

async function params(written: string, ...set: string[]): Promise<JsonObject> {
  const loaded = await load(folder, text(written), set);
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message, hint }) => `${message} (${hint})`).join('\n'));
  return loaded.value.instances.find(({ name }) => name === 'student')?.params ?? {};
}

async function problems(written: string, ...set: string[]): Promise<readonly Problem[]> {
  const loaded = await load(folder, text(written), set);
  return loaded.ok ? [] : loaded.problems;
}

const plain = { name: 'plain', smoothing: 0 };
const focal = { name: 'focal', smoothing: 0, gamma: 2, kind: '1' };

describe('a choice', () => {
  test('has the params of what is chosen and no others, defaults filled in', async () => {
    const augment = { flip: true, padding: 2 };
    expect(await params('')).toEqual({ lr: 0.1, loss: plain, mixing: { name: 'cut', share: 0.3, alpha: 1 }, augment });
  });

  test.each<[written: string, loss: Json]>([
    ['loss: focal', focal],
    ['loss: { name: focal, gamma: 1, smoothing: 0.1 }', { ...focal, gamma: 1, smoothing: 0.1 }],
    ['loss: { smoothing: 0.1 }', { ...plain, smoothing: 0.1 }],
    ['loss: $loss', focal],
    ['loss: $whole', { ...focal, gamma: 4 }],
    ['loss: { name: $whole, smoothing: 0.2 }', { ...focal, gamma: 4, smoothing: 0.2 }],
    ['loss: { name: focal, gamma: $rate }', { ...focal, gamma: 0.5 }],
    ['loss: { name: angle, margin: 1 }', { name: 'angle', smoothing: 0, margin: 1 }],
  ])('is written as %s', async (written, loss) => {
    expect((await params(written))['loss']).toEqual(loss);
  });

  test("keeps the order of the declaration, whatever the file's", async () => {
    const { loss } = await params('loss: { gamma: 1, name: focal, smoothing: 0 }');
    expect(Object.keys(loss as JsonObject)).toEqual(['name', 'smoothing', 'gamma', 'kind']);
  });

  test("takes the stage's own defaults of its params only where it is the stage's own", async () => {
    expect((await params('mixing: { alpha: 3 }'))['mixing']).toEqual({ name: 'cut', share: 0.3, alpha: 3 });
    expect((await params('mixing: none'))['mixing']).toEqual({ name: 'none' });
  });

  test('and a group are set in parts, whole ones first', async () => {
    expect((await params('loss: focal', 'student.loss.gamma=1'))['loss']).toEqual({ ...focal, gamma: 1 });
    expect((await params('', 'student.loss.gamma=1', 'student.loss=focal'))['loss']).toEqual({ ...focal, gamma: 1 });
    expect((await params('loss: { name: focal, gamma: 3 }', 'student.loss=plain'))['loss']).toEqual(plain);
    expect((await params('loss: { name: plain, smoothing: 0.3 }', 'student.loss.name=focal'))['loss']).toEqual({
      ...focal,
      smoothing: 0.3,
    });
    expect((await params('loss: $whole', 'student.loss.gamma=1'))['loss']).toEqual({ ...focal, gamma: 1 });
    expect((await params('loss: focal', 'student.loss.kind=2'))['loss']).toEqual({ ...focal, kind: '2' });
    expect((await params('', 'student.augment.padding=4'))['augment']).toEqual({ flip: true, padding: 4 });
    expect((await params('', 'student.mixing.alpha=3'))['mixing']).toEqual({ name: 'cut', share: 0.3, alpha: 3 });
  });

  test('has groups within it that are set in parts although the file gives none', async () => {
    const band = { wide: false, inner: { from: 1, to: 2 } };
    expect((await params('mixing: deep'))['mixing']).toEqual({ name: 'deep', band });
    expect((await params('mixing: deep', 'student.mixing.band.inner.to=5'))['mixing']).toEqual({
      name: 'deep',
      band: { ...band, inner: { from: 1, to: 5 } },
    });
    expect((await params('', 'student.mixing.name=deep', 'student.mixing.band.wide=true'))['mixing']).toMatchObject({
      band: { ...band, wide: true },
    });
    expect(await problems('mixing: deep', 'student.mixing.band.inner.too=5')).toMatchObject([{ hint: 'did you mean "to"?' }]);
  });

  test('is set in one instance alone', async () => {
    const loaded = await load(folder, text(''), ['teacher[fold=1].loss.gamma=1']);
    expect(loaded.ok && loaded.value.instances.slice(1).map((one) => (one.params['loss'] as JsonObject)['gamma'])).toEqual([2, 1]);
  });
});

describe('what does not fit is refused with its place and what to write', () => {
  test.each<[written: string, message: string, hint: string]>([
    ['loss: { name: plain, gamma: 1 }', '"plain" has no param "gamma"', 'it belongs to focal: write loss: { name: focal, gamma: … }'],
    ['loss: { gamma: 1 }', '"plain" has no param "gamma"', 'it belongs to focal: write loss: { name: focal, gamma: … }'],
    ['loss: { name: focal, gama: 1 }', '"focal" has no param "gama"', 'did you mean "gamma"?'],
    ['mixing: { name: none, far: 1 }', '"none" has no param "far"', '"none" takes no params'],
    ['loss: { name: focal, gamma: -1 }', '"gamma" must be at least 0, not the number -1', 'How bent.'],
    ['loss: { name: focal, gamma: x }', '"gamma" must be a number, not the text "x"', 'How bent.'],
    ['loss: focl', '"loss" must be one of angle, broken, focal, plain, not the text "focl"', 'did you mean "focal"?'],
    ['loss: { name: focl }', '"name" must be one of angle, broken, focal, plain, not the text "focl"', 'did you mean "focal"?'],
    ['loss: angle', 'the param "margin" is missing', 'add margin to'],
    ['augment: { flap: true }', 'unknown param "flap"', 'did you mean "flip"?'],
    ['focal_gamma: 1', 'unknown param "focal_gamma"', 'it is loss.gamma now: write loss: { name: focal, gamma: … }'],
    ['flip: true', 'unknown param "flip"', 'it is augment.flip now: write augment: { flip: … }'],
    ['smoothing: 0.1', 'unknown param "smoothing"', 'it is loss.smoothing now: write loss: { smoothing: … }'],
    ['alpha: 2', 'unknown param "alpha"', 'it belongs to cut: write mixing: { name: cut, alpha: … }'],
    ['padding: 2', 'unknown param "padding"', 'write augment: { padding: … }'],
  ])('%s', async (written, message, hint) => {
    const [problem] = await problems(written);
    expect([problem?.message, problem?.place?.line]).toEqual([message, 4]);
    expect(problem?.hint).toContain(hint);
  });

  test('also where an option says it', async () => {
    const [wrong] = await problems('', 'student.loss.gamma=1');
    expect(wrong?.message).toBe('"plain" has no param "gamma" (from --set student.loss.gamma=1)');
    expect((await problems('', 'student.loss.gama=1'))[0]).toMatchObject({ code: 'bad-set', hint: 'did you mean "gamma"?' });
    expect((await problems('', 'student.focal_gamma=1'))[0]?.hint).toContain('it is loss.gamma now');
  });

  test('a file that cannot be read is in the way only of who chooses it', async () => {
    expect(await problems('loss: { name: plain, gamma: 1 }')).toHaveLength(1);
    const [problem] = await problems('loss: broken');
    expect(problem).toMatchObject({ code: 'bad-stage', place: { line: 4 } });
    expect(problem?.message).toContain('losses/broken.ts');
  });
});

test("a stage's default that is no choice, or that has no such param, is refused", async () => {
  const declare = (fallback: string): void =>
    write(folder, {
      'stages/other/stage.ts': `import { defineStage, param } from 'stillroom';
export default defineStage({
  about: 'Does.',
  params: { loss: param.module({ folder: '../learn/losses', default: ${fallback} }) },
  outputs: { model: 'file.txt' },
  run: () => import('./run.ts'),
});
`,
    });
  const first = async (): Promise<string | undefined> => {
    const loaded = await load(folder, 'name: demo\nstages: { other: { uses: other } }\n');
    return loaded.ok ? undefined : loaded.problems[0]?.message;
  };
  declare("'none'");
  expect(await first()).toBe('the default of "loss" is "none", which there is not');
  declare("{ name: 'focal', share: 1 }");
  expect(await first()).toBe('the default of "loss" gives "focal" a param "share", which it has not');
  declare("{ name: 'focal', gamma: 1 }");
  expect(await first()).toBeUndefined();
});

test('an editor is offered the choices, and of each its params', async () => {
  const schema = await editorSchema({ root: folder, cache: join(folder, 'cache'), strategies });
  const fits = new Ajv({ strict: false }).compile(schema);
  const tried = (written: JsonObject): boolean => fits({ name: 'demo', stages: { student: { uses: 'learn', with: written } } });
  expect(
    [
      { loss: 'focal' },
      { loss: { name: 'focal', gamma: 1, smoothing: 0.1 } },
      { loss: { smoothing: 0.1 } },
      { loss: '$loss' },
      { loss: { name: 'focal', gamma: '$gamma' } },
      { augment: { flip: false } },
      { augment: { padding: '$padding' } },
    ].filter((one) => !tried(one)),
  ).toEqual([]);
  expect(
    [
      { loss: 'focl' },
      { loss: { name: 'plain', gamma: 1 } },
      { loss: { name: 'focal', gamma: -1 } },
      { augment: { flap: true } },
      { focal_gamma: 1 },
    ].filter(tried),
  ).toEqual([]);
  const written = JSON.stringify(schema);
  for (const said of ['"description":"How bent."', '"markdownEnumDescriptions":["Cuts.","deep","none"]'])
    expect(written.includes(said), said).toBe(true);
});

describe('a sweep over params of choices', () => {
  async function read(over: JsonObject, ...set: string[]): Promise<SweepSpec | Problem> {
    const pipeline = await load(folder, text(''), set);
    if (!pipeline.ok) return pipeline.problems[0] as Problem;
    const options = { over, strategy: 'grid' };
    const cache = join(folder, 'artifacts/index');
    const loaded = await loadSweep({ pipeline: pipeline.value, shownFile: 'x', options, optionNames: {}, set, strategies, cache });
    return loaded.ok ? loaded.value.spec : (loaded.problems[0] as Problem);
  }

  test('knows them by their schema', async () => {
    expect(await read({ 'student.loss.gamma': '1..3/3' }, 'student.loss=focal')).toMatchObject({ space: [{ domain: { kind: 'float' } }] });
    expect(await read({ 'student.loss.gamma': [-1] }, 'student.loss=focal')).toMatchObject({ code: 'wrong-type' });
    expect(await read({ 'student.augment.flip': [true, false], 'student.loss.smoothing': [0, 0.1] })).toMatchObject({ space: [{}, {}] });
    expect(await read({ 'teacher.loss.gamma': [1], 'teacher[fold=1].loss.kind': ['a'] })).toMatchObject({ space: [{}, {}] });
  });

  test('gives the choice by its name where the file says no more', async () => {
    const pipeline = await load(folder, text('loss: focal'));
    if (!pipeline.ok) throw new Error(pipeline.problems[0]?.message);
    const options = { over: { 'student.loss': ['focal', 'plain'], 'student.mixing.alpha': [1, 2] }, strategy: 'one-at-a-time' };
    const request = { shownFile: 'x', options, optionNames: {}, set: [], strategies, cache: join(folder, 'artifacts/index') };
    const loaded = await loadSweep({ pipeline: pipeline.value, ...request });
    expect(loaded.ok && loaded.value.base).toEqual({ 'student.loss': 'focal', 'student.mixing.alpha': 1 });
  });

  test('refuses one that a choice without it would be given, by name', async () => {
    const gamma = { 'student.loss.gamma': [1, 2] };
    expect(await read(gamma)).toMatchObject({
      message: '"plain" has no param "gamma"',
      hint: 'it belongs to focal: choose that, or vary student.loss too and write when: { student.loss: focal }',
    });
    expect(await read({ 'student.loss': ['focal', 'plain'], ...gamma })).toMatchObject({
      message: '"plain" has no param "gamma"',
      hint: 'it belongs to focal: write when: { student.loss: focal }',
    });
    const when = { values: [1, 2], when: { 'student.loss': 'focal' } };
    expect(await read({ 'student.loss': ['focal', 'plain'], 'student.loss.gamma': when })).toMatchObject({ space: [{}, {}] });
    const whole = [{ name: 'focal', smoothing: 0.1 }, 'plain'];
    expect(await read({ 'student.loss': whole, 'student.loss.gamma': when })).toMatchObject({ space: [{}, {}] });
    expect(await read({ 'student.loss.gama': [1] })).toMatchObject({ hint: 'did you mean "gamma"?' });
    expect(await read({ 'student.focal_gamma': [1] })).toMatchObject({ hint: 'it is student.loss.gamma now' });
  });
});

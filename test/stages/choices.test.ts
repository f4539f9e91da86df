import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { moduleChoices } from '../../src/code/choices.ts';
import { findStage } from '../../src/code/declarations.ts';
import { loadPipeline } from '../../src/load/pipeline/pipeline.ts';
import type { Declaration } from '../../src/model/declaration.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Problem } from '../../src/model/problem.ts';
import { emptyFolder, write } from '../rig.ts';

const stages = ['train-teacher', 'train-student', 'finetune-all'];
let folder: string;
let declarations: ReadonlyMap<string, Declaration>;

beforeAll(async () => {
  folder = emptyFolder();
  const found = await Promise.all(stages.map((stage) => findStage(stage, folder, join(folder, 'cache'))));
  declarations = new Map(found.map((one, index) => [stages[index] ?? '', one.ok ? one.value.declaration : (undefined as never)]));
});

/** What is wrong with the params that a stage is given. */
async function wrongParams(stage: string, given: JsonObject): Promise<readonly Problem[]> {
  const node = { uses: stage, with: { ...(stage === 'train-teacher' ? { fold: 0 } : {}), ...given } };
  write(folder, { 'one.yaml': JSON.stringify({ name: 'one', stages: { node } }) });
  const cache = join(folder, 'cache');
  const loaded = await loadPipeline({ file: join(folder, 'one.yaml'), shownFile: 'one.yaml', root: folder, cache, set: [] });
  // Nothing is connected to its inputs.
  return loaded.ok ? [] : loaded.problems.filter(({ code }) => code !== 'missing-input');
}

describe.each(stages)('%s', (stage) => {
  test('takes every choice of each kind as it is', async () => {
    for (const [param, { modules }] of Object.entries(declarations.get(stage)?.params ?? {})) {
      for (const name of modules === undefined ? [] : moduleChoices(modules, '').keys())
        expect([param, name, await wrongParams(stage, { [param]: name })]).toEqual([param, name, []]);
    }
  });

  test('says of each former name where its param stands today, and takes it there', async () => {
    const { params = {}, former = {} } = declarations.get(stage) ?? {};
    const today = Object.entries(former).filter(([, now]) => (now.split('.')[0] ?? '') in params);
    expect(today.length).toBeGreaterThan(15);
    for (const [name, now] of today) {
      const [problem] = await wrongParams(stage, { [name]: 1 });
      expect(problem?.message).toBe(`unknown param "${name}"`);
      expect(problem?.hint).toMatch(new RegExp(`^it is ${now} now: write ${now.replace('.', ': \\{ (?:name: [\\w-]+, )?')}: … \\}$`));
    }
  });
});

test('choices differ in nothing but what they take: one that is chosen brings its own params', async () => {
  expect(await wrongParams('train-student', { loss: { name: 'focal', gamma: 1, label_smoothing: 0.1 } })).toEqual([]);
  expect(await wrongParams('train-student', { mixing: { name: 'none', probability: 0.1 } })).toMatchObject([
    { message: '"none" has no param "probability"', hint: expect.stringContaining('it belongs to cutmix, gridmask, mixup') },
  ]);
});

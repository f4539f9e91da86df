import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { esbuildBundler } from '../../src/code/bundler.ts';
import { checkout } from '../rig.ts';

/** A training stage's params that choose code, by the folder that they choose from, each with a choice and whether it takes params. */
const choices = {
  models: ['shufflenet-v2', false],
  losses: ['focal', true],
  optimizers: ['ranger', true],
  schedules: ['step', true],
  samplers: ['balanced-up', false],
  mixing: ['mixup', true],
} as const;

const toolkit = join(checkout, 'src/nn');

test.each(['train-teacher', 'train-student'])('of the toolkit’s choices, only those made are in the code of %s', async (stage) => {
  const modules = Object.fromEntries(
    Object.entries(choices).map(([folder, [name, takesParams]]) => [folder, { file: join(toolkit, folder, `${name}.ts`), takesParams }]),
  );
  const built = await esbuildBundler.bundle({ folder: join(checkout, 'stages', stage), entry: './run.ts', modules, root: checkout });
  if (!built.ok) throw new Error(built.problems[0]?.message);
  for (const [folder, [name]] of Object.entries(choices)) {
    const own = built.value.contributing.filter((path) => dirname(path) === join(toolkit, folder));
    expect(own.map((path) => basename(path))).toEqual([`${name}.ts`]);
    expect(readdirSync(join(toolkit, folder)).length).toBeGreaterThan(1);
  }
  // What the choices say of their params is data for planning: a better sentence there reruns nothing.
  expect(built.value.contributing.filter((path) => path.endsWith('params.ts'))).toEqual([]);
  expect(built.value.code).not.toContain('less counts what is certain');
});

test.each(['train-teacher', 'train-student', 'finetune-all'])(
  'nothing that draws is in the code of %s: a colour changed reruns no training',
  async (stage) => {
    const built = await esbuildBundler.bundle({ folder: join(checkout, 'stages', stage), entry: './run.ts', modules: {}, root: checkout });
    if (!built.ok) throw new Error(built.problems[0]?.message);
    const outside = built.value.contributing.filter(
      (path) => path.startsWith(join(checkout, 'src/')) && !path.startsWith(join(checkout, 'src/nn/')),
    );
    const allowed = ['index.ts', 'model/', 'text/csv.ts', 'text/figures.ts'].map((path) => join(checkout, 'src', path));
    expect(outside.filter((path) => !allowed.some((one) => path.startsWith(one)))).toEqual([]);
    expect(built.value.code).not.toMatch(/<svg|#[0-9a-f]{6}\b/);
  },
);

import type { Choice, WorkContext } from 'stillroom';
import { defineStage, param } from 'stillroom';
import { expect, expectTypeOf, test } from 'vitest';

interface Loss {
  readonly value: number;
}

const params = () => ({ gamma: param.number({ default: 2 }), kind: param.choice(['hard', 'soft'], { default: 'hard' }) });

const stage = defineStage({
  about: 'Learns.',
  params: {
    lr: param.number({ default: 0.1 }),
    model: param.module<() => string>({ folder: './models' }),
    loss: param.module<Loss, { readonly smoothing: number }>({
      folder: './losses',
      default: { name: 'focal', gamma: 1 },
      params: { smoothing: param.number({ default: 0 }) },
    }),
    augment: param.group({ flip: param.boolean({ default: true }), sizes: param.numbers({ default: [32] }) }),
  },
  outputs: { model: 'file' },
  run: () => Promise.resolve({}),
});

test('what a work and a choice are given has the types that its params declare', () => {
  type Context = WorkContext<typeof stage>;
  expectTypeOf<Context['params']['lr']>().toEqualTypeOf<number>();
  expectTypeOf<Context['params']['model']['name']>().toEqualTypeOf<string>();
  expectTypeOf<Context['params']['loss']['smoothing']>().toEqualTypeOf<number>();
  expectTypeOf<keyof Context['params']['loss']>().toEqualTypeOf<'name' | 'smoothing'>();
  expectTypeOf<Context['params']['augment']>().toEqualTypeOf<{ readonly flip: boolean; readonly sizes: readonly number[] }>();
  expectTypeOf<keyof Context['modules']>().toEqualTypeOf<'model' | 'loss'>();
  expectTypeOf<Context['modules']['loss']>().toEqualTypeOf<Loss>();
  expectTypeOf<Parameters<Choice<Loss, typeof params>>[0]>().toEqualTypeOf<{ readonly gamma: number; readonly kind: 'hard' | 'soft' }>();
  const focal: Choice<Loss, typeof params> = ({ gamma, kind }) => ({ value: kind === 'soft' ? gamma : 0 });
  expect(focal({ gamma: 2, kind: 'soft' })).toEqual({ value: 2 });
});

test('a group may be left out where all of its members may', () => {
  expect(stage.params?.augment.optional).toBe(true);
  expect(param.group({ fold: param.int() }).optional).toBe(false);
  expect(stage.params?.model.optional).toBe(false);
});

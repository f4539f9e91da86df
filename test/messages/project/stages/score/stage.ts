import { defineStage, param } from 'stillroom';

export default defineStage({
  about: 'Weighs the counts of words.',
  params: {
    least: param.int({ min: 1, max: 20 }),
    weight: param.number({ above: 0, default: 0.5 }),
    mode: param.choice(['mean', 'sum'], { default: 'mean' }),
  },
  inputs: { totals: 'file[]', words: 'file' },
  outputs: { result: 'file.txt' },
  metrics: { value: { goal: 'maximize' } },
  run: () => import('./run.ts'),
});

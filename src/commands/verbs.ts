import type { Verb } from './verb.ts';

/** All verbs, in the order in which help lists them. Each is loaded when it is used; help loads their declarations. */
export const verbs: Readonly<Record<string, () => Promise<{ readonly default: Verb }>>> = {
  run: () => import('./run.ts'),
  plan: () => import('./plan.ts'),
  watch: () => import('./watch.ts'),
  why: () => import('./why.ts'),
  runs: () => import('./runs.ts'),
  sweep: () => import('./sweep.ts'),
  sweeps: () => import('./sweeps.ts'),
  show: () => import('./show.ts'),
  logs: () => import('./logs.ts'),
  diff: () => import('./diff.ts'),
  report: () => import('./report.ts'),
  predict: () => import('./predict.ts'),
  tag: () => import('./tag.ts'),
  gc: () => import('./gc.ts'),
  pack: () => import('./pack.ts'),
  reproduce: () => import('./reproduce.ts'),
  restore: () => import('./restore.ts'),
  verify: () => import('./verify.ts'),
  explain: () => import('./explain.ts'),
  init: () => import('./init.ts'),
  doctor: () => import('./doctor.ts'),
};

import type { Verb } from './verb.ts';

/** All verbs, in the order in which help lists them. Each is loaded when it is used; help loads their declarations. */
export const verbs: Readonly<Record<string, () => Promise<{ readonly default: Verb }>>> = {
  run: () => import('./run.ts'),
  plan: () => import('./plan.ts'),
  watch: () => import('./watch.ts'),
  why: () => import('./why.ts'),
  sweep: () => import('./sweep.ts'),
  attach: () => import('./attach.ts'),
  stop: () => import('./stop.ts'),
  runs: () => import('./runs.ts'),
  sweeps: () => import('./sweeps.ts'),
  show: () => import('./show.ts'),
  logs: () => import('./logs.ts'),
  diff: () => import('./diff.ts'),
  report: () => import('./report.ts'),
  tag: () => import('./tag.ts'),
  predict: () => import('./predict.ts'),
  pack: () => import('./pack.ts'),
  reproduce: () => import('./reproduce.ts'),
  restore: () => import('./restore.ts'),
  push: () => import('./push.ts'),
  pull: () => import('./pull.ts'),
  remote: () => import('./remote.ts'),
  gc: () => import('./gc.ts'),
  verify: () => import('./verify.ts'),
  init: () => import('./init.ts'),
  import: () => import('./import.ts'),
  doctor: () => import('./doctor.ts'),
  explain: () => import('./explain.ts'),
  completion: () => import('./completion.ts'),
};

/** How help groups the verbs; one that is named nowhere stands among the last. */
export const groups: readonly { readonly title: string; readonly verbs: readonly string[] }[] = [
  { title: 'Run pipelines', verbs: ['run', 'plan', 'watch', 'why', 'sweep', 'attach', 'stop'] },
  { title: 'Look at what has run', verbs: ['runs', 'sweeps', 'show', 'logs', 'diff', 'report', 'tag'] },
  { title: 'Use what came out', verbs: ['predict', 'pack', 'reproduce', 'restore'] },
  { title: 'Share with others', verbs: ['push', 'pull', 'remote'] },
  { title: 'Keep the store in order', verbs: ['gc', 'verify'] },
  { title: 'Set up and get help', verbs: ['init', 'import', 'doctor', 'explain', 'completion'] },
];

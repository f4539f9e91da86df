import { evaluate, FormulaProblem } from './formula.ts';

/** Names that a score may use, beside the params of its weights. */
const measured = [
  'accuracy',
  'macro_f1',
  'balanced_accuracy',
  'worst_class',
  'fps',
  'overlapped_fps',
  'best_fps',
  'model_fps',
  'best_model_fps',
  'p50_ms',
  'p95_ms',
  'p99_ms',
  'megabytes',
  'memory_mib',
] as const;

/** The values of a score by name. */
export type ScoreValues = Readonly<Record<(typeof measured)[number], number>>;

/** The weights of a score by name. */
export type ScoreWeights = Readonly<Record<'accuracy_weight' | 'speed_weight' | 'reference_fps', number>>;

type Fail = (message: string, hint: string) => never;

const HINT = 'Fix the param `score`.';

/** Fails where a formula can't be read or names what there isn't, before anything is measured. */
export function checkScore(formula: string, weights: ScoreWeights, fail: Fail): void {
  compute(formula, { ...Object.fromEntries(measured.map((name) => [name, 1])), ...weights }, fail);
}

/** The score of what was measured; fails where it is no finite number. */
export function scoreOf(formula: string, values: ScoreValues & ScoreWeights, fail: Fail): number {
  const score = compute(formula, values, fail);
  return Number.isFinite(score) ? score : fail(`the score "${formula}" is ${score} for ${JSON.stringify(values)}`, HINT);
}

function compute(formula: string, values: Readonly<Record<string, number>>, fail: Fail): number {
  try {
    return evaluate(formula, values);
  } catch (problem) {
    if (problem instanceof FormulaProblem) return fail(problem.message, HINT);
    throw problem;
  }
}

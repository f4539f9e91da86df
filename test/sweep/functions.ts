import type { Space, SweepSpec } from '../../src/model/sweep.ts';
import { strategies } from '../../src/sweep/strategies.ts';
import type { StartedTrial } from '../../src/sweep/study.ts';

type Values = Readonly<Record<string, number | string>>;

/** A function to be minimized, over a space. The same functions stand in fixtures/optuna.py. */
interface TestFunction {
  readonly space: Space;
  readonly evaluate: (params: Values) => number;
}

function floats(count: number, from: number, to: number): Space {
  return Array.from({ length: count }, (_, index) => ({
    name: `x${index}`,
    domain: { kind: 'float', from, to, log: false },
    when: {},
  }));
}

const numbers = (params: Values): number[] => Object.values(params).map(Number);
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

function rosenbrock(params: Values): number {
  const [x = 0, y = 0] = numbers(params);
  return 100 * (y - x * x) ** 2 + (1 - x) ** 2;
}

function branin(params: Values): number {
  const [x = 0, y = 0] = numbers(params);
  const bend = y - (5.1 / (4 * Math.PI ** 2)) * x * x + (5 / Math.PI) * x - 6;
  return bend ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10;
}

const HARTMANN = [
  { weight: 1, scales: [10, 3, 17, 3.5, 1.7, 8], centre: [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886] },
  { weight: 1.2, scales: [0.05, 10, 17, 0.1, 8, 14], centre: [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991] },
  { weight: 3, scales: [3, 3.5, 1.7, 10, 17, 8], centre: [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665] },
  { weight: 3.2, scales: [17, 8, 0.05, 10, 0.1, 14], centre: [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381] },
];

function hartmann(params: Values): number {
  const x = numbers(params);
  return -sum(
    HARTMANN.map(
      ({ weight, scales, centre }) =>
        weight * Math.exp(-sum(x.map((value, index) => (scales[index] ?? 0) * (value - (centre[index] ?? 0)) ** 2))),
    ),
  );
}

function ackley(params: Values): number {
  const x = numbers(params);
  const spread = Math.sqrt(sum(x.map((value) => value * value)) / 5);
  const waves = sum(x.map((value) => Math.cos(2 * Math.PI * value))) / 5;
  return -20 * Math.exp(-0.2 * spread) - Math.exp(waves) + 20 + Math.E;
}

const OPTIMIZERS: Readonly<Record<string, readonly [offset: number, rate: number]>> = {
  adam: [0.3, -3],
  radam: [0.1, -2.5],
  ranger: [0, -2],
  over9000: [0.5, -3.5],
};

function mixed({ optimizer = '', lr = 1, width = 0, dropout = 0 }: Values): number {
  const [offset, rate] = OPTIMIZERS[optimizer] ?? [0, 0];
  return offset + (Math.log10(Number(lr)) - rate) ** 2 + 0.05 * (Number(width) - 7) ** 2 + 2 * (Number(dropout) - 0.25) ** 2;
}

export const functions: Readonly<Record<string, TestFunction>> = {
  sphere: { space: floats(5, -5, 5), evaluate: (params) => sum(numbers(params).map((value) => value * value)) },
  rosenbrock: { space: floats(2, -5, 10), evaluate: rosenbrock },
  branin: {
    space: [
      { name: 'x0', domain: { kind: 'float', from: -5, to: 10, log: false }, when: {} },
      { name: 'x1', domain: { kind: 'float', from: 0, to: 15, log: false }, when: {} },
    ],
    evaluate: branin,
  },
  hartmann: { space: floats(6, 0, 1), evaluate: hartmann },
  ackley: { space: floats(5, -32.768, 32.768), evaluate: ackley },
  mixed: {
    space: [
      { name: 'optimizer', domain: { kind: 'choice', values: Object.keys(OPTIMIZERS) }, when: {} },
      { name: 'lr', domain: { kind: 'float', from: 1e-4, to: 1e-1, log: true }, when: {} },
      { name: 'width', domain: { kind: 'int', from: 1, to: 10, log: false }, when: {} },
      { name: 'dropout', domain: { kind: 'float', from: 0, to: 0.9, log: false }, when: {} },
    ],
    evaluate: mixed,
  },
};

/** What a sweep over a space is asked to do, all else as it is by default. */
export function specOf(space: Space, more: Partial<SweepSpec> = {}): SweepSpec {
  return {
    space,
    strategy: 'random',
    settings: {},
    variants: [],
    repeats: {},
    objectives: [{ metric: 'node.value', goal: 'minimize' }],
    constraints: [],
    budget: undefined,
    only: undefined,
    seed: 0,
    trials: undefined,
    seconds: undefined,
    parallel: undefined,
    ...more,
  };
}

/** The least value that a strategy finds in some trials, one after the other. */
export function bestOf(name: string, strategy: string, trials: number, seed: number): number {
  const { space, evaluate } = functions[name] as TestFunction;
  const spec = specOf(space, { trials, seed });
  const started: StartedTrial[] = [];
  let best = Number.POSITIVE_INFINITY;
  for (;;) {
    const step = strategies[strategy]?.next({ spec, base: {}, window: 1, started });
    if (step?.kind !== 'start') return best;
    const value = evaluate(step.request.params as Values);
    best = Math.min(best, value);
    started.push({ request: step.request, end: { state: 'done', metrics: { 'node.value': value }, deviations: {}, runs: [] } });
  }
}

/**
 * The chance that values as large as the first come about although they are no larger than the second: the one-sided Mann-Whitney test by
 * the normal approximation, without ties and with its correction for continuity.
 */
export function chanceThatNotLarger(first: readonly number[], second: readonly number[]): number {
  const larger = sum(first.map((a) => sum(second.map((b) => (a > b ? 1 : a === b ? 0.5 : 0)))));
  const mean = (first.length * second.length) / 2;
  const deviation = Math.sqrt((first.length * second.length * (first.length + second.length + 1)) / 12);
  return 1 - normal((larger - 0.5 - mean) / deviation);
}

/** A standard normal's mass below a place (Abramowitz and Stegun 26.2.17, to 1e-7). */
function normal(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const tail =
    (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return z >= 0 ? 1 - tail : tail;
}

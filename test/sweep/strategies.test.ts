import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/model/json.ts';
import type { VariantParams, Space } from '../../src/model/sweep.ts';
import { randomOf } from '../../src/sweep/random.ts';
import { bestFirst, paretoFront } from '../../src/sweep/ranking.ts';
import { drawParams, valuesOf } from '../../src/sweep/space.ts';
import { influences } from '../../src/sweep/statistics.ts';
import { strategies } from '../../src/sweep/strategies.ts';
import { type StartedTrial, type Study, violationOf } from '../../src/sweep/study.ts';
import { trialsOf } from '../../src/sweep/trials.ts';
import trace from './fixtures/asha.json' with { type: 'json' };
import optuna from './fixtures/optuna.json' with { type: 'json' };
import { StepCounter } from '../engine/steps.ts';
import { bestOf, chanceThatNotLarger, functions, specOf } from './functions.ts';

const choice = (name: string, values: readonly Json[], when: VariantParams = {}): Space[number] => ({
  name,
  domain: { kind: 'choice', values },
  when,
});
const float = (name: string, from: number, to: number, log = false, when: VariantParams = {}): Space[number] => ({
  name,
  domain: { kind: 'float', from, to, log },
  when,
});

/** All that a strategy proposes, each trial done at once with a value of its params. */
function proposals(name: string, study: Omit<Study, 'started'>, evaluate: (params: VariantParams) => number = () => 0): VariantParams[] {
  const started: StartedTrial[] = [];
  for (;;) {
    const step = strategies[name]?.next({ ...study, started });
    if (step?.kind !== 'start') return started.map(({ request }) => request.params);
    started.push({ request: step.request, end: done(evaluate(step.request.params)) });
  }
}

function done(value: number): NonNullable<StartedTrial['end']> {
  return { state: 'done', metrics: { 'node.value': value }, deviations: {}, runs: [] };
}

const study = (space: Space, more: Parameters<typeof specOf>[1] = {}, base: VariantParams = {}): Omit<Study, 'started'> => ({
  spec: specOf(space, more),
  base,
  window: 1,
});

describe('spaces', () => {
  test('a range is walked in even steps, or over the logarithms', () => {
    expect(valuesOf({ kind: 'float', from: 0.1, to: 0.3, log: false, steps: 3 })).toEqual([0.1, 0.2, 0.3]);
    expect(valuesOf({ kind: 'float', from: 1e-4, to: 1e-2, log: true, steps: 3 })).toEqual([1e-4, 1e-3, 1e-2]);
    expect(valuesOf({ kind: 'int', from: 2, to: 5, log: false })).toEqual([2, 3, 4, 5]);
    expect(valuesOf({ kind: 'int', from: 1, to: 3, log: false, steps: 9 })).toEqual([1, 2, 3]);
    expect(valuesOf({ kind: 'float', from: 0, to: 1, log: false })).toBeUndefined();
  });

  test('draws stay inside, reach both ends of whole numbers, and are even over the logarithms', () => {
    const space: Space = [
      { name: 'whole', domain: { kind: 'int', from: 1, to: 4, log: false }, when: {} },
      float('rate', 1e-4, 1e-2, true),
      choice('name', ['a', 'b']),
    ];
    const drawn = Array.from({ length: 2000 }, (_, trial) => drawParams(space, randomOf(1, trial)));
    const counts = [1, 2, 3, 4].map((value) => drawn.filter(({ whole }) => whole === value).length);
    for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(90);
    expect(drawn.every(({ rate }) => Number(rate) >= 1e-4 && Number(rate) <= 1e-2)).toBe(true);
    expect(Math.abs(drawn.filter(({ rate }) => Number(rate) < 1e-3).length - 1000)).toBeLessThan(120);
    expect(Math.abs(drawn.filter(({ name }) => name === 'a').length - 1000)).toBeLessThan(120);
  });
});

describe('strategies that know their points', () => {
  const space: Space = [
    choice('optimizer', ['adam', 'sgd']),
    choice('size', [32, 96]),
    choice('momentum', [0.8, 0.9], { optimizer: 'sgd' }),
  ];

  test('a grid combines all values, and those that do not apply make no points', () => {
    expect(proposals('grid', study(space))).toEqual([
      { optimizer: 'adam', size: 32 },
      { optimizer: 'adam', size: 96 },
      { optimizer: 'sgd', size: 32, momentum: 0.8 },
      { optimizer: 'sgd', size: 32, momentum: 0.9 },
      { optimizer: 'sgd', size: 96, momentum: 0.8 },
      { optimizer: 'sgd', size: 96, momentum: 0.9 },
    ]);
    expect(strategies['grid']?.count({ ...study(space), started: [] })).toBe(6);
    expect(proposals('grid', study(space, { trials: 2 }))).toHaveLength(2);
  });

  test('one at a time makes the base and each single change of it once', () => {
    const base = { optimizer: 'sgd', size: 32, momentum: 0.9 };
    expect(proposals('one-at-a-time', study(space, {}, base))).toEqual([
      base,
      { optimizer: 'adam', size: 32 },
      { ...base, size: 96 },
      { ...base, momentum: 0.8 },
    ]);
  });

  test('a list gives the variants that are written out', () => {
    const variants = [{ size: 32 }, { size: 96, optimizer: 'sgd' }];
    expect(proposals('list', study(space, { variants }))).toEqual(variants);
  });

  test('a random trial depends on the seed and its number alone', () => {
    const ten = proposals('random', study(space, { trials: 10 }));
    expect(proposals('random', study(space, { trials: 4 }))).toEqual(ten.slice(0, 4));
    expect(proposals('random', study(space, { trials: 10, seed: 1 }))).not.toEqual(ten);
    expect(ten.every(({ optimizer, momentum }) => (optimizer === 'sgd') === (momentum !== undefined))).toBe(true);
  });
});

describe('tpe', () => {
  test.each(Object.keys(functions))('on %s it is not worse than Optuna and better than random', (name) => {
    const seeds = Array.from({ length: 20 }, (_, seed) => seed);
    const ours = seeds.map((seed) => bestOf(name, 'tpe', optuna.trials, seed));
    const even = seeds.map((seed) => bestOf(name, 'random', optuna.trials, seed));
    const theirs = (optuna.best as Readonly<Record<string, readonly number[]>>)[name] ?? [];
    expect(chanceThatNotLarger(ours, theirs)).toBeGreaterThan(0.01);
    expect(chanceThatNotLarger(even, ours)).toBeLessThan(0.01);
  });

  test('the test that says so finds a shift, and none where there is none', () => {
    const values = Array.from({ length: 50 }, (_, index) => randomOf(0, index).normal());
    const others = Array.from({ length: 50 }, (_, index) => randomOf(1, index).normal());
    expect(chanceThatNotLarger(values, others)).toBeGreaterThan(0.05);
    expect(
      chanceThatNotLarger(
        values.map((value) => value + 1),
        others,
      ),
    ).toBeLessThan(0.001);
  });

  test('what it proposes depends on the finished trials before the window alone', () => {
    const space: Space = [float('x', 0, 1), choice('name', ['a', 'b']), float('y', 1, 100, true, { name: 'b' })];
    const whole = study(space, { trials: 40, settings: { startup: 5 } });
    const evaluate = ({ x }: VariantParams): number => Number(x);
    const straight = proposals('tpe', { ...whole, window: 3 }, evaluate);
    const started: StartedTrial[] = straight
      .slice(0, 30)
      .map((params, trial) => ({ request: { trial, params, rung: 0, whole: true }, end: done(evaluate(params)) }));
    for (const late of [28, 29]) started[late] = { request: started[late]?.request as StartedTrial['request'], end: undefined };
    const step = strategies['tpe']?.next({ ...whole, window: 3, started });
    expect(step).toMatchObject({ kind: 'start', request: { trial: 30, params: straight[30] } });
    started[27] = { request: started[27]?.request as StartedTrial['request'], end: undefined };
    expect(strategies['tpe']?.next({ ...whole, window: 3, started })).toEqual({ kind: 'wait' });
    expect(straight.every(({ name, y }) => (name === 'b') === (y !== undefined))).toBe(true);
  });

  test('it keeps constraints: what breaks them is not learned from as good', () => {
    const constraints = [{ metric: 'node.value', bounds: { min: 0.5 } }];
    const params = proposals('tpe', study([float('x', 0, 1)], { trials: 60, constraints }), ({ x }) => Number(x));
    const late = params.slice(30).map(({ x }) => Number(x));
    // The best that is allowed lies on the bound; without it the search goes to 0.
    expect(late.filter((x) => Math.abs(x - 0.5) < 0.15).length).toBeGreaterThan(20);
  });

  test('with several objectives it searches along the front', () => {
    const spec = specOf([float('x', -2, 2)], {
      trials: 60,
      objectives: [
        { metric: 'node.a', goal: 'minimize' },
        { metric: 'node.b', goal: 'maximize' },
      ],
    });
    const started: StartedTrial[] = [];
    for (let step = strategies['tpe']?.next({ spec, base: {}, window: 1, started }); step?.kind === 'start'; ) {
      const x = Number(step.request.params['x']);
      const metrics = { 'node.a': x ** 2, 'node.b': -((x - 1) ** 2) };
      started.push({ request: step.request, end: { state: 'done', metrics, deviations: {}, runs: [] } });
      step = strategies['tpe']?.next({ spec, base: {}, window: 1, started });
    }
    const late = started.slice(20).map(({ request }) => Number(request.params['x']));
    expect(late.filter((x) => x >= -0.2 && x <= 1.2).length / late.length).toBeGreaterThan(0.6);
  });
});

describe('asha', () => {
  const spec = specOf([float('x', 0, 1)], {
    trials: trace.settings.trials,
    settings: { factor: trace.settings.factor },
    budget: { param: 'node.stop_after', node: 'node', judge: { metric: 'node.value', goal: 'minimize' }, rungs: trace.settings.rungs },
  });

  test('it starts and promotes as the reference algorithm does on a recorded trace', () => {
    const started: StartedTrial[] = [];
    const next = () => strategies['asha']?.next({ spec, base: {}, window: 4, started });
    let promotions = 0;
    for (const event of trace.events as readonly { start?: readonly number[]; end?: readonly number[] }[]) {
      if (event.start !== undefined) {
        const step = next();
        if (step?.kind !== 'start') throw new Error(`no start where the reference starts ${event.start}`);
        expect([step.request.trial, step.request.rung]).toEqual(event.start);
        expect(step.request.whole).toBe(step.request.rung === 3);
        if (step.request.rung > 0) promotions += 1;
        started.push({ request: step.request, end: undefined });
      } else {
        const [trial, rung, loss = 0] = event.end ?? [];
        const at = started.findIndex(({ request }) => request.trial === trial && request.rung === rung);
        started[at] = { request: started[at]?.request as StartedTrial['request'], end: done(loss) };
      }
    }
    expect(next()).toEqual({ kind: 'end' });
    expect(promotions).toBeGreaterThan(20);
  });

  test('a failed trial is not promoted, and nothing ends while something runs', () => {
    const started: StartedTrial[] = Array.from({ length: 60 }, (_, trial) => ({
      request: { trial, params: { x: 0 }, rung: 0, whole: false },
      end: trial === 0 ? undefined : { state: 'failed', metrics: { 'node.value': trial }, deviations: {}, runs: [] },
    }));
    expect(strategies['asha']?.next({ spec, base: {}, window: 4, started })).toEqual({ kind: 'wait' });
  });
});

describe('ranking', () => {
  test('the front holds what nothing surpasses; within a rank the loneliest stand first', () => {
    const losses = [
      [1, 5],
      [2, 2],
      [5, 1],
      [3, 3],
      [2, 2.1],
      [1.9, 2.2],
    ];
    expect(paretoFront(losses)).toEqual([0, 1, 2, 5]);
    expect(new Set(bestFirst(losses).slice(0, 4))).toEqual(new Set([0, 1, 2, 5]));
    expect(bestFirst(losses).at(-1)).toBe(3);
    expect(bestFirst([[3], [1], [2]])).toEqual([1, 2, 0]);
  });

  test.each([2, 3, 4])(
    'with %i objectives none comes before one that surpasses it in all, and as many as surpass it one after the other',
    (objectives) => {
      const random = randomOf(7, objectives);
      const losses = Array.from({ length: 120 }, () => Array.from({ length: objectives }, () => random.integer(9)));
      const surpasses = (a: readonly number[], b: readonly number[]): boolean =>
        a.every((loss, index) => loss <= (b[index] ?? 0)) && a.some((loss, index) => loss < (b[index] ?? 0));
      const fronts: number[][] = [];
      for (let left = [...losses.keys()]; left.length > 0; left = left.filter((one) => !fronts.at(-1)?.includes(one)))
        fronts.push(left.filter((one) => !left.some((other) => surpasses(losses[other] ?? [], losses[one] ?? []))));
      const best = bestFirst(losses);
      for (const front of fronts) expect(best.splice(0, front.length).sort((a, b) => a - b)).toEqual(front);
      expect(paretoFront(losses)).toEqual(fronts[0]);
    },
  );

  test('of four times as many trials with two objectives takes no sixteen times as many steps', async () => {
    const counter = new StepCounter();
    const stepsOf = async (count: number): Promise<number> => {
      const random = randomOf(7, count);
      const losses = Array.from({ length: count }, (_, index) => [index + random.uniform(), count - index + 9 * random.uniform()]);
      const steps = await counter.of(async () => void bestFirst(losses));
      return steps.get('src/sweep/ranking.ts') ?? 0;
    };
    const [few, many] = [await stepsOf(500), await stepsOf(2000)];
    counter.end();
    expect(few).toBeGreaterThan(0);
    expect(many).toBeLessThan(6 * few);
  });

  test('constraints are measured by how far they are broken', () => {
    const constraints = [
      { metric: 'a', bounds: { max: 3 } },
      { metric: 'b', bounds: { above: 0 } },
    ];
    expect(violationOf({ a: 3, b: 1 }, constraints)).toBe(0);
    expect(violationOf({ a: 5, b: 1 }, constraints)).toBe(2);
    expect(violationOf({ a: 3, b: 0 }, constraints)).toBeGreaterThan(0);
    expect(violationOf({ b: 1 }, constraints)).toBe(Number.POSITIVE_INFINITY);
  });

  test('influence goes to the param that the objective follows', () => {
    const space: Space = [float('x', 0, 1), choice('name', ['a', 'b'])];
    const started: StartedTrial[] = Array.from({ length: 60 }, (_, trial) => {
      const params = drawParams(space, randomOf(3, trial));
      return { request: { trial, params, rung: 0, whole: true }, end: done((Number(params['x']) - 0.4) ** 2) };
    });
    const [first, second] = influences(space, trialsOf(started, specOf(space)));
    expect([first?.name, second?.name]).toEqual(['x', 'name']);
    expect(first?.share).toBeGreaterThan(0.7);
    expect(second?.share).toBeLessThan(0.1);
  });
});

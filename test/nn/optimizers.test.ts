import { afterEach, expect, test } from 'vitest';
import type { Session } from '../../src/nn/engine/session.ts';
import { openSession } from '../../src/nn/engine/session.ts';
import { Graph } from '../../src/nn/graph/graph.ts';
import type { Value } from '../../src/nn/graph/types.ts';
import type { Optimizer } from '../../src/nn/optimizers/parts/optimizer.ts';
import adam from '../../src/nn/optimizers/adam.ts';
import over9000 from '../../src/nn/optimizers/over9000.ts';
import radam from '../../src/nn/optimizers/radam.ts';
import ranger from '../../src/nn/optimizers/ranger.ts';
import sgd from '../../src/nn/optimizers/sgd.ts';
import { elements } from '../../src/nn/weights/tensor.ts';
import { fixture, formula } from './rig.ts';

/** The weights of fixtures/optimizers.py: a matrix, one whose norm is above 10, and a vector that starts at 0. */
const starts = [
  { name: 'matrix', shape: [3, 2], start: formula('matrix', [3, 2]) },
  { name: 'large', shape: [3, 4], start: formula('large', [3, 4]).map((value) => 5 * value) },
  { name: 'vector', shape: [4], start: new Float32Array(4) },
];

/** The gradient and the learning rate of fixtures/optimizers.py. */
const gradientOf = (weight: Float32Array, step: number): Float32Array =>
  weight.map((value, index) => (1 + 0.3 * index) * (Math.tanh(value - Math.cos(index)) + 0.3 * Math.sin(0.3 * step + index)));
const learningRate = (step: number): number => 0.02 * (1 - step / 125);

/** The three weights in TensorFlow, moved by an optimizer. */
interface Problem {
  /** Makes a step (the first is 1) and gives the weights after it. */
  step(step: number): number[];
  readonly session: Session;
}

const sessions: Session[] = [];
afterEach(() => {
  for (const session of sessions.splice(0)) session.close();
});

function open(optimizer: Optimizer): Problem {
  const graph = new Graph();
  const scalars = Object.fromEntries(Object.keys(optimizer.scalars(1, 0)).map((key) => [key, graph.placeholder(key, [])]));
  const slopes = starts.map(({ name, shape }) => graph.placeholder(`gradient/${name}`, shape));
  const updates = starts.map(({ name, shape }, index) => {
    const slots = Object.fromEntries(optimizer.slots.map((slot) => [slot, graph.variable(`${slot}/${name}`, shape)]));
    return optimizer.update(graph, { weight: graph.variable(name, shape), gradient: slopes[index] as Value, slots, scalars });
  });
  const call = [[...slopes, ...Object.values(scalars)], [graph.after(graph.constant(1), updates)]] as const;
  const session = openSession(graph);
  sessions.push(session);
  const zeros = [...graph.variables.values()].map(({ name, shape }) => [name, new Float32Array(elements(shape))] as const);
  session.assign(new Map([...zeros, ...starts.map(({ name, start }) => [name, start] as const)]));
  const run = session.function(...call);
  const weights = (): Float32Array[] => [...session.read(starts.map(({ name }) => name)).values()];
  return {
    session,
    step(step) {
      const numbers = Object.values(optimizer.scalars(step, learningRate(step))).map((number) => Float32Array.of(number));
      run([...weights().map((weight) => gradientOf(weight, step)), ...numbers]);
      return weights().flatMap((weight) => [...weight]);
    },
  };
}

const trajectories = fixture<Record<string, [step: number, weights: number[]][]>>('optimizers');
const [plain, decayed] = [{ weight_decay: 0 }, { weight_decay: 0.1 }];
const cases: readonly (readonly [string, Optimizer])[] = [
  ['sgd', sgd({ ...plain, momentum: 0.9 })],
  ['sgd-decay', sgd({ ...decayed, momentum: 0.9 })],
  ['sgd-plain', sgd({ ...plain, momentum: 0 })],
  ['adam', adam(plain)],
  ['adam-decay', adam(decayed)],
  ['radam', radam(plain)],
  ['radam-decay', radam(decayed)],
  ['ranger', ranger(plain)],
  ['ranger-decay', ranger(decayed)],
  ['over9000', over9000(plain)],
  ['over9000-decay', over9000(decayed)],
];

test('every trajectory of the reference is compared', () => {
  expect(cases.map(([name]) => name)).toEqual(Object.keys(trajectories));
});

test.each(cases)('%s follows the trajectory of its reference over 100 steps', (name, optimizer) => {
  const problem = open(optimizer);
  const expected = new Map(trajectories[name]);
  let largest = 0;
  for (let step = 1; step <= 100; step++) {
    const actual = problem.step(step);
    for (const [index, value] of (expected.get(step) ?? []).entries()) {
      largest = Math.max(largest, Math.abs(value - (actual[index] as number)));
    }
  }
  expect(expected.size).toBe(9);
  expect(largest).toBeLessThan(1e-5);
});

const restarted = cases.filter(([name]) => name.endsWith('-decay'));

test.each(restarted)('%s goes on from a state to the same bits', (_name, optimizer) => {
  const whole = open(optimizer);
  const states = new Map<number, Map<string, Float32Array>>();
  let last: number[] = [];
  for (let step = 1; step <= 14; step++) {
    last = whole.step(step);
    if ([1, 5, 6, 9].includes(step)) states.set(step, whole.session.read());
  }
  for (const [done, state] of states) {
    const rest = open(optimizer);
    rest.session.assign(state);
    let end: number[] = [];
    for (let step = done + 1; step <= 14; step++) end = rest.step(step);
    expect(end).toEqual(last);
  }
});

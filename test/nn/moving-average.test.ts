import { afterEach, expect, test } from 'vitest';
import type { Session } from '../../src/nn/engine/session.ts';
import { openSession } from '../../src/nn/engine/session.ts';
import { multiply } from '../../src/nn/graph/arithmetic.ts';
import { gradients } from '../../src/nn/graph/gradients.ts';
import { Graph } from '../../src/nn/graph/graph.ts';
import { meanOver } from '../../src/nn/graph/shapes.ts';
import type { Value } from '../../src/nn/graph/types.ts';
import { buildForInference, buildForTraining } from '../../src/nn/layers/build.ts';
import { parametersOf, toGraphLayout } from '../../src/nn/layers/parameters.ts';
import { addMovingAverage, averageName } from '../../src/nn/training/moving-average.ts';
import over9000 from '../../src/nn/optimizers/over9000.ts';
import { elements, tensorOf } from '../../src/nn/weights/tensor.ts';
import { fixture, formula, relativeError, smallModel } from './rig.ts';

const sessions: Session[] = [];
afterEach(() => {
  for (const session of sessions.splice(0)) session.close();
});

/** Loads a graph with all its variables at 0. */
function open(graph: Graph): Session {
  const session = openSession(graph);
  sessions.push(session);
  session.assign(new Map([...graph.variables.values()].map(({ name, shape }) => [name, new Float32Array(elements(shape))])));
  return session;
}

test('a moving average goes as that of torch.optim.swa_utils', () => {
  const { moving } = fixture<{ moving: Record<string, number[]>[] }>('average');
  const graph = new Graph();
  const names = Object.keys(moving[0] ?? {});
  for (const name of names) graph.variable(name, [4]);
  const { updates } = addMovingAverage(graph, { names, decay: 0.9, after: [] });
  const moved = graph.after(graph.constant(1), updates);
  const session = open(graph);
  const move = session.function([], [moved]);
  moving.forEach((expected, step) => {
    session.assign(new Map(names.map((name) => [name, formula('+'.repeat(step) + name, [4])])));
    move([]);
    const averages = session.read(names.map(averageName));
    for (const name of names) expect(relativeError(averages.get(averageName(name)) ?? [], expected[name] ?? [])).toBeLessThan(1e-6);
  });
});

const model = smallModel();
const parameters = parametersOf(model.network);
const DECAY = 0.8;

/** The small network learning to answer 0, with the averages of all its weights and statistics. */
function training(): { readonly session: Session; step(step: number): void; answers(images: Float32Array): ArrayLike<number> } {
  const graph = new Graph();
  const images = graph.placeholder('images', [4, 8, 8, 1]);
  const { output, updates } = buildForTraining(graph, model.network, images, {});
  const loss = meanOver(graph, multiply(graph, output, output), [0, 1], false);
  const optimizer = over9000({ weight_decay: 0.01 });
  const scalars = Object.fromEntries(Object.keys(optimizer.scalars(1, 0)).map((name) => [name, graph.placeholder(name, [])]));
  const weights = parameters.filter(({ trainable }) => trainable).map(({ name, graphShape }) => graph.variable(name, graphShape));
  const values = weights.map(({ value }) => value);
  const moved = gradients(graph, loss, values).map((gradient, index) => {
    const weight = weights[index] as (typeof weights)[number];
    const slots = Object.fromEntries(optimizer.slots.map((slot) => [slot, graph.variable(`${slot}/${weight.name}`, weight.shape)]));
    return optimizer.update(graph, { weight, gradient, slots, scalars });
  });
  const names = parameters.map(({ name }) => name);
  const average = addMovingAverage(graph, { names, decay: DECAY, after: [...updates, ...moved] });
  const evaluation = buildForInference(graph, model.network, images, average.value);
  const done: Value = graph.after(loss, average.updates);
  const session = open(graph);
  session.assign(
    new Map(parameters.map((parameter) => [parameter.name, toGraphLayout(parameter, tensorOf(model.weights, parameter.name))])),
  );
  const run = session.function([images, ...Object.values(scalars)], [done]);
  const evaluate = session.function([images], [evaluation]);
  return {
    session,
    step(step) {
      const numbers = Object.values(optimizer.scalars(step, 0.05)).map((number) => Float32Array.of(number));
      run([formula(`batch ${step}`, [4, 8, 8, 1]), ...numbers]);
    },
    answers: (own) => evaluate([own])[0] ?? [],
  };
}

test('the averages follow what each update gives, of weights and of statistics', () => {
  const { session, step } = training();
  const expected = new Map<string, number[]>();
  for (let count = 1; count <= 8; count++) {
    step(count);
    for (const [name, now] of session.read(parameters.map(({ name }) => name))) {
      const before = expected.get(name) ?? [...now];
      expected.set(
        name,
        before.map((value, place) => DECAY * value + (1 - DECAY) * (now[place] as number)),
      );
    }
  }
  const averages = session.read(parameters.map(({ name }) => averageName(name)));
  for (const [name, values] of expected) expect(relativeError(averages.get(averageName(name)) ?? [], values)).toBeLessThan(1e-6);
});

test('a network is evaluated by its averages', () => {
  const { session, step, answers } = training();
  for (let count = 1; count <= 3; count++) step(count);
  const graph = new Graph();
  const images = graph.placeholder('images', [4, 8, 8, 1]);
  const output = buildForInference(graph, model.network, images);
  const plain = open(graph);
  const averages = session.read(parameters.map(({ name }) => averageName(name)));
  plain.assign(new Map(parameters.map(({ name }) => [name, averages.get(averageName(name)) as Float32Array])));
  const batch = formula('test', [4, 8, 8, 1]);
  expect(relativeError(answers(batch), [...(plain.function([images], [output])([batch])[0] ?? [])])).toBeLessThan(1e-5);
});

test('a state that is gone back to gives the same averages to the bit', () => {
  const whole = training();
  let state = new Map<string, Float32Array>();
  for (let count = 1; count <= 8; count++) {
    whole.step(count);
    if (count === 3) state = whole.session.read();
  }
  const rest = training();
  rest.session.assign(state);
  for (let count = 4; count <= 8; count++) rest.step(count);
  expect(rest.session.read()).toEqual(whole.session.read());
});

test('only variables are averaged', () => {
  expect(() => addMovingAverage(new Graph(), { names: ['nothing'], decay: 0.9, after: [] })).toThrow('no variable "nothing" to average');
});

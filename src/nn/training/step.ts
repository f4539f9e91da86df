import type { Numbers, Session } from '../engine/session.ts';
import { openSession, plannedDevice, widenOperations } from '../engine/session.ts';
import { gradients } from '../graph/gradients.ts';
import { Graph } from '../graph/graph.ts';
import { cast } from '../graph/precision.ts';
import type { Value } from '../graph/types.ts';
import { buildForInference, buildForTraining } from '../layers/build.ts';
import { fromGraphLayout, parametersOf, toGraphLayout } from '../layers/parameters.ts';
import type { Network } from '../network.ts';
import { smoothed } from '../losses/parts/cross-entropy.ts';
import type { Loss } from '../losses/parts/loss.ts';
import { addMovingAverage, averageName } from './moving-average.ts';
import type { Optimizer } from '../optimizers/parts/optimizer.ts';
import type { ModelInput } from '../weights/model-folder.ts';
import type { Tensor, Weights } from '../weights/tensor.ts';
import { elements, tensorOf } from '../weights/tensor.ts';
import { normalise } from './input.ts';
import type { Teacher } from './teachers.ts';
import { addTeachers } from './teachers.ts';

/** The types that a step can compute in. */
export type Precision = 'float32' | 'bfloat16';

/** What a training graph is made for. */
export interface StepOptions {
  readonly network: Network;
  readonly input: ModelInput;
  readonly classes: number;
  /** Images in a batch: fixed in the graph. */
  readonly batch: number;
  readonly optimizer: Optimizer;
  readonly loss: Loss;
  /** What answers each batch in the graph, for a loss that learns from such. */
  readonly teachers?: readonly Teacher[];
  /** The share of every label that is spread evenly over all classes. */
  readonly labelSmoothing: number;
  /** The decay of a running average of all weights, which is then what is evaluated and read out; 0 for none. */
  readonly movingAverage: number;
  /** What a training step computes in; weights, statistics and all that the optimizer keeps are float32 anyway. */
  readonly precision: Precision;
  /** The share of a new batch in the running statistics; undefined keeps each layer's own. */
  readonly momentum: number | undefined;
}

/**
 * The numbers that a step's forward pass computes from which each operation of TensorFlow should have all threads, by precision, measured on
 * two cores. In float32 the operations of our own always have them, so that the others run in turn then. Two of those at once, each on one
 * thread, are a third faster at 32 px / 64 (8 million) and as fast at 96 / 64 (57 million); EfficientNet-b0 at 96 / 32 (141 million) takes a
 * tenth longer so.
 */
const WIDE_FROM = { float32: 100e6, bfloat16: 50e6 } as const;

/** One step's numbers. `images` are N × size × size × channels bytes, `labels` N × classes probabilities. */
export interface StepInput {
  readonly images: Uint8Array;
  readonly labels: Float32Array;
  /** N × classes probabilities, for a loss that learns from a teacher's stored answers. */
  readonly teacher?: Float32Array;
  readonly seed: number;
  /** The first step is 1. */
  readonly step: number;
  readonly learningRate: number;
}

/** A network being trained: its graph is loaded, its state lives in TensorFlow. */
export interface Trainer {
  /** Makes one step, as one native call, and gives the loss before it. */
  step(input: StepInput): number;
  /** The logits (N × classes) of a batch of images, by the running statistics. With a running average, not before the first step. */
  logits(images: Uint8Array): Float32Array;
  /** The weights as they are now, or their running average, in PyTorch's layouts. */
  weights(): Weights;
  /** All state in the graph's own layouts: weights, running statistics and what the optimizer keeps. */
  state(): Weights;
  /** Goes back to a state. */
  restore(state: Weights): void;
  close(): void;
}

/** Builds the training and the evaluation graph of a network, loads them as one, and starts from the given weights. */
export function openTrainer(options: StepOptions, weights: Weights): Trainer {
  const { network, input, classes, batch, optimizer } = options;
  const graph = new Graph({ compiles: plannedDevice() === 'cpu' });
  const images = graph.placeholder('images', [batch, input.size, input.size, input.channels], 'uint8');
  const labels = graph.placeholder('labels', [batch, classes]);
  const key = graph.placeholder('key', [2], 'int32');
  const pixels = normalise(graph, images, input);
  const momentum = options.momentum === undefined ? {} : { momentum: graph.constant(options.momentum) };
  const seen = cast(graph, pixels, options.precision === 'bfloat16' ? 'bfloat16' : 'float');
  const built = buildForTraining(graph, network, seen, { key, ...momentum });
  const { fed, answers, held } = teacherOf(graph, options, images);
  const told = { labels, smoothed: smoothed(graph, labels, options.labelSmoothing), ...answers };
  const loss = options.loss.value(graph, { logits: cast(graph, built.output, 'float'), ...told });
  // Counted here, since gradients and the evaluation are recorded on the same tape.
  const computed = graph.tape.reduce((sum, { output }) => sum + elements(output.shape), 0);
  if (computed > WIDE_FROM[options.precision]) widenOperations(options.precision === 'float32');
  const scalars = Object.keys(optimizer.scalars(1, 0)).map((name) => [name, graph.placeholder(`optimizer/${name}`, [])] as const);
  const updates = addUpdates(graph, options, loss, Object.fromEntries(scalars));
  const names = parametersOf(network).map(({ name }) => name);
  const all = [...built.updates, ...updates];
  const average = options.movingAverage === 0 ? undefined : addMovingAverage(graph, { names, decay: options.movingAverage, after: all });
  const result = graph.after(loss, average?.updates ?? all);
  const evaluation = buildForInference(graph, network, pixels, average?.value);
  const session = openSession(graph);
  const step = session.function([images, labels, ...fed, key, ...scalars.map(([, value]) => value)], [result]);
  const evaluate = session.function([images], [evaluation]);
  session.assign(new Map([...firstValues(graph, network, weights), ...held]));
  return {
    step(own) {
      const numbers = Object.values(optimizer.scalars(own.step, own.learningRate)).map((number) => Float32Array.of(number));
      const answers = own.teacher === undefined ? [own.labels] : [own.labels, own.teacher];
      const [value] = step([own.images, ...answers, Int32Array.of(own.seed, own.step), ...numbers]) as [Numbers];
      return value[0] as number;
    },
    logits: (own) => evaluate([own])[0] as Float32Array,
    weights: () => readWeights(session, network, average === undefined ? (name) => name : averageName),
    state: () => readState(session, graph, held),
    restore: (state) => session.assign(new Map([...state].map(([name, { data }]) => [name, data]))),
    close: session.close,
  };
}

/** What a loss that learns from a teacher reads of it, what of that is fed, and the variables that hold the teacher and stay as they are. */
interface TeacherInGraph {
  readonly answers: { readonly teacher?: Value };
  readonly fed: readonly Value[];
  readonly held: ReadonlyMap<string, Float32Array>;
}

function teacherOf(graph: Graph, { loss, teachers = [], batch, classes }: StepOptions, images: Value): TeacherInGraph {
  if (loss.teaching === undefined) return { answers: {}, fed: [], held: new Map() };
  if (loss.teaching.teacher === 'stored') {
    const teacher = graph.placeholder('teacher', [batch, classes]);
    return { answers: { teacher }, fed: [teacher], held: new Map() };
  }
  const { answers, weights } = addTeachers(graph, images, teachers, loss.teaching.temperature);
  return { answers: { teacher: answers }, fed: [], held: weights };
}

/** Adds the gradients and the optimizer's update of every trainable parameter; gives the names of the updating nodes. */
function addUpdates(graph: Graph, { network, optimizer }: StepOptions, loss: Value, scalars: Readonly<Record<string, Value>>): string[] {
  const weights = parametersOf(network)
    .filter(({ trainable }) => trainable)
    .map(({ name, graphShape }) => graph.variable(name, graphShape));
  const slopes = gradients(
    graph,
    loss,
    weights.map(({ value }) => value),
  );
  return weights.map((weight, index) => {
    const slots = Object.fromEntries(
      optimizer.slots.map((slot) => [slot, graph.variable(`optimizer/${slot}/${weight.name}`, weight.shape)]),
    );
    return optimizer.update(graph, { weight, gradient: slopes[index] as Value, slots, scalars });
  });
}

/** A network's weights in the graph's layouts, and zeros for all other variables. */
function firstValues(graph: Graph, network: Network, weights: Weights): Map<string, Float32Array> {
  const values = new Map<string, Float32Array>();
  for (const { name, shape } of graph.variables.values()) values.set(name, new Float32Array(shape.reduce((a, b) => a * b, 1)));
  for (const parameter of parametersOf(network)) {
    values.set(parameter.name, toGraphLayout(parameter, tensorOf(weights, parameter.name, parameter.shape)));
  }
  return values;
}

/** A network's weights out of a session, in PyTorch's layouts; `variableOf` names the variable that holds a parameter's value. */
function readWeights(session: Session, network: Network, variableOf: (name: string) => string): Weights {
  const parameters = parametersOf(network);
  const values = session.read(parameters.map(({ name }) => variableOf(name)));
  return new Map(
    parameters.map((parameter) => [parameter.name, fromGraphLayout(parameter, values.get(variableOf(parameter.name)) as Float32Array)]),
  );
}

/** All variables but those that are held as they are. */
function readState(session: Session, graph: Graph, held: ReadonlyMap<string, unknown>): Weights {
  const state = new Map<string, Tensor>();
  for (const [name, data] of session.read([...graph.variables.keys()].filter((name) => !held.has(name))))
    state.set(name, { shape: (graph.variables.get(name) as { shape: readonly number[] }).shape, data });
  return state;
}

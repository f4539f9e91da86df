import { elements } from '../weights/tensor.ts';
import type { Attributes, DataType, Floating, Node, Shape, Value } from './types.ts';
import { float, floatingOf, reference } from './types.ts';
import { toBfloat16 } from './bfloat16.ts';
import { cast, rounded } from './precision.ts';

/** A variable: state that lives in TensorFlow between calls. */
export interface Variable {
  readonly name: string;
  readonly shape: Shape;
  readonly handle: Value;
  /** Its value before any update of the same call. */
  readonly value: Value;
  /** What a new value is fed to, and what is fetched to have it assigned. */
  readonly next: Value;
  readonly assigned: Value;
}

/** An input of a recorded operation, with the function from the output's gradient to this input's. */
export type Dependence = readonly [input: Value, gradient: (outputGradient: Value) => Value];

/** One recorded operation of the tape that gradients are taken from. */
export interface Step {
  readonly output: Value;
  readonly inputs: readonly Dependence[];
}

/** A function that a graph calls, as nodes of its own; `parameters` are what they read from outside. */
export interface CompiledFunction {
  readonly name: string;
  readonly parameters: readonly Value[];
  readonly nodes: readonly Node[];
  readonly result: Value;
}

/** Computes a value element by element from others, in a graph that it is given. */
type Body = (inner: Graph, ...inputs: readonly Value[]) => Value;

/** How a value can be computed once more. */
interface Recomputation {
  readonly name: string;
  /** The first is as large as the value; those after it may be vectors over the last axis. */
  readonly inputs: () => readonly Value[];
  readonly body: Body;
}

/** A body with all that it reads. */
interface Composed {
  readonly name: string;
  readonly reads: readonly Value[];
  readonly body: Body;
}

/** The number of elements from which a compiled function is faster (measured on two cores). */
const COMPILED_FROM = 2 ** 17;

/** What a node is made of, beside its operation. */
interface NodeOptions {
  readonly inputs?: readonly Value[];
  /** Nodes that must have run before this one. */
  readonly after?: readonly string[];
  readonly attributes?: Attributes;
  readonly outputs?: readonly (readonly [Shape, DataType])[];
  readonly name?: string;
}

/** A TensorFlow graph being built: nodes in order, variables by name, and the tape for gradients. */
export class Graph {
  readonly nodes: Node[] = [];
  readonly tape: Step[] = [];
  readonly variables = new Map<string, Variable>();
  readonly functions = new Map<string, CompiledFunction>();
  readonly #recomputations = new Map<string, Recomputation>();
  readonly #constants = new Map<string, Value>();
  readonly #names = new Set<string>();
  readonly #compiles: boolean;

  /** `compiles` says whether functions may be compiled by XLA, which TensorFlow always can for a CPU. */
  constructor({ compiles = true }: { readonly compiles?: boolean } = {}) {
    this.#compiles = compiles;
  }

  /** Whether it may hold operations that only Stillroom's addon knows. */
  get isNative(): boolean {
    return this.#compiles;
  }

  /** Adds a node and gives its outputs. A name is made up unless one is given; a name given twice is an error. */
  node(
    op: string,
    { inputs = [], after = [], attributes = {}, outputs = [], name }: NodeOptions,
  ): { readonly name: string; readonly outputs: Value[] } {
    const own = name ?? `${op}_${this.nodes.length}`;
    if (this.#names.has(own)) throw new Error(`The graph already has a node "${own}".`);
    this.#names.add(own);
    this.nodes.push({ name: own, op, inputs: [...inputs.map(reference), ...after.map((node) => `^${node}`)], attributes });
    return { name: own, outputs: outputs.map(([shape, type], output) => ({ node: own, output, shape, type })) };
  }

  /** Adds a node with one output, of the type that its inputs are computed in. */
  operation(op: string, inputs: readonly Value[], shape: Shape, attributes?: Attributes): Value {
    const type = floatingOf(inputs);
    return this.node(op, { inputs, attributes: attributes ?? { T: { type } }, outputs: [[shape, type]] }).outputs[0] as Value;
  }

  /** A constant; equal small constants share one node. */
  constant(values: number | ArrayLike<number>, shape: Shape = [], type: Floating | 'int32' = 'float'): Value {
    const list = typeof values === 'number' ? [values] : values;
    if (list.length !== elements(shape)) throw new Error(`${list.length} values do not fill the shape [${shape.join(', ')}].`);
    const key = list.length > 64 ? undefined : `${type} [${shape.join()}] ${Array.from(list).join()}`;
    const known = key === undefined ? undefined : this.#constants.get(key);
    if (known !== undefined) return known;
    const tensor = { type, shape, bytes: new Uint8Array(constantData(list, type).buffer) };
    const value = this.node('Const', { attributes: { dtype: { type }, value: { tensor } }, outputs: [[shape, type]] }).outputs[0] as Value;
    if (key !== undefined) this.#constants.set(key, value);
    return value;
  }

  /** A value that is fed at every call. */
  placeholder(name: string, shape: Shape, type: DataType = 'float'): Value {
    return this.node('Placeholder', { name, attributes: { dtype: { type }, shape: { shape } }, outputs: [[shape, type]] })
      .outputs[0] as Value;
  }

  /** The variable of that name, made at its first mention. Assignments copy, so that no variable shares memory with JavaScript. */
  variable(name: string, shape: Shape): Variable {
    const known = this.variables.get(name);
    if (known !== undefined) return known;
    const dtype = float;
    const handle = this.node('VarHandleOp', {
      name: `variable/${name}`,
      attributes: { container: { text: '' }, shared_name: { text: name }, dtype, shape: { shape } },
      outputs: [[[], 'resource']],
    }).outputs[0] as Value;
    const value = this.node('ReadVariableOp', {
      name: `read/${name}`,
      inputs: [handle],
      attributes: { dtype },
      outputs: [[shape, 'float']],
    });
    const next = this.placeholder(`next/${name}`, shape);
    const copy = this.operation('DeepCopy', [next], shape);
    const assign = this.node('AssignVariableOp', { name: `assign/${name}`, inputs: [handle, copy], attributes: { dtype } });
    const assigned = this.after(this.constant(1), [assign.name], `assigned/${name}`);
    const variable = { name, shape, handle, value: value.outputs[0] as Value, next, assigned };
    this.variables.set(name, variable);
    return variable;
  }

  /** The value, given only after the named nodes have run. */
  after(value: Value, nodes: readonly string[], name?: string): Value {
    const options = {
      inputs: [value],
      after: nodes,
      attributes: { T: { type: value.type } },
      outputs: [[value.shape, value.type]] as const,
    };
    return this.node('Identity', name === undefined ? options : { ...options, name }).outputs[0] as Value;
  }

  /** Notes how a value can be computed once more, element by element, from values that are kept anyway. */
  recomputable(value: Value, recomputation: Recomputation): void {
    this.#recomputations.set(reference(value), recomputation);
  }

  /** Whether a value can be computed once more. */
  isRecomputable(value: Value): boolean {
    return this.#recomputations.has(reference(value));
  }

  /**
   * A function of values that is made of operations element by element; the first is as large as the result. Large ones are computed in
   * one pass over memory instead of one an operation: as a call of a compiled function. For small ones a call costs more than it saves.
   */
  compiled(name: string, inputs: readonly [Value, ...Value[]], body: Body): Value {
    if (!this.#compiles || elements(inputs[0].shape) < COMPILED_FROM) return body(this, ...inputs);
    return this.#call({ name, reads: inputs, body }, inputs[0]);
  }

  /**
   * The same for a gradient: inputs that are recomputable are computed inside once more instead of being read, so that they need not be
   * kept from the forward pass until then.
   */
  recomputed(name: string, inputs: readonly [Value, ...Value[]], body: Body): Value {
    if (!this.#compiles || elements(inputs[0].shape) < COMPILED_FROM) return body(this, ...inputs);
    const parts = inputs.map((input) => this.#composed(input));
    return this.#call(compose(name, parts, body), inputs[0]);
  }

  #composed(value: Value): Composed {
    const known = this.#recomputations.get(reference(value));
    if (known === undefined) return { name: 'x', reads: [value], body: (_inner, x) => x as Value };
    const parts = known.inputs().map((input) => this.#composed(input));
    return compose(known.name, parts, known.body);
  }

  /** Calls a compiled function, which is built once for each name and type; the result is like a value. */
  #call({ name, reads: inputs, body }: Composed, like: Value): Value {
    const type = like.type as Floating;
    const own = type === 'float' ? name : `${name}_${type}`;
    if (!this.functions.has(own)) {
      const inner = new Graph();
      const parameters = inputs.map(({ shape, type }, index) => ({ node: `input${index}`, output: 0, shape, type }));
      const wide = parameters.map((parameter) => cast(inner, parameter, 'float'));
      const result = type === 'float' ? body(inner, ...wide) : rounded(inner, body(inner, ...wide));
      this.functions.set(own, { name: own, parameters, nodes: inner.nodes, result });
    }
    const attributes: Attributes = {
      Tin: { types: inputs.map(({ type }) => type) },
      Tout: { types: [type] },
      f: { function: own },
      config: { text: '' },
      config_proto: { text: '' },
      executor_type: { text: '' },
      _XlaMustCompile: { bool: true },
    };
    return this.node('PartitionedCall', { inputs, attributes, outputs: [[like.shape, type]] }).outputs[0] as Value;
  }

  /** Records how an output's gradient reaches its inputs, and gives the output. */
  record(output: Value, ...inputs: readonly Dependence[]): Value {
    this.tape.push({ output, inputs });
    return output;
  }
}

/** A body over the results of others. */
function compose(name: string, parts: readonly Composed[], body: Body): Composed {
  return {
    name: `${name}_of_${parts.map((part) => part.name).join('_')}`,
    reads: parts.flatMap(({ reads }) => reads),
    body(inner, ...inputs) {
      const left = [...inputs];
      return body(inner, ...parts.map((part) => part.body(inner, ...left.splice(0, part.reads.length))));
    },
  };
}

function constantData(values: ArrayLike<number>, type: Floating | 'int32'): Float32Array | Int32Array | Uint16Array {
  if (type === 'int32') return Int32Array.from(values);
  const numbers = Float32Array.from(values);
  return type === 'float' ? numbers : toBfloat16(numbers);
}

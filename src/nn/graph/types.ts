/** Extents of a tensor; -1 stands for a batch whose size is only known when the graph is run. */
export type Shape = readonly number[];

/** TensorFlow's numbers of the element types that the graphs use (tensorflow/core/framework/types.proto). */
export const dataTypes = { float: 1, int32: 3, uint8: 4, string: 7, int64: 9, bool: 10, bfloat16: 14, uint16: 17, resource: 20 } as const;

export type DataType = keyof typeof dataTypes;

/** The types that networks compute in. */
export type Floating = 'float' | 'bfloat16';

/** One output of a node: what operations take and give. */
export interface Value {
  readonly node: string;
  /** Which of the node's outputs. */
  readonly output: number;
  readonly shape: Shape;
  readonly type: DataType;
}

/** An attribute of a node, by the kind of its value. */
export type Attribute =
  | { readonly type: DataType }
  | { readonly types: readonly DataType[] }
  | { readonly function: string }
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly bool: boolean }
  | { readonly text: string }
  | { readonly shape: Shape }
  | { readonly tensor: { readonly type: DataType; readonly shape: Shape; readonly bytes: Uint8Array } };

export type Attributes = Readonly<Record<string, Attribute>>;

/** A node as TensorFlow's NodeDef holds it: inputs are `node`, `node:1` or, for "runs after", `^node`. */
export interface Node {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly attributes: Attributes;
}

/** Attribute of an operation on float tensors. */
export const float = { type: 'float' } as const satisfies Attribute;

function isFloating(type: DataType): type is Floating {
  return type === 'float' || type === 'bfloat16';
}

/** The type that an operation on these values computes in: that of the first that holds fractions. */
export function floatingOf(values: readonly Value[]): Floating {
  return values.map(({ type }) => type).find(isFloating) ?? 'float';
}

/** The attribute `T` of an operation that computes in a value's own type. */
export function typeOf({ type }: Value): Attribute {
  return { type };
}

/** How a node's input list and a session's fetches name a value. */
export function reference(value: Value): string {
  return value.output === 0 ? value.node : `${value.node}:${value.output}`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

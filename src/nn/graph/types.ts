/** Extents of a tensor; -1 stands for a batch whose size is only known when the graph is run. */
export type Shape = readonly number[];

/** TensorFlow's numbers of the element types that the graphs use (tensorflow/core/framework/types.proto). */
export const dataTypes = { float: 1, int32: 3, uint8: 4, string: 7, int64: 9, bool: 10, resource: 20 } as const;

export type DataType = keyof typeof dataTypes;

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

/** How a node's input list and a session's fetches name a value. */
export function reference(value: Value): string {
  return value.output === 0 ? value.node : `${value.node}:${value.output}`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

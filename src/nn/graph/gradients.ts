import { noteSum } from './gates.ts';
import type { Graph } from './graph.ts';
import { broadcast } from './shapes.ts';
import type { Shape, Value } from './types.ts';
import { reference, sameShape, typeOf } from './types.ts';

/**
 * The gradients of a scalar with respect to each of `wanted`, by walking the graph's tape backwards. Only operations that lie between
 * them get a gradient. Throws if the scalar does not depend on one of them.
 */
export function gradients(graph: Graph, scalar: Value, wanted: readonly Value[]): Value[] {
  const steps = [...graph.tape];
  const reached = new Set(wanted.map(reference));
  for (const { output, inputs } of steps) {
    if (inputs.some(([input]) => reached.has(reference(input)))) reached.add(reference(output));
  }
  const collected = new Map<string, Value[]>([[reference(scalar), [graph.constant(1)]]]);
  for (const { output, inputs } of steps.reverse()) {
    const parts = collected.get(reference(output));
    if (parts === undefined) continue;
    const gradient = sum(graph, parts, output.shape);
    for (const [input, backward] of inputs) {
      const key = reference(input);
      if (!reached.has(key)) continue;
      const part = backward(gradient);
      const known = collected.get(key);
      if (known === undefined) collected.set(key, [part]);
      else known.push(part);
    }
  }
  return wanted.map((value) => {
    const parts = collected.get(reference(value));
    if (parts === undefined) throw new Error(`The value "${reference(value)}" does not act on the scalar, so it has no gradient.`);
    return sum(graph, parts, value.shape);
  });
}

/** The sum of values of a shape, or of shapes that are to be repeated to it. */
function sum(graph: Graph, parts: readonly Value[], shape: Shape): Value {
  const isWhole = (part: Value): boolean => sameShape(part.shape, shape);
  const [first, ...others] = [...parts.filter(isWhole), ...parts.filter((part) => !isWhole(part))] as [Value, ...Value[]];
  const added = (a: Value, b: Value): Value => graph.operation('AddV2', [a, b], shape);
  if (others.length > 1 && others.every(isWhole))
    return graph.operation('AddN', parts, shape, { T: typeOf(first), N: { int: parts.length } });
  const result = others.reduce(added, broadcast(graph, first, shape));
  noteSum(result, [first, ...others]);
  return result;
}

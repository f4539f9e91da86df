import type { Graph } from './graph.ts';
import type { Value } from './types.ts';
import { float, reference } from './types.ts';

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
    const gradient = sum(graph, parts);
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
    return sum(graph, parts);
  });
}

/** The sum of equally shaped values. */
function sum(graph: Graph, parts: readonly Value[]): Value {
  const [first, second] = parts as readonly [Value, Value | undefined];
  if (second === undefined) return first;
  if (parts.length === 2) return graph.operation('AddV2', parts, first.shape);
  return graph.operation('AddN', parts, first.shape, { T: float, N: { int: parts.length } });
}
